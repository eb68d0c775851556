-- One row per tool call of a session, side by side with its result.
-- @partition day
-- @key step_id
-- @not_null agent, session_id, outcome
-- @column step_id   Step of the call in core.steps.
-- @column result_step_id   Step of its result in core.steps; null where there is none.
-- @column position   Position of the call in core.steps.
-- @column tool_name   Name of the tool; of an MCP tool in Claude mcp__<server>__<tool>.
-- @column arguments   Arguments as a JSON object.
-- @column result   What the tool gave back, uncut; of a refused call the words that the model read. Null where there is
--     none.
-- @column outcome   ok; error (the result is marked as failed or shows it); rejected (a person refused it);
--     machine_denied (auto mode's classifier did); interrupted (stopped while it ran, or its turn was and there is no
--     result); unanswered (no result and no reason). Calls that the provider runs and logs no result for (web searches)
--     are ok.
-- @column is_error   Whether its result failed, was refused or was cut off; false where it has none.
-- @column called_at   Time (UTC) of the line with the call; null where it has none.
-- @column returned_at   Time (UTC) of the line with its result; null where there is none or it has none.
-- @column duration_ms   Milliseconds between the two, with the waiting for approval; null without a result. In Codex up
--     to 0.63 both have one time: 0 is unknown there.
-- @column model   Model that made the call; null where the log names none.
-- @column byte_offset   Where the call's line begins in the file.
-- @column byte_length   Bytes of the call's line with its newline.
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
