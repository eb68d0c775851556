-- One row per question and answer that is no copy of an older one: a document for retrieval.
-- @partition day
-- @key id
-- @not_null text, question, answer, qa_id, group_id, split, content_hash
-- @column text   "Question: …", a blank line, "Answer: …": what is indexed.
-- @column question   The human's words.
-- @column answer   The agent's final answer to them.
-- @column qa_id   Id of the pair in core.qa_pairs, the same in the handoff; of a recorded pair the id of its event.
-- @column source_path   The log or event file it stands in, relative to its root.
-- @column source_offset   Byte offset of the question's line in that file.
-- @column ts_ms   When it was answered, in milliseconds since 1970 (UTC).
-- @column question_hash   SHA-256 of the normalised question: case, white space, ids and folders do not count.
-- @column answer_hash   SHA-256 of the normalised answer.
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family (forks, resumes and subagents of one root); all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session the turn belongs to.
-- @column project   Project folder, the home folder written ~; null where a recorded pair names none.
-- @column harness   claude-code or codex; what a recorded pair names, null where it names none.
-- @column teacher_model   The model that answered; null where a recorded pair names none.
-- @column created_at   When the question was asked (UTC); of a recorded pair when it was noted.
-- @column num_tokens   o200k tokens of text; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised question and answer.
-- @column source_events   Ids of the training events it comes from: its attempt's start and end, and the pair's own.
-- @column metadata   Where it comes from: rule, origin, events, the pair's document, turn and the byte ranges of its lines.
with

pairs as (
    select * from core.qa_pairs
    where duplicate_of is null
),

-- A session that goes on in another file may do so within a turn.
turns as (
    select
        turn_id,
        list(
            {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_end} order by begin_position
        ) as sources,
    from (
        select
            turn_id,
            source_path,
            min(position) as begin_position,
            min(byte_offset) as byte_offset,
            max(byte_offset + byte_length) as byte_end,
        from core.steps
        group by turn_id, source_path
    )
    group by turn_id
),

logged as (
    select
        pairs.question,
        pairs.answer,
        pairs.qa_id,
        pairs.source_path,
        pairs.source_offset,
        pairs.ts_ms,
        pairs.question_hash,
        pairs.answer_hash,
        coalesce(sessions.root_session_id, pairs.session_id) as group_id,
        pairs.session_id,
        pairs.project_path as project,
        harness_name(pairs.agent) as harness,
        pairs.model as teacher_model,
        pairs.asked_at::timestamp_ms as created_at,
        pairs.content_hash,
        [
            turn_input_event(pairs.turn_id),
            turn_output_event(pairs.turn_id, 'answered', true),
            derived_event_id('agent.qa.pair', pairs.qa_id)
        ] as source_events,
        to_json({
            'rule': 'answered human turn, no exact duplicate of an older one',
            'origin': 'log',
            'events': {
                'input': turn_input_event(pairs.turn_id),
                'output': turn_output_event(pairs.turn_id, 'answered', true)
            },
            'documents': [pairs.qa_id],
            'turn_ids': [pairs.turn_id],
            'sources': turns.sources
        }) as metadata,
    from pairs
    left join core.sessions as sessions using (session_id)
    left join turns using (turn_id)
),

recorded as (
    select
        pairs.question,
        pairs.answer,
        pairs.event_id as qa_id,
        pairs.source_path,
        pairs.byte_offset as source_offset,
        epoch_ms(pairs.created_at) as ts_ms,
        pairs.question_hash,
        pairs.answer_hash,
        coalesce(session_roots.root_session_id, pairs.session_id) as group_id,
        pairs.session_id,
        pairs.project,
        harness_name(pairs.agent) as harness,
        pairs.model as teacher_model,
        pairs.created_at::timestamp_ms as created_at,
        pairs.content_hash,
        [pairs.event_id] as source_events,
        to_json({
            'rule': 'question and answer that a recorded event notes and no session log holds',
            'origin': 'recorded',
            'events': {'input': pairs.event_id, 'output': pairs.event_id},
            'documents': []::varchar[],
            'sources': [{
                'source_path': pairs.source_path,
                'byte_offset': pairs.byte_offset,
                'byte_end': pairs.byte_offset + pairs.byte_length
            }]
        }) as metadata,
    from events.noted_pairs as pairs
    left join core.session_roots as session_roots using (session_id)
),

documents as (
    select 'Question: ' || question || chr(10) || chr(10) || 'Answer: ' || answer as text, *
    from (
        select * from logged
        union all by name
        select * from recorded
    )
),

identified as (
    select
        text,
        question,
        answer,
        qa_id,
        source_path,
        source_offset,
        ts_ms,
        question_hash,
        answer_hash,
        left(sha256(to_json({
            'dataset': 'qa_documents', 'text': text, 'question': question, 'answer': answer, 'qa_id': qa_id,
            'source_path': source_path, 'source_offset': source_offset, 'ts_ms': ts_ms,
            'question_hash': question_hash, 'answer_hash': answer_hash
        })::varchar), 32) as id,
        group_id,
        split_of(group_id) as split,
        session_id,
        project,
        harness,
        teacher_model,
        created_at,
        null::integer as num_tokens,
        content_hash,
        source_events,
        metadata,
    from documents
)

select * from identified
order by id
