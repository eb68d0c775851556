-- One row per conversation to train on: a segment of a session up to its last answered turn, or a well-scored answer.
-- Segments end where the agent compacted its context; a recorded answer is taken from a score of 8 on.
-- @partition day
-- @key id
-- @not_null messages, weight, outcome, group_id, split, session_id, content_hash, source_events, metadata
-- @check len(messages) >= 2
-- @check json_extract_string(messages[-1], '$.role') = 'assistant'
-- @column messages   The conversation as JSON chat messages: user, assistant (with tool_calls, reasoning_content) and tool.
--     "train": false marks assistant messages of rejected, interrupted or unanswered turns: context, nothing to learn.
-- @column tools   JSON array text of the tools used, their parameters inferred from the calls; null where none was.
-- @column weight   Weight of the row in training, 1.0.
-- @column score   Score somebody gave it; null: nobody did.
-- @column outcome   answered: how the last turn ended; scored: a recorded answer.
-- @column num_assistant_turns   Number of assistant messages.
-- @column num_tool_calls   Number of tool calls in them.
-- @column has_reasoning   Whether any message has reasoning_content.
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
-- @column source_events   Ids of the training events it comes from: the beginning and end of each turn, or of the attempt, and the score.
-- @column metadata   Where it comes from: rule, origin, events, documents, segment and turns or attempt, byte ranges of their lines,
--     and what was left out.
with

-- A row ends with the answer of the last answered turn of its segment. Turns that were undone, and those that a compaction
-- cuts through, are in none.
ends as (
    select session_id, segment_no, max(message_position) as end_position
    from core.messages
    where is_final and end_reason = 'answered' and voided_position is null and not is_turn_cut
    group by all
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
        list_sort(list_distinct(flatten(list(tools) filter (where len(tools) > 0)))) as tools,
        count(*) filter (where role = 'assistant')::integer as num_assistant_turns,
        sum(call_count)::integer as num_tool_calls,
        bool_or(has_reasoning) as has_reasoning,
        string_agg(words, chr(10) order by message_position) as words,
        count(*) filter (where is_capped)::integer as capped_results,
    from messages
    group by all
),

turns as (
    select
        turns.*,
        case
            when turns.prompt_kind <> (case turns.session_kind when 'subagent' then 'agent' else 'human' end)
                then turns.prompt_kind || ' prompt'
            when turns.is_abandoned then 'abandoned'
            when opened.turn_id is null then 'no question'
            when opened.is_turn_cut then 'cut by a compaction'
            when turns.first_position > ends.end_position then 'unanswered end'
            end as why_left_out,
    from core.turns as turns
    join ends using (session_id, segment_no)
    left join (
        select turn_id, is_turn_cut from core.messages where is_question
    ) as opened using (turn_id)
),

segments as (
    select
        session_id,
        segment_no,
        any_value(agent) as agent,
        any_value(session_kind) as session_kind,
        arg_max(project_path, first_position) filter (where why_left_out is null) as project,
        arg_max(model, first_position) filter (where why_left_out is null) as teacher_model,
        min(started_at) filter (where why_left_out is null)::timestamp_ms as created_at,
        list(
            {'turn_id': turn_id, 'input': turn_input_event(turn_id), 'output': turn_output_event(turn_id, end_reason, is_ended)}
            order by first_position
        ) filter (where why_left_out is null) as turns,
        (sum(tool_call_count) filter (where why_left_out is null))::integer as tool_call_count,
        histogram(why_left_out) filter (where why_left_out is not null) as left_out,
    from turns
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
        '[' || nullif(array_to_string(conversations.tools, ','), '') || ']' as tools,
        1.0::double as weight,
        null::double as score,
        'answered' as outcome,
        conversations.num_assistant_turns,
        conversations.num_tool_calls,
        conversations.has_reasoning,
        conversations.group_id,
        session_id,
        segments.project,
        harness_name(segments.agent) as harness,
        segments.teacher_model,
        segments.created_at,
        conversations.words,
        flatten(list_transform(segments.turns, lambda turn: [turn.input, turn.output])) as source_events,
        to_json({
            'rule': segments.session_kind || ' session, one segment up to its last answered turn',
            'origin': 'log',
            'events': {'input': segments.turns[1].input, 'output': segments.turns[-1].output},
            'documents': [conversation_document_id(session_id, segment_no)],
            'segment_no': segment_no,
            'turn_ids': list_transform(segments.turns, lambda turn: turn.turn_id),
            'sources': sources.sources,
            'left_out': {
                'turns': coalesce(segments.left_out, map {}),
                'unanswered_calls': segments.tool_call_count - conversations.num_tool_calls,
                'capped_results': conversations.capped_results
            }
        }) as metadata,
    from conversations
    join segments using (session_id, segment_no)
    join sources using (session_id, segment_no)
    union all by name
    select
        conversations.messages,
        conversations.tools,
        1.0::double as weight,
        answers.score,
        'scored' as outcome,
        conversations.num_assistant_turns,
        conversations.num_tool_calls,
        conversations.has_reasoning,
        answers.group_id,
        answers.session_id,
        answers.agent_id as harness,
        answers.model as teacher_model,
        answers.created_at::timestamp_ms as created_at,
        conversations.words,
        list_concat(answers.source_events, conversations.span_events, [answers.score_event]) as source_events,
        to_json({
            'rule': 'completed attempt with a score of 8 or more',
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
    where answers.score >= 8
),

identified as (
    select
        conversation_row_id('sft', messages, substr(to_json({
            'tools': tools, 'weight': weight, 'score': score, 'outcome': outcome,
            'num_assistant_turns': num_assistant_turns, 'num_tool_calls': num_tool_calls, 'has_reasoning': has_reasoning
        })::varchar, 2)) as id,
        *,
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
