-- One row per session that an event belongs to: by its own word, or through its attempt or artifact.
-- @key session_id
-- @not_null event_count, origin
with

recorded as (
    select
        coalesce(facts.session_id, attempts.session_id, artifact_links.session_id) as session_id,
        facts.event_id,
        facts.event_type,
        facts.occurred_at,
        facts.origin,
        facts.need,
        facts.constraints,
        facts.title,
    from events.facts
    left join events.attempts using (attempt_id)
    left join events.artifact_links on artifact_links.artifact_id = facts.artifact_id
),

counts as (
    select session_id, min(occurred_at) as first_at, max(occurred_at) as last_at, count(*) as event_count, origin
    from recorded
    where session_id is not null
    group by session_id, origin
    union all
    select session_id, min(occurred_at) as first_at, max(occurred_at) as last_at, count(*) as event_count, origin
    from events.log_events
    where is_known and session_id is not null
    group by session_id, origin
),

totals as (
    select
        session_id,
        min(first_at) as first_at,
        max(last_at) as last_at,
        sum(event_count)::bigint as event_count,
        -- log, recorded, seq: a session that the logs know is theirs, whoever else spoke of it.
        min(origin) as origin,
    from counts
    group by session_id
),

created as (
    select *
    from recorded
    where event_type = 'session.created' and session_id is not null
    qualify row_number() over (partition by session_id order by occurred_at desc, event_id desc) = 1
)

select
    totals.session_id,
    created.need,
    created.constraints,
    created.title,
    totals.first_at,
    totals.last_at,
    totals.event_count,
    totals.origin,
from totals
left join created using (session_id)
order by totals.session_id
