-- One row per conversation to train on: a segment of a session, between compaction boundaries, up to its last answered turn,
-- or a recorded answer with a score of 8 or more.
-- @key id, day
with

-- A row ends with the answer of the last answered turn of its segment. Turns that were undone, and those that a compaction
-- cuts through, are in none.
ends as (
    select session_id, segment_no, max(message_position) as end_position
    from model_messages
    where is_final and end_reason = 'answered' and voided_position is null and not is_turn_cut
    group by session_id, segment_no
),

-- What each turn has from each file, first; then all of it.
places as (
    select
        messages.session_id as session_id,
        messages.segment_no as segment_no,
        any(messages.group_id) as group_id,
        any(messages.day) as day,
        min(messages.message_position) as begin_position,
        (
            messages.source_path, min(messages.byte_offset), max(messages.byte_end)
        )::Tuple(source_path Nullable(String), byte_offset Nullable(Int64), byte_end Nullable(Int64)) as source,
        groupArray((
            messages.message_position,
            messages.result_no,
            messages.role,
            if(
                messages.role = 'assistant' and not messages.is_trained,
                untrained(messages.message),
                messages.message),
            messages.words,
            messages.tools
        )::Tuple(
            position Int32, result_no Int32, role String, message String, words Nullable(String), tools Array(String)
        )) as said,
        sum(messages.call_count) as call_count,
        max(messages.has_reasoning) as has_reasoning,
        countIf(messages.is_capped) as capped_count
    from model_messages as messages
    join ends on ends.session_id = messages.session_id and ends.segment_no = messages.segment_no
    where messages.voided_position is null
        and not messages.is_turn_cut
        and messages.message_position <= ends.end_position
    group by messages.session_id, messages.segment_no, messages.turn_id, messages.source_path
),

conversations as (
    select
        session_id,
        segment_no,
        any(group_id) as group_id,
        any(day) as day,
        arraySort(one -> (one.position, one.result_no), groupArrayArray(said)) as said,
        arrayMap(one -> one.3, arraySort(one -> (one.1, one.2), groupArray((
            begin_position, source.source_path, source
        )))) as sources,
        sum(call_count) as num_tool_calls,
        max(has_reasoning) as has_reasoning,
        sum(capped_count) as capped_results
    from places
    group by session_id, segment_no
),

turns as (
    select
        turns.turn_id as turn_id,
        turns.session_id as session_id,
        turns.segment_no as segment_no,
        turns.first_position as first_position,
        turns.agent as agent,
        turns.session_kind as session_kind,
        turns.project_path as project_path,
        turns.model as model,
        turns.started_at as started_at,
        turns.end_reason as end_reason,
        turns.is_ended as is_ended,
        turns.tool_call_count as tool_call_count,
        multiIf(
            turns.prompt_kind <> if(turns.session_kind = 'subagent', 'agent', 'human'),
            concat(turns.prompt_kind, ' prompt'),
            turns.is_abandoned, 'abandoned',
            opened.turn_id is null, 'no question',
            opened.is_turn_cut, 'cut by a compaction',
            turns.first_position > ends.end_position, 'unanswered end',
            null) as why_left_out
    from model_turns as turns
    join ends on ends.session_id = turns.session_id and ends.segment_no = turns.segment_no
    left join (
        select turn_id, is_turn_cut from model_messages where is_question
    ) as opened on opened.turn_id = turns.turn_id
),

segments as (
    select
        session_id,
        segment_no,
        any(agent) as any_agent,
        any(session_kind) as any_kind,
        argMaxIf(project_path, first_position, why_left_out is null and project_path is not null) as project,
        argMaxIf(model, first_position, why_left_out is null and model is not null) as teacher_model,
        minIf(started_at, why_left_out is null) as created_at,
        arraySort(groupArrayIf(
            (
                first_position, turn_id, turn_input_event(turn_id), turn_output_event(turn_id, end_reason, is_ended)
            )::Tuple(position Int32, turn_id String, input String, output Nullable(String)),
            why_left_out is null)) as told,
        sumIf(tool_call_count, why_left_out is null) as tool_calls,
        sumMapIf([coalesce(why_left_out, '')], [1], why_left_out is not null) as left_out
    from turns
    group by session_id, segment_no
),

log_examples as (
    select
        arrayMap(one -> one.message, conversations.said) as messages,
        arraySort(arrayDistinct(arrayFlatten(arrayMap(one -> one.tools, conversations.said)))) as used_tools,
        if(empty(used_tools), null, json_list(used_tools)) as tools,
        null::Nullable(Float64) as score,
        'answered' as outcome,
        toInt32(countEqual(conversations.said.role, 'assistant')) as num_assistant_turns,
        toInt32(conversations.num_tool_calls) as num_tool_calls,
        conversations.has_reasoning as has_reasoning,
        conversations.group_id as group_id,
        conversations.session_id as session_id,
        segments.project as project,
        harness_name(segments.any_agent) as harness,
        segments.teacher_model as teacher_model,
        segments.created_at::Nullable(DateTime64(3, 'UTC')) as created_at,
        arrayStringConcat(arrayMap(one -> assumeNotNull(one.words), arrayFilter(
            one -> one.words is not null, conversations.said)), '\n') as words,
        arrayFlatten(arrayMap(one -> [one.input, one.output], segments.told)) as source_events,
        concat(
            '{"rule":', json_text(concat(segments.any_kind, ' session, one segment up to its last answered turn')),
            ',"origin":"log"',
            ',"events":{"input":', json_or_null(json_text(segments.told[1].input)),
            ',"output":', json_or_null(json_text(segments.told[-1].output)),
            '},"documents":', json_texts([conversation_document_id(
                conversations.session_id, conversations.segment_no)]),
            ',"segment_no":', json_or_null(toString(conversations.segment_no)),
            ',"turn_ids":', json_texts(segments.told.turn_id),
            ',"sources":', json_places(conversations.sources),
            ',"left_out":{"turns":{', arrayStringConcat(arrayMap(
                (why, how_many) -> concat(json_text(why), ':', toString(how_many)),
                segments.left_out.1, segments.left_out.2), ','),
            '},"unanswered_calls":', json_or_null(toString(segments.tool_calls - conversations.num_tool_calls)),
            ',"capped_results":', toString(conversations.capped_results),
            '}}') as metadata,
        conversations.day as day
    from conversations
    join segments on segments.session_id = conversations.session_id and segments.segment_no = conversations.segment_no
),

recorded_examples as (
    select
        conversations.messages as messages,
        conversations.tools as tools,
        answers.score as score,
        'scored' as outcome,
        conversations.num_assistant_turns as num_assistant_turns,
        conversations.num_tool_calls as num_tool_calls,
        conversations.has_reasoning as has_reasoning,
        answers.group_id as group_id,
        answers.session_id as session_id,
        null::Nullable(String) as project,
        answers.agent_id as harness,
        answers.model as teacher_model,
        answers.created_at::Nullable(DateTime64(3, 'UTC')) as created_at,
        conversations.words as words,
        arrayConcat(answers.source_events, conversations.span_events, [answers.score_event]) as source_events,
        concat(
            '{"rule":"completed attempt with a score of 8 or more"',
            ',"origin":"recorded"',
            ',"events":{"input":', json_or_null(json_text(answers.input_event)),
            ',"output":', json_or_null(json_text(answers.output_event)),
            '},"documents":', json_texts([answer_document_id(answers.answer_id)]),
            ',"attempt_id":', json_or_null(json_text(answers.attempt_id)),
            ',"artifact_id":', json_or_null(json_text(answers.artifact_id)),
            ',"prompt_hash":', json_or_null(json_text(answers.prompt_hash)),
            ',"sources":', json_list(arrayConcat(answers.sources, conversations.span_sources)),
            '}') as metadata,
        answers.day as day
    from model_answer_conversations as conversations
    join model_answers as answers on answers.answer_id = conversations.answer_id
    where answers.score >= 8
),

examples as (
    select * except (used_tools), toFloat64(1) as weight from log_examples
    union all
    select *, toFloat64(1) as weight from recorded_examples
),

identified as (
    select
        *,
        row_id('sft', concat(
            '{"messages":', json_list(messages),
            ',"tools":', json_or_null(json_text(tools)),
            ',"weight":', json_double(weight),
            ',"score":', json_or_null(json_double(score)),
            ',"outcome":', json_text(outcome),
            ',"num_assistant_turns":', toString(num_assistant_turns),
            ',"num_tool_calls":', toString(num_tool_calls),
            ',"has_reasoning":', if(has_reasoning, 'true', 'false'),
            '}')) as id
    from examples
)

-- Exact copies within the day go here; copies of another day's rows are left to the models of duplicates.
select
    messages,
    tools,
    weight,
    score,
    outcome,
    num_assistant_turns,
    num_tool_calls,
    has_reasoning,
    assumeNotNull(id) as id,
    group_id,
    split_of(group_id) as split,
    session_id,
    project,
    harness,
    teacher_model,
    created_at,
    null::Nullable(Int32) as num_tokens,
    text_hash(words) as content_hash,
    source_events,
    metadata,
    day
from identified
qualify row_number() over (partition by day, id order by created_at, session_id, metadata) = 1
