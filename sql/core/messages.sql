-- One row per chat message of a conversation: what a person or the model said, or what a tool call gave back.
-- @partition day
-- @key session_id, message_position, result_no
-- @not_null segment_no, turn_id, group_id, role, message, is_trained, source_path
-- @check role in ('user', 'assistant', 'tool')
-- @column message_position   Position in core.steps of the message's first block; a tool's message has that of the
--     message that called it.
-- @column result_no   0 for what was said, from 1 for the results of its calls, in the order of the calls.
-- @column is_question   Whether it is the message that opened the turn.
-- @column role   user, assistant or tool.
-- @column message   The chat message as canonical JSON: role and content, of the assistant reasoning_content and
--     tool_calls, of a tool tool_call_id and name. Without null keys; results over 32,000 characters have their middle
--     cut out.
-- @column words   Role, content and calls as one text, for hashing the conversation; null for tools.
-- @column call_count   Tool calls in it, those with a result only; null for tools.
-- @column has_reasoning   Whether it has reasoning that can be read; null for tools.
-- @column is_final   Whether it holds the turn's final answer.
-- @column is_rejected   Whether a person refused one of its calls.
-- @column is_trained   Whether it is fit to learn from: its turn was answered and none of its calls refused. Of role
--     tool and user it says only the former.
-- @column is_after_cut   Whether a compaction stands between the turn's prompt and it: the model no longer saw the
--     prompt.
-- @column is_turn_cut   Whether a compaction cuts through its turn.
-- @column is_capped   Whether the middle of a result was cut out.
-- @column tools   Schemas of the tools it calls, as JSON text, parameters inferred from all calls of the session; null
--     for tools.
-- @column steps   What it is made of, in order: step_id and kind, of calls tool_call_id, tool_name, outcome,
--     duration_ms and result_step_id. Null for tools.
-- @column group_id   root_session_id of the session: the family that stays in one split.
-- @column source_path   Path of the log file that it begins in, relative to its root.
-- @column byte_offset   Where its first line begins in the file.
-- @column byte_end   Where its last line in that file ends; lines between may be of others.
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
    from core.turns as turns
    join core.sessions as sessions using (session_id)
    where sessions.kind in ('main', 'subagent')
        and not coalesce(sessions.is_replay, false)
        and turns.prompt_kind = (case sessions.kind when 'subagent' then 'agent' else 'human' end)
        and has_words(turns.question)
),

-- Of two calls with one id only the first can be answered.
repeated_calls as (
    select turn_id, tool_call_id, min(position) as position
    from core.tool_calls
    group by turn_id, tool_call_id
    having count(*) > 1
),

calls as (
    select
        tool_calls.step_id,
        tool_calls.session_id,
        tool_calls.tool_call_id,
        safe_tool_name(tool_calls.tool_name) as tool_name,
        object_arguments(tool_calls.arguments) as arguments,
        tool_calls.outcome,
        tool_calls.duration_ms,
        tool_calls.result_step_id,
    from core.tool_calls as tool_calls
    anti join repeated_calls
        on repeated_calls.turn_id = tool_calls.turn_id
        and repeated_calls.tool_call_id = tool_calls.tool_call_id
        and repeated_calls.position < tool_calls.position
    where tool_calls.tool_call_id is not null and tool_calls.result_step_id is not null
),

-- What each tool takes, as far as the calls of the session show it.
parameters as (
    select session_id, tool_name, key, argument_schema(list(json_type(value))) as schema
    from (
        select
            session_id,
            tool_name,
            unnest(map_entries(json_transform(arguments, '"MAP(VARCHAR, JSON)"')), recursive := true),
        from calls
    )
    group by all
),

properties as (
    select
        session_id,
        tool_name,
        string_agg(to_json(key)::varchar || ':' || schema, ',' order by key) as properties,
    from parameters
    group by all
),

said as (
    select
        steps.turn_id,
        steps.step_id,
        steps.position,
        steps.kind,
        case when steps.position = turns.first_position then turns.question else steps.text end as text,
        case when steps.author = 'model' and steps.position <> turns.first_position then 'assistant' else 'user' end as role,
        steps.is_final,
        steps.segment_no <> turns.segment_no as is_after_cut,
        steps.source_path,
        steps.byte_offset,
        steps.byte_offset + steps.byte_length as byte_end,
        -- Claude streams: results of a message's first calls stand before its later ones, so message_id joins its parts
        -- (seen from 2.1.20). Without one (Codex), a result or a human's word ends a message. The answer stands alone.
        case
            when steps.position = turns.first_position or steps.kind = 'steer' then 'words ' || steps.position
            else coalesce(
                steps.message_id,
                'run ' || count(case when steps.kind in ('tool_result', 'prompt', 'steer') then 1 end) over (
                    partition by steps.turn_id order by steps.position
                )
            ) || case when steps.is_final then ' answer' else '' end end as part,
        calls.* exclude (step_id, session_id),
        properties.properties,
    from (
        select
            * exclude (text),
            -- Nothing but what is said is carried on: results are long, and stand in messages of their own.
            case when kind in ('text', 'reasoning', 'prompt', 'steer') then text end as text,
        from core.steps
    ) as steps
    join turns using (turn_id)
    left join calls using (step_id)
    left join properties on properties.session_id = calls.session_id and properties.tool_name = calls.tool_name
    qualify steps.position = turns.first_position
        or case steps.kind
            when 'steer' then steps.author = 'human' and has_words(steps.text)
            when 'text' then steps.author = 'model' and has_words(steps.text)
            when 'reasoning' then steps.author = 'model' and has_words(steps.text)
            when 'tool_call' then calls.step_id is not null
            else false end
),

-- A message stands where it began, its results right after it: so a steer among them comes after them all.
parts as (
    select
        turn_id,
        part,
        begin_position,
        max(begin_position) filter (where begins_message) over (
            partition by turn_id order by begin_position
        ) as message_position,
        bool_or(is_after_cut) over (partition by turn_id) as is_turn_cut,
    from (
        select
            *,
            -- Reasoning alone, and text that nothing answered, go on in the assistant message after them.
            not coalesce(
                role = 'assistant' and lag(role) over in_turn = 'assistant' and not lag(has_calls) over in_turn, false
            ) as begins_message,
        from (
            select
                turn_id,
                part,
                role,
                min(position) as begin_position,
                bool_or(kind = 'tool_call') as has_calls,
                bool_or(is_after_cut) as is_after_cut,
            from said
            group by all
        )
        window in_turn as (partition by turn_id order by begin_position)
    )
),

gathered as (
    select
        said.turn_id,
        parts.message_position,
        said.role,
        list_sort(list({
            'begin_position': parts.begin_position,
            'position': said.position,
            'kind': said.kind,
            'text': said.text,
            'step_id': said.step_id,
            'tool_call_id': said.tool_call_id,
            'tool_name': said.tool_name,
            'arguments': said.arguments,
            'outcome': said.outcome,
            'duration_ms': said.duration_ms,
            'result_step_id': said.result_step_id,
            'tool': case when said.kind = 'tool_call' then tool_schema(said.tool_name, said.properties) end
        })) as steps,
        bool_or(said.is_final) as is_final,
        bool_or(said.is_after_cut) as is_after_cut,
        any_value(parts.is_turn_cut) as is_turn_cut,
        -- A message that goes on in another file, a copy with new lines, is named in one of them.
        min((said.source_path, said.byte_offset)) as begins,
        min((said.source_path, -said.byte_end)) as ends,
    from said
    join parts using (turn_id, part)
    group by said.turn_id, parts.message_position, said.role
),

utterances as (
    select
        *,
        array_to_string(list_transform(
            list_filter(steps, lambda step: step.kind in ('text', 'prompt', 'steer')), lambda step: step.text
        ), chr(10) || chr(10)) as content,
        array_to_string(list_transform(
            list_filter(steps, lambda step: step.kind = 'reasoning'), lambda step: step.text
        ), chr(10) || chr(10)) as reasoning,
        list_filter(steps, lambda step: step.kind = 'tool_call') as calls,
    from gathered
),

spoken as (
    select
        turn_id,
        message_position,
        0 as result_no,
        role,
        case role
            when 'user' then user_message(content)
            else assistant_message(
                content,
                reasoning,
                list_transform(calls, lambda call: tool_call(call.tool_call_id, call.tool_name, call.arguments)),
                true) end as message,
        role || ': ' || content || to_json(list_transform(
            calls, lambda call: {'name': call.tool_name, 'arguments': call.arguments}))::varchar as words,
        len(calls)::integer as call_count,
        reasoning <> '' as has_reasoning,
        is_final,
        len(list_filter(calls, lambda call: call.outcome = 'rejected')) > 0 as is_rejected,
        is_after_cut,
        is_turn_cut,
        false as is_capped,
        list_sort(list_distinct(list_transform(calls, lambda call: call.tool))) as tools,
        list_transform(steps, lambda step: {
            'step_id': step.step_id,
            'kind': step.kind,
            'tool_call_id': step.tool_call_id,
            'tool_name': step.tool_name,
            'outcome': step.outcome,
            'duration_ms': step.duration_ms,
            'result_step_id': step.result_step_id
        }) as steps,
        begins[1] as source_path,
        begins[2] as byte_offset,
        -ends[2] as byte_end,
    from utterances
    -- Reasoning that led to no word and no call is no message.
    where len(calls) > 0 or has_words(content)
),

results as (
    select
        said.turn_id,
        parts.message_position,
        row_number() over (
            partition by said.turn_id, parts.message_position order by parts.begin_position, said.position
        )::integer as result_no,
        said.tool_call_id,
        said.tool_name,
        said.result_step_id,
        said.is_after_cut,
        parts.is_turn_cut,
    from said
    join parts using (turn_id, part)
    where said.kind = 'tool_call'
),

messages as (
    select * from spoken
    union all by name
    select
        results.turn_id,
        results.message_position,
        results.result_no,
        'tool' as role,
        tool_message(results.tool_call_id, results.tool_name, capped_result(steps.text)) as message,
        false as is_final,
        false as is_rejected,
        results.is_after_cut,
        results.is_turn_cut,
        length(steps.text) > 32000 as is_capped,
        steps.source_path,
        steps.byte_offset,
        steps.byte_offset + steps.byte_length as byte_end,
    from results
    join core.steps as steps on steps.step_id = results.result_step_id
)

select
    turns.session_id,
    messages.message_position,
    messages.result_no,
    turns.segment_no,
    turns.turn_id,
    messages.message_position = turns.first_position as is_question,
    messages.role,
    messages.message,
    messages.words,
    messages.call_count,
    messages.has_reasoning,
    messages.is_final,
    messages.is_rejected,
    turns.end_reason = 'answered' and not messages.is_rejected as is_trained,
    messages.is_after_cut,
    messages.is_turn_cut,
    messages.is_capped,
    messages.tools,
    messages.steps,
    turns.end_reason,
    turns.voided_position,
    turns.group_id,
    messages.source_path,
    messages.byte_offset,
    messages.byte_end,
from messages
join turns using (turn_id)
order by session_id, message_position, result_no
