-- One row per tool call of a session, side by side with its result.
-- @partition day
-- @key step_id
-- @not_null agent, session_id, outcome
with

-- Results may come in another order than calls, or never (an interrupt, a crash): they are matched by id. A provider
-- that gives an id twice in a session means the first result for the first call.
calls as (
    select *, row_number() over (partition by session_id, tool_call_id order by position) as use_no
    from core.steps
    where kind = 'tool_call'
),

results as (
    select *, row_number() over (partition by session_id, tool_call_id order by position) as use_no
    from core.steps
    where kind = 'tool_result'
),

turns as (
    select turn_id, end_reason from core.turns
)

select
    calls.step_id,
    calls.tool_call_id,
    calls.agent,
    calls.session_id,
    calls.turn_id,
    results.step_id as result_step_id,
    calls.position,
    calls.tool_name,
    calls.arguments,
    results.text as result,
    case
        when results.label in ('rejected', 'machine_denied', 'interrupted') then results.label
        when results.is_error then 'error'
        when results.step_id is not null then 'ok'
        -- The harness runs these itself and logs no result for them.
        when calls.label in ('web_search_call', 'server_tool_use') then 'ok'
        when turns.end_reason in ('interrupted', 'rejected') then 'interrupted'
        else 'unanswered' end as outcome,
    coalesce(results.is_error, false) as is_error,
    calls.occurred_at as called_at,
    results.occurred_at as returned_at,
    -- Codex up to 0.63 stamps call and result alike, so 0 there means unknown.
    not_negative(date_diff('millisecond', calls.occurred_at, results.occurred_at)) as duration_ms,
    calls.model,
    calls.source_path,
    calls.byte_offset,
    calls.byte_length,
from calls
left join results
    on results.session_id = calls.session_id
    and results.tool_call_id = calls.tool_call_id
    and results.use_no = calls.use_no
left join turns on turns.turn_id = calls.turn_id
order by calls.step_id
