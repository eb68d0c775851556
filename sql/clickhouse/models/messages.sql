-- One row per chat message of a conversation: what a person or the model said, or what a tool call gave back.
-- @key session_id, message_position, result_no
with

-- Turns that a person opened, or in a subagent the agent that called it. What commands, plans, suggestions and machines
-- opened is no conversation: what the model read there does not stand in the logs as it was.
turns as (
    select
        turns.turn_id,
        turns.session_id,
        turns.segment_no,
        turns.first_position,
        turns.question,
        turns.end_reason,
        turns.voided_position,
        coalesce(sessions.root_session_id, turns.session_id) as group_id,
        turns.day
    from model_turns as turns
    join sessions on sessions.session_id = turns.session_id
    where sessions.kind in ('main', 'subagent')
        and not coalesce(sessions.is_replay, false)
        and turns.prompt_kind = if(sessions.kind = 'subagent', 'agent', 'human')
        and has_words(turns.question)
),

-- Of two calls with one id only the first can be answered.
first_calls as (
    select
        step_id,
        session_id,
        tool_call_id,
        safe_tool_name(tool_name) as safe_name,
        object_arguments(arguments) as object,
        outcome,
        duration_ms,
        result_step_id
    from tool_calls
    where tool_call_id is not null
    qualify position = min(position) over (partition by turn_id, tool_call_id)
),

-- What each tool takes, as far as the calls of the session show it.
calls as (
    select
        *,
        groupUniqArrayArray(member_types(tokens)) over (partition by session_id, safe_name) as members
    from (
        select *, json_tokens(object) as tokens
        from first_calls
        where result_step_id is not null
    )
),

-- Nothing but what is said is carried on: results are long, and stand in messages of their own.
said as (
    select
        turns.turn_id as turn_id,
        steps.step_id as step_id,
        steps.position as position,
        steps.kind as kind,
        steps.is_final as is_final,
        steps.source_path as source_path,
        steps.byte_offset as byte_offset,
        steps.byte_offset + steps.byte_length as byte_end,
        steps.segment_no <> turns.segment_no as is_after_cut,
        multiIf(
            steps.position = turns.first_position, turns.question,
            steps.kind in ('text', 'reasoning', 'prompt', 'steer'), steps.text,
            null) as words,
        if(steps.author = 'model' and steps.position <> turns.first_position, 'assistant', 'user') as role,
        -- Claude streams: results of a message's first calls stand before its later ones, so message_id joins its parts
        -- (seen from 2.1.20). Without one (Codex), a result or a human's word ends a message. The answer stands alone.
        if(
            steps.position = turns.first_position or steps.kind = 'steer',
            concat('words ', toString(steps.position)),
            concat(
                coalesce(
                    steps.message_id,
                    concat('run ', toString(countIf(steps.kind in ('tool_result', 'prompt', 'steer')) over (
                        partition by steps.turn_id order by steps.position
                    )))),
                if(steps.is_final, ' answer', ''))) as part,
        calls.tool_call_id as tool_call_id,
        calls.safe_name as safe_name,
        calls.object as object,
        calls.outcome as outcome,
        calls.duration_ms as duration_ms,
        calls.result_step_id as result_step_id,
        if(
            calls.step_id is not null, tool_schema(calls.safe_name, argument_properties(calls.members)), null
        ) as tool
    from steps
    join turns on turns.turn_id = steps.turn_id
    left join calls on calls.step_id = steps.step_id
    qualify multiIf(
        steps.position = turns.first_position, true,
        steps.kind = 'steer', steps.author = 'human' and has_words(steps.text),
        steps.kind in ('text', 'reasoning'), steps.author = 'model' and has_words(steps.text),
        steps.kind = 'tool_call', calls.step_id is not null,
        false)
),

parts as (
    select
        turn_id,
        part,
        role,
        min(position) as begin_position,
        groupArray((
            position, kind, words, step_id, tool_call_id, safe_name, object, outcome, duration_ms, result_step_id, tool
        )::Tuple(
            position Int32, kind String, words Nullable(String), step_id String, tool_call_id Nullable(String),
            tool_name Nullable(String), arguments Nullable(String), outcome Nullable(String), duration_ms Nullable(Int64),
            result_step_id Nullable(String), tool Nullable(String)
        )) as steps,
        max(kind = 'tool_call') as has_calls,
        max(is_final) as is_final,
        max(is_after_cut) as is_after_cut,
        -- A message that goes on in another file, a copy with new lines, is named in one of them.
        min((source_path, byte_offset)) as begins,
        min((source_path, -byte_end)) as ends
    from said
    group by turn_id, part, role
),

-- A message stands where it began, its results right after it: so a steer among them comes after them all.
placed as (
    select
        *,
        max(is_after_cut) over (partition by turn_id) as is_turn_cut,
        maxIf(begin_position, begins_message) over (partition by turn_id order by begin_position) as message_position
    from (
        select
            *,
            -- Reasoning alone, and text that nothing answered, go on in the assistant message after them.
            not (
                role = 'assistant' and lag(role) over in_turn = 'assistant' and not lag(has_calls) over in_turn
            ) as begins_message
        from parts
        window in_turn as (partition by turn_id order by begin_position)
    )
),

gathered as (
    select
        turn_id,
        message_position,
        role,
        arrayFlatten(arraySort(group -> group.1, groupArray((
            begin_position,
            arraySort(step -> step.position, steps)
        ))).2) as steps,
        max(is_final) as is_final,
        max(is_after_cut) as is_after_cut,
        any(is_turn_cut) as is_turn_cut,
        min(begins) as begins,
        min(ends) as ends
    from placed
    group by turn_id, message_position, role
),

utterances as (
    select
        *,
        arrayStringConcat(
            arrayMap(step -> step.words, arrayFilter(step -> step.kind in ('text', 'prompt', 'steer'), steps)), '\n\n'
        ) as content,
        arrayStringConcat(
            arrayMap(step -> step.words, arrayFilter(step -> step.kind = 'reasoning', steps)), '\n\n') as reasoning,
        arrayFilter(step -> step.kind = 'tool_call', steps) as calls
    from gathered
),

-- The message itself is number 0, what each of its calls gave back follows.
numbered as (
    select
        *,
        toInt32(arrayJoin(range(length(calls) + 1))) as result_no,
        calls[result_no] as call
    from utterances
    -- Reasoning that led to no word and no call is no message.
    where notEmpty(calls) or has_words(content)
),

results as (
    select step_id, text, source_path, byte_offset, byte_length
    from steps
    where step_id in (select result_step_id from tool_calls)
)

select
    turns.session_id as session_id,
    numbered.message_position as message_position,
    numbered.result_no as result_no,
    turns.segment_no as segment_no,
    numbered.turn_id as turn_id,
    (message_position = turns.first_position)::Nullable(Bool) as is_question,
    if(result_no = 0, numbered.role, 'tool') as role,
    multiIf(
        result_no > 0, tool_message(call.tool_call_id, call.tool_name, capped_result(results.text)),
        numbered.role = 'user', user_message(content),
        assistant_message(
            content, reasoning, arrayMap(one -> tool_call(one.tool_call_id, one.tool_name, one.arguments), calls), true)
    ) as message,
    if(
        result_no = 0,
        concat(
            role, ': ', content,
            '[', arrayStringConcat(arrayMap(one -> concat(
                '{"name":', json_text(one.tool_name), ',"arguments":', one.arguments, '}'), calls), ','), ']'),
        null) as words,
    if(result_no = 0, toInt32(length(calls)), null) as call_count,
    if(result_no = 0, reasoning <> '', null)::Nullable(Bool) as has_reasoning,
    if(result_no = 0, numbered.is_final, false) as is_final,
    (result_no = 0 and arrayExists(one -> one.outcome = 'rejected', calls))::Bool as is_rejected,
    (turns.end_reason = 'answered' and not is_rejected)::Bool as is_trained,
    numbered.is_after_cut::Nullable(Bool) as is_after_cut,
    numbered.is_turn_cut::Nullable(Bool) as is_turn_cut,
    if(result_no = 0, false, lengthUTF8(results.text) > 32000)::Nullable(Bool) as is_capped,
    if(result_no = 0, arraySort(arrayDistinct(arrayMap(one -> one.tool, calls))), []) as tools,
    if(
        result_no = 0,
        arrayMap(one -> (
            one.step_id, one.kind, one.tool_call_id, one.tool_name, one.outcome, one.duration_ms, one.result_step_id
        ), steps),
        [])::Array(Tuple(
            step_id String, kind String, tool_call_id Nullable(String), tool_name Nullable(String),
            outcome Nullable(String), duration_ms Nullable(Int64), result_step_id Nullable(String)
        )) as steps,
    turns.end_reason as end_reason,
    turns.voided_position as voided_position,
    turns.group_id as group_id,
    if(result_no = 0, begins.1, results.source_path) as source_path,
    if(result_no = 0, begins.2, results.byte_offset) as byte_offset,
    if(result_no = 0, -ends.2, results.byte_offset + results.byte_length) as byte_end,
    turns.day as day
from numbered
join turns on turns.turn_id = numbered.turn_id
left join results on results.step_id = numbered.call.result_step_id
where result_no = 0 or results.step_id is not null
