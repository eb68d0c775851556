-- One row per segment of a session, between compaction boundaries, up to its last answered turn: a conversation to train on.
-- @partition day
-- @key id
-- @not_null messages, weight, outcome, group_id, split, session_id, content_hash, metadata
-- @check len(messages) >= 2
-- @check json_extract_string(messages[-1], '$.role') = 'assistant'
-- @column messages   The conversation as JSON chat messages: user, assistant (with tool_calls, reasoning_content) and tool.
--     "train": false marks assistant messages of rejected, interrupted or unanswered turns: context, nothing to learn.
-- @column tools   JSON array text of the tools used, their parameters inferred from the calls; null where none was.
-- @column weight   Weight of the row in training, 1.0.
-- @column score   Score somebody gave it; null: nobody did.
-- @column outcome   How the last turn ended.
-- @column num_assistant_turns   Number of assistant messages.
-- @column num_tool_calls   Number of tool calls in them.
-- @column has_reasoning   Whether any message has reasoning_content.
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family (forks, resumes and subagents of one root); all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session, or the subagent's part of one.
-- @column project   Project folder, the home folder written ~.
-- @column harness   claude-code or codex.
-- @column teacher_model   The model of the last turn.
-- @column created_at   When the first turn began (UTC).
-- @column num_tokens   o200k tokens of content, reasoning and tool-call arguments; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised conversation without tool results and reasoning.
-- @column source_events   Ids of the training events it comes from; empty for rows from session logs.
-- @column metadata   Where it comes from: rule, segment, turns, byte ranges of their lines, and what was left out.
with

sessions as (
    select session_id, kind, root_session_id
    from core.sessions
    where kind in ('main', 'subagent') and not coalesce(is_replay, false)
),

steps as (
    select * from core.steps
    where turn_id is not null
),

-- What follows a compaction inside a turn was made from a summary, not from the words before it.
cut_turns as (
    select said.turn_id
    from steps as said
    join steps as compactions using (turn_id)
    where compactions.kind = 'compaction'
        and said.author = 'model'
        and said.kind in ('text', 'tool_call')
        and said.position > compactions.position
    group by said.turn_id
),

turns as (
    select
        turns.*,
        sessions.kind as session_kind,
        coalesce(sessions.root_session_id, turns.session_id) as group_id,
        case
            when prompt_kind <> (case sessions.kind when 'subagent' then 'agent' else 'human' end) then prompt_kind || ' prompt'
            when is_abandoned or end_reason = 'rolled_back' then 'abandoned'
            when not has_words(question) then 'no question'
            when cut_turns.turn_id is not null then 'cut by a compaction'
            end as why_left_out,
    from core.turns as turns
    join sessions using (session_id)
    left join cut_turns using (turn_id)
),

kept_turns as (
    select * from turns
    where why_left_out is null
    -- Exchanges after the last answer of a segment are dropped whole.
    qualify max(first_position) filter (where end_reason = 'answered') over (
        partition by session_id, segment_no
    ) >= first_position
),

calls as (
    select
        step_id,
        session_id,
        tool_call_id,
        safe_tool_name(tool_name) as tool_name,
        object_arguments(arguments) as arguments,
        capped_result(result) as result,
        coalesce(length(result) > 32000, false) as is_capped,
        outcome = 'rejected' as is_rejected,
        result_step_id is not null and tool_call_id is not null as is_answered,
    from core.tool_calls
),

model_steps as (
    select
        steps.turn_id,
        steps.position,
        steps.kind,
        steps.text,
        calls.tool_call_id,
        calls.tool_name,
        calls.arguments,
        calls.result,
        calls.is_rejected,
        -- Claude streams: results of a message's first calls stand before its later ones, so message_id joins its parts
        -- (seen from 2.1.20). Without one (Codex), a result or a human's word ends a message. The answer stands alone.
        coalesce(
            steps.message_id,
            'run ' || count(*) filter (where steps.kind in ('tool_result', 'prompt', 'steer')) over (
                partition by steps.turn_id order by steps.position
            )
        ) || case when steps.is_final then ' answer' else '' end as message_key,
        steps.is_final,
        steps.author = 'model' and case steps.kind
            when 'text' then has_words(steps.text)
            when 'reasoning' then has_words(steps.text)
            when 'tool_call' then coalesce(calls.is_answered, false)
            else false end as is_said,
    from steps
    join kept_turns using (turn_id)
    left join calls using (step_id)
    -- Of two calls with one id only the first can be answered.
    qualify steps.kind <> 'tool_call' or row_number() over (
        partition by steps.turn_id, steps.kind, coalesce(calls.tool_call_id, steps.step_id) order by steps.position
    ) = 1
),

parts as (
    select
        turn_id,
        'assistant' as role,
        min(position) as position,
        string_agg(text, chr(10) || chr(10) order by position) filter (where kind = 'text') as content,
        string_agg(text, chr(10) || chr(10) order by position) filter (where kind = 'reasoning') as reasoning,
        list({'id': tool_call_id, 'name': tool_name, 'arguments': arguments, 'result': result} order by position)
            filter (where kind = 'tool_call') as calls,
        coalesce(bool_or(is_rejected), false) as is_rejected,
        bool_or(is_final) as is_final,
    from model_steps
    where is_said
    group by turn_id, message_key
),

words as (
    select turn_id, 'user' as role, first_position as position, question as content
    from kept_turns
    union all
    select steps.turn_id, 'user' as role, steps.position, steps.text as content
    from steps
    join kept_turns using (turn_id)
    where steps.kind = 'steer' and steps.author = 'human' and has_words(steps.text)
),

-- A message stands where it began, its results right after it: so a steer among them comes after them all.
utterances as (
    select
        turn_id,
        position,
        role,
        content,
        reasoning,
        calls,
        coalesce(is_rejected, false) as is_rejected,
        coalesce(is_final, false) as is_final,
        -- Reasoning alone, and text that nothing answered, go on in the assistant message after them.
        not (
            role = 'assistant'
            and coalesce(lag(role) over in_turn = 'assistant' and lag(calls) over in_turn is null, false)
        ) as begins_message,
    from (
        select * from words
        union all by name
        select * from parts
    )
    window in_turn as (partition by turn_id order by position, role desc)
),

numbered as (
    select
        utterances.*,
        kept_turns.session_id,
        kept_turns.segment_no,
        kept_turns.first_position as turn_position,
        kept_turns.end_reason = 'answered' as is_answered,
        count(*) filter (where begins_message) over (
            partition by kept_turns.session_id, kept_turns.segment_no
            order by kept_turns.first_position, position, role desc
        ) as message_no,
    from utterances
    join kept_turns using (turn_id)
),

messages as (
    select
        session_id,
        segment_no,
        turn_position,
        message_no,
        role,
        string_agg(content, chr(10) || chr(10) order by position) as content,
        string_agg(reasoning, chr(10) || chr(10) order by position) as reasoning,
        coalesce(flatten(list(calls order by position) filter (where calls is not null)), []) as calls,
        bool_and(is_answered and not is_rejected) as is_trained,
    from numbered
    group by session_id, segment_no, turn_position, message_no, role
    -- Reasoning that led to no word and no call is no message.
    having has_words(string_agg(content, '')) or count(calls) > 0
    -- A row ends with the answer of its last answered turn.
    qualify max(message_no) filter (where bool_or(is_answered and is_final)) over (
        partition by session_id, segment_no
    ) >= message_no
),

conversations as (
    select
        session_id,
        segment_no,
        max(turn_position) as last_turn_position,
        flatten(list(
            case role
                when 'user' then [user_message(content)]
                else list_concat(
                    [assistant_message(
                        content,
                        reasoning,
                        list_transform(calls, lambda call: tool_call(call.id, call.name, call.arguments)),
                        is_trained)],
                    list_transform(calls, lambda call: tool_message(call.id, call.name, call.result))
                ) end
            order by message_no
        )) as messages,
        count(*) filter (where role = 'assistant')::integer as num_assistant_turns,
        sum(len(calls))::integer as num_tool_calls,
        count(reasoning) > 0 as has_reasoning,
        string_agg(
            role || ': ' || coalesce(content, '') || to_json(list_transform(
                calls, lambda call: {'name': call.name, 'arguments': call.arguments}))::varchar,
            chr(10) order by message_no) as words_and_calls,
        flatten(list(list_transform(calls, lambda call: call.name))) as tool_names,
    from messages
    group by session_id, segment_no
),

arguments_seen as (
    select
        session_id,
        tool_name,
        unnest(map_entries(json_transform(arguments, '"MAP(VARCHAR, JSON)"')), recursive := true),
    from calls
    where is_answered
),

parameters as (
    select session_id, tool_name, key, argument_schema(list(json_type(value))) as schema
    from arguments_seen
    group by session_id, tool_name, key
),

properties as (
    select
        session_id,
        tool_name,
        string_agg(to_json(key)::varchar || ':' || schema, ',' order by key) as properties,
    from parameters
    group by session_id, tool_name
),

tools as (
    select
        session_id,
        segment_no,
        '[' || string_agg(tool_schema(tool_name, properties), ',' order by tool_name) || ']' as tools,
    from (
        select session_id, segment_no, unnest(list_distinct(tool_names)) as tool_name from conversations
    )
    left join properties using (session_id, tool_name)
    group by session_id, segment_no
),

used_turns as (
    select kept_turns.*
    from kept_turns
    join conversations using (session_id, segment_no)
    where kept_turns.first_position <= conversations.last_turn_position
),

segments as (
    select
        session_id,
        segment_no,
        any_value(agent) as agent,
        any_value(group_id) as group_id,
        any_value(session_kind) as session_kind,
        arg_max(project_path, first_position) as project,
        arg_max(model, first_position) as teacher_model,
        arg_max(end_reason, first_position) as outcome,
        min(started_at)::timestamp_ms as created_at,
        list(turn_id order by first_position) as turn_ids,
    from used_turns
    group by session_id, segment_no
),

ranges as (
    select
        used_turns.session_id,
        used_turns.segment_no,
        steps.source_path,
        used_turns.first_position,
        min(steps.byte_offset) as byte_offset,
        max(steps.byte_offset + steps.byte_length) as byte_end,
        count(*) filter (where steps.kind = 'tool_call' and not coalesce(calls.is_answered, false)) as unanswered_calls,
        count(*) filter (where calls.is_capped) as capped_results,
    from steps
    join used_turns using (turn_id)
    left join calls using (step_id)
    group by all
),

sources as (
    select
        session_id,
        segment_no,
        list(
            {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_end}
            order by first_position, source_path
        ) as sources,
        sum(unanswered_calls)::integer as unanswered_calls,
        sum(capped_results)::integer as capped_results,
    from ranges
    group by session_id, segment_no
),

left_out as (
    select session_id, segment_no, map_from_entries(list((reason, turn_count) order by reason)) as turns
    from (
        select session_id, segment_no, coalesce(why_left_out, 'unanswered end') as reason, count(*)::integer as turn_count
        from turns
        anti join used_turns using (turn_id)
        group by all
    )
    group by session_id, segment_no
),

examples as (
    select
        conversations.messages,
        tools.tools,
        1.0::double as weight,
        null::double as score,
        segments.outcome,
        conversations.num_assistant_turns,
        conversations.num_tool_calls,
        conversations.has_reasoning,
        segments.group_id,
        split_of(segments.group_id) as split,
        session_id,
        segments.project,
        harness_name(segments.agent) as harness,
        segments.teacher_model,
        segments.created_at,
        null::integer as num_tokens,
        text_hash(conversations.words_and_calls) as content_hash,
        []::varchar[] as source_events,
        to_json({
            'rule': segments.session_kind || ' session, one segment up to its last answered turn',
            'segment_no': segment_no,
            'turn_ids': segments.turn_ids,
            'sources': sources.sources,
            'left_out': {
                'turns': coalesce(left_out.turns, map {}),
                'unanswered_calls': sources.unanswered_calls,
                'capped_results': sources.capped_results
            }
        }) as metadata,
    from conversations
    join segments using (session_id, segment_no)
    join sources using (session_id, segment_no)
    left join tools using (session_id, segment_no)
    left join left_out using (session_id, segment_no)
),

identified as (
    select
        left(sha256(to_json({
            'dataset': 'sft', 'messages': messages, 'tools': tools, 'weight': weight, 'score': score, 'outcome': outcome,
            'num_assistant_turns': num_assistant_turns, 'num_tool_calls': num_tool_calls, 'has_reasoning': has_reasoning
        })::varchar), 32) as id,
        *,
    from examples
)

-- Exact copies within the day go here; copies of another day's rows are left to the models of duplicates.
select
    messages, tools, weight, score, outcome, num_assistant_turns, num_tool_calls, has_reasoning, id,
    * exclude (messages, tools, weight, score, outcome, num_assistant_turns, num_tool_calls, has_reasoning, id),
from identified
qualify row_number() over (partition by id order by created_at, session_id, metadata::varchar) = 1
order by id
