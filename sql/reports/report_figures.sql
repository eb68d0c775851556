-- One row: what the lake holds, and the step (`day`, `week` or `month`) by which its time is best shown.
with

sessions as (
    select
        count(*) as sessions,
        count(distinct project_path) as projects,
        -- Some logs tell one of these only.
        (sum(input_tokens) + coalesce(sum(cache_read_tokens), 0) + coalesce(sum(cache_write_tokens), 0))::bigint
            as read_tokens,
        sum(output_tokens)::bigint as written_tokens,
    from core.sessions
),

calls as (
    select count(*) as tool_calls, count(*) filter (where outcome = 'error') as failed_calls
    from core.tool_calls
),

turns as (
    select
        count(*) as human_turns,
        count(*) filter (where end_reason = 'answered') as answered_turns,
        min(started_at) as first_at,
        max(started_at) as last_at,
    from core.turns
    where is_human
),

pairs as (
    select count(*) as pairs, count(duplicate_of) as repeated_pairs
    from core.qa_pairs
),

examples as (
    select count(*) as examples
    from datasets.training_examples
)

select
    *,
    case
        when last_at - first_at <= interval 92 days then 'day'
        when last_at - first_at <= interval 730 days then 'week'
        else 'month'
    end as step,
from sessions, calls, turns, pairs, examples
order by all
