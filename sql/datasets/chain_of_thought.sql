-- One row per conversation in which the model's reasoning can be read.
-- @partition day
-- @key id
-- @not_null messages, spans, num_tool_calls, group_id, split, session_id, content_hash, source_events, metadata
-- @check len(messages) >= 2
-- @check json_extract_string(messages[-1], '$.role') = 'assistant'
-- @check len(list_filter(messages, lambda message: json_exists(message, '$.reasoning_content'))) > 0
-- @check json_array_length(spans) > 0
-- @column messages   The conversation as JSON chat messages, as in sft, reasoning_content kept where the log holds it.
-- @column spans   What was done, as a JSON tree. Session logs: turns, their steps (output, reasoning, tool_call, steer), under a
--     call its tool_result. Recorded answers: spans under their parents. Each node has id and kind and, where known,
--     tool_name, is_error, duration_ms and children.
-- @column num_tool_calls   Number of tool calls in the messages.
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family (forks, resumes and subagents of one root); all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session, or the subagent's part of one.
-- @column project   Project folder, the home folder written ~; null for recorded answers.
-- @column harness   claude-code or codex; of recorded answers the agent's id.
-- @column teacher_model   The model of the last turn, or of the attempt.
-- @column created_at   When the first turn began, or the answer was given (UTC).
-- @column num_tokens   o200k tokens of content, reasoning and tool-call arguments; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised conversation without tool results and reasoning.
-- @column source_events   Ids of the training events it comes from: the beginning and end of each turn, or of the attempt.
-- @column metadata   Where it comes from: rule, origin, events, documents, turns or attempt, byte ranges of their lines.
with

-- The segments that sft takes, as far as it takes them.
ends as (
    select
        session_id,
        segment_no,
        max(message_position) filter (where is_final and end_reason = 'answered') as end_position,
    from core.messages
    where voided_position is null and not is_turn_cut
    group by all
    having min(message_position) filter (where has_reasoning) <= end_position
),

-- Read again for each use: copies of it would hold every word once more.
messages as not materialized (
    select messages.*
    from core.messages as messages
    join ends using (session_id, segment_no)
    where messages.voided_position is null
        and not messages.is_turn_cut
        and messages.message_position <= ends.end_position
),

conversations as (
    select
        session_id,
        segment_no,
        any_value(group_id) as group_id,
        list(
            case when role = 'assistant' and not is_trained then untrained(message) else message end
            order by message_position, result_no
        ) as messages,
        sum(call_count)::integer as num_tool_calls,
        string_agg(words, chr(10) order by message_position) as words,
    from messages
    group by all
),

turns as (
    select
        session_id,
        segment_no,
        turn_id,
        min(message_position) as begin_position,
        string_agg(array_to_string(list_transform(
            list_filter(steps, lambda step: step.kind <> 'prompt'),
            lambda step:
                span_node(
                    step.step_id,
                    case step.kind when 'text' then 'output' else step.kind end,
                    step.tool_name,
                    false,
                    step.duration_ms)
                || coalesce(
                    ',"children":['
                        || span_node(step.result_step_id, 'tool_result', step.tool_name, step.outcome <> 'ok', null) || '}]',
                    '')
                || '}'), ','), ',' order by message_position) filter (where not is_question and result_no = 0) as nodes,
    from messages
    group by all
),

segments as (
    select
        turns.session_id,
        turns.segment_no,
        any_value(described.agent) as agent,
        any_value(described.session_kind) as session_kind,
        arg_max(described.project_path, begin_position) as project,
        arg_max(described.model, begin_position) as teacher_model,
        min(described.started_at)::timestamp_ms as created_at,
        list(turn_id order by begin_position) as turn_ids,
        flatten(list(
            [turn_input_event(turn_id), turn_output_event(turn_id, described.end_reason, described.is_ended)]
            order by begin_position)) as source_events,
        '[' || string_agg(
            span_node(turn_id, 'turn', null, false, described.duration_ms)
                || coalesce(',"children":[' || nullif(nodes, '') || ']', '') || '}',
            ',' order by begin_position) || ']' as spans,
    from turns
    join core.turns as described using (turn_id)
    group by all
),

sources as (
    select
        session_id,
        segment_no,
        list(
            {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_end} order by begin_position, source_path
        ) as sources,
    from (
        select
            session_id,
            segment_no,
            source_path,
            min(message_position) as begin_position,
            min(byte_offset) as byte_offset,
            max(byte_end) as byte_end,
        from messages
        group by session_id, segment_no, turn_id, source_path
    )
    group by all
),

examples as (
    select
        conversations.messages,
        segments.spans,
        conversations.num_tool_calls,
        conversations.group_id,
        session_id,
        segments.project,
        harness_name(segments.agent) as harness,
        segments.teacher_model,
        segments.created_at,
        conversations.words,
        segments.source_events,
        to_json({
            'rule': segments.session_kind || ' session, one segment with reasoning up to its last answered turn',
            'origin': 'log',
            'events': {'input': segments.source_events[1], 'output': segments.source_events[-1]},
            'documents': [conversation_document_id(session_id, segment_no)],
            'segment_no': segment_no,
            'turn_ids': segments.turn_ids,
            'sources': sources.sources
        }) as metadata,
    from conversations
    join segments using (session_id, segment_no)
    join sources using (session_id, segment_no)
    union all by name
    select
        conversations.messages,
        conversations.spans,
        conversations.num_tool_calls,
        answers.group_id,
        answers.session_id,
        answers.agent_id as harness,
        answers.model as teacher_model,
        answers.created_at::timestamp_ms as created_at,
        conversations.words,
        list_concat(answers.source_events, conversations.span_events) as source_events,
        to_json({
            'rule': 'completed attempt with reasoning',
            'origin': 'recorded',
            'events': {'input': answers.input_event, 'output': answers.output_event},
            'documents': [answer_document_id(answers.answer_id)],
            'attempt_id': answers.attempt_id,
            'artifact_id': answers.artifact_id,
            'prompt_hash': answers.prompt_hash,
            'sources': list_concat(answers.sources, conversations.span_sources)
        }) as metadata,
    from events.answer_conversations as conversations
    join events.answers as answers using (answer_id)
    where conversations.has_reasoning
),

identified as (
    select
        conversation_row_id(
            'chain_of_thought', messages, '"spans":' || spans || ',"num_tool_calls":' || num_tool_calls || '}') as id,
        *,
    from examples
)

-- Exact copies within the day go here; copies of another day's rows are left to the models of duplicates.
select
    messages,
    spans::json as spans,
    num_tool_calls,
    id,
    group_id,
    split_of(group_id) as split,
    session_id,
    project,
    harness,
    teacher_model,
    created_at,
    null::integer as num_tokens,
    text_hash(words) as content_hash,
    source_events,
    metadata,
from identified
qualify row_number() over (partition by id order by created_at, session_id, metadata::varchar) = 1
order by id
