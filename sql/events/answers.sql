-- One row per thing a recorded agent handed in: an artifact, or what an attempt without one ended with.
-- @split day
-- @key answer_id
-- @not_null attempt_id, session_id, group_id, status, created_at, output_event, source_events, sources, tags
-- @check (prompt is null) = (prompt_hash is null)
-- @check (output is null) = (output_hash is null)
-- @check (score is null) = (score_event is null)
-- @check is_locked = (lock_event is not null)
-- @column answer_id   The artifact_id; of an attempt without an artifact its attempt_id, behind
--     attempt/ where an artifact has that name.
-- @column attempt_id   The attempt that handed it in. Only recorded attempts: neither log nor seq.
-- @column artifact_id   The artifact; null where the answer is what its attempt ended with.
-- @column session_id   The session of its attempt or artifact. Without one there is no answer here.
-- @column group_id   The session family, which stands on one side of a split: the root of the
--     session's forks and resumes, else the session.
-- @column lineage_id   The lineage of its artifact, else of its attempt; null where neither has
--     one.
-- @column need   What was asked for; other JSON than a text in its canonical form. Null where
--     nothing was.
-- @column prompt   What it answers as one text: need, constraints and test input, then the context
--     documents. Never the agent's system prompt. Null where nothing was asked.
-- @column prompt_hash   SHA-256 (hex) of the normalised prompt without its documents; null where
--     nothing was asked.
-- @column context_hash   SHA-256 (hex) of the very characters of the context documents, of '' where
--     there are none.
-- @column output   What was handed in: the artifact's content, the attempt's output, or what a
--     failed attempt had so far. Null where that has no words.
-- @column output_hash   SHA-256 (hex) of the normalised output; null where there is none.
-- @column status   How its attempt stands: completed, failed, or started where an artifact came
--     before any end.
-- @column error   Why the attempt failed, the first 200 characters; null unless it did.
-- @column score   The last score of the artifact by anyone, from 1 to 10; null: nobody scored it,
--     or it is no artifact.
-- @column rater   Who gave that score; null where not told.
-- @column score_event   Id of the event that tells that score.
-- @column is_locked   Whether a lock of its lineage that still holds names it, or names nothing and
--     it was the newest answer then.
-- @column lock_event   Id of that lock's event.
-- @column locked_at   When the lock was set (UTC).
-- @column is_failure   Whether output is what a failed attempt had so far; an artifact of a failed
--     attempt is none.
-- @column spans   Its attempt's spans as a JSON list in one text, oldest first, each as told last:
--     span_id, parent_span_id, kind, tool_name, input, output, is_error, event_id, duration_ms,
--     source_path, byte_offset, byte_end. [] where there are none.
-- @column span_count   How many these are.
-- @column has_reasoning   Whether one of them is reasoning.
-- @column tags   Tags of its attempt, of the event that handed it in and of its score, sorted; []
--     where there are none.
-- @column model   The model of its attempt; null where none is known.
-- @column created_at   When it was handed in (UTC).
-- @column input_tokens   Input tokens of its whole attempt; null where not told.
-- @column output_tokens   Output tokens of its whole attempt; null where not told.
-- @column input_event   Id of the event attempt.started.
-- @column output_event   Id of the event that handed it in: artifact.created, attempt.completed or
--     attempt.failed.
-- @column source_events   input_event and output_event.
-- @column sources   The lines of both: source_path, byte_offset and byte_end, the first byte behind
--     it.
with

attempts as (
    select * from events.attempts
    where origin = 'recorded'
),

artifacts as (
    select * from events.artifacts
),

evaluations as (
    select * from events.evaluations
    where is_last
),

-- What an attempt made an artifact of is handed in once, as that artifact.
handed_in as (
    select
        artifacts.artifact_id as answer_id,
        artifacts.artifact_id,
        artifacts.attempt_id,
        coalesce(artifacts.session_id, attempts.session_id) as session_id,
        coalesce(artifacts.lineage_id, attempts.lineage_id) as lineage_id,
        artifacts.created_event as output_event,
    from artifacts
    join attempts using (attempt_id)
    union all by name
    select
        -- Programs name attempts and artifacts as they like: the same name twice must not be one answer.
        case when namesakes.artifact_id is null then '' else 'attempt/' end || attempts.attempt_id as answer_id,
        attempts.attempt_id,
        attempts.session_id,
        attempts.lineage_id,
        attempts.output_event,
    from attempts
    anti join artifacts using (attempt_id)
    left join artifacts as namesakes on namesakes.artifact_id = attempts.attempt_id
    where attempts.output_event is not null
),

-- An input without words is no prompt.
inputs as (
    select
        event_id,
        answer_text(json_extract(payload, '$.input.need')) as need,
        nullif(input_text(json_extract(payload, '$.input')), '') as input,
        context_text(json_extract(payload, '$.input')) as context,
        {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_offset + byte_length} as place,
    from events.recorded_events
    where is_known and event_type = 'attempt.started'
),

outputs as (
    select
        event_id,
        occurred_at,
        tags,
        case event_type
            when 'artifact.created' then answer_text(json_extract(payload, '$.content'))
            when 'attempt.completed' then answer_text(json_extract(payload, '$.output'))
            else answer_text(json_extract(payload, '$.partial_output')) end as output,
        event_type = 'attempt.failed' as is_failure,
        {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_offset + byte_length} as place,
        day,
    from events.recorded_events
    where is_known and event_type in ('artifact.created', 'attempt.completed', 'attempt.failed')
),

-- A span recorded again is the same span, told better; of a program that numbers no spans, the event itself is the span.
last_told as (
    select event_id
    from (
        select
            event_id, attempt_id, occurred_at, coalesce(name_field(json_extract(payload, '$.span_id')), event_id) as span_id
        from events.recorded_events
        where is_known and event_type = 'attempt.span_recorded'
    )
    qualify row_number() over (partition by attempt_id, span_id order by occurred_at desc, event_id desc) = 1
),

-- Sorted in the list itself: an aggregate with an order keeps far more in memory.
spans as (
    select
        attempt_id,
        list_sort(list({
            'occurred_at': occurred_at,
            'event_id': event_id,
            'text': to_json({
                'span_id': coalesce(name_field(json_extract(payload, '$.span_id')), event_id),
                'parent_span_id': name_field(json_extract(payload, '$.parent_span_id')),
                'kind': text_field(json_extract(payload, '$.kind')),
                'tool_name': text_field(json_extract(payload, '$.tool_name')),
                'input': json_extract(payload, '$.input'),
                'output': json_extract(payload, '$.output'),
                'is_error': flag_field(json_extract(payload, '$.is_error')),
                'event_id': event_id,
                'duration_ms': milliseconds_field(json_extract(payload, '$.duration_ms')),
                'source_path': source_path,
                'byte_offset': byte_offset,
                'byte_end': byte_offset + byte_length
            })::varchar
        })) as spans,
        count(*)::integer as span_count,
        bool_or(text_field(json_extract(payload, '$.kind')) = 'reasoning') as has_reasoning,
    from events.recorded_events
    semi join last_told using (event_id)
    group by attempt_id
),

answers as (
    select
        handed_in.*,
        attempts.agent_id,
        attempts.agent_version,
        attempts.cycle,
        attempts.rollout_id,
        attempts.model,
        attempts.status,
        attempts.error,
        attempts.input_tokens,
        attempts.output_tokens,
        attempts.input_event,
        attempts.tags as attempt_tags,
        inputs.need,
        inputs.input,
        inputs.context,
        inputs.place as input_place,
        outputs.output,
        outputs.place as output_place,
        outputs.is_failure,
        outputs.tags as output_tags,
        outputs.occurred_at as created_at,
        outputs.day,
    from handed_in
    join attempts using (attempt_id)
    join outputs on outputs.event_id = handed_in.output_event
    join inputs on inputs.event_id = attempts.input_event
    -- Without a session there is no family, so no side of a split to stand on.
    where handed_in.session_id is not null
),

locks as (
    select lock_event, locked_at, lineage_id, session_id, locked_artifact_id as artifact_id
    from events.lineages
    where is_locked
),

-- A lock holds the artifact it names; one that names none holds the lineage's newest answer before it.
locked as (
    select answers.answer_id, locks.lock_event, locks.locked_at
    from answers
    join locks
        on locks.lineage_id = answers.lineage_id
        and case
            when locks.artifact_id is not null then locks.artifact_id = answers.artifact_id
            else not answers.is_failure
                and answers.session_id = coalesce(locks.session_id, answers.session_id)
                and (answers.created_at, answers.output_event) < (locks.locked_at, locks.lock_event) end
    qualify row_number() over (
        partition by locks.lock_event order by answers.created_at desc, answers.answer_id desc
    ) = 1
)

select
    answers.answer_id,
    answers.attempt_id,
    answers.artifact_id,
    answers.session_id,
    coalesce(session_roots.root_session_id, answers.session_id) as group_id,
    answers.lineage_id,
    answers.agent_id,
    answers.agent_version,
    answers.cycle,
    answers.rollout_id,
    answers.need,
    answer_prompt(answers.input, answers.context) as prompt,
    text_hash(answers.input) as prompt_hash,
    -- Exact, unlike prompt_hash: documents that differ in a path or an id are different documents.
    sha256(answers.context) as context_hash,
    case when has_words(answers.output) then answers.output end as output,
    case when has_words(answers.output) then text_hash(answers.output) end as output_hash,
    answers.status,
    answers.error,
    evaluations.score,
    evaluations.rater,
    evaluations.event_id as score_event,
    locked.lock_event is not null as is_locked,
    locked.lock_event,
    locked.locked_at,
    answers.is_failure,
    '[' || coalesce(array_to_string(list_transform(spans.spans, lambda span: span.text), ','), '') || ']' as spans,
    coalesce(spans.span_count, 0)::integer as span_count,
    coalesce(spans.has_reasoning, false) as has_reasoning,
    list_sort(list_distinct(list_concat(
        coalesce(answers.attempt_tags, []), coalesce(answers.output_tags, []), coalesce(scored.tags, [])
    ))) as tags,
    answers.model,
    answers.created_at,
    answers.input_tokens,
    answers.output_tokens,
    answers.input_event,
    answers.output_event,
    [answers.input_event, answers.output_event] as source_events,
    [answers.input_place, answers.output_place] as sources,
    answers.day,
from answers
left join evaluations on evaluations.artifact_id = answers.artifact_id
left join events.recorded_events as scored on scored.event_id = evaluations.event_id
left join locked using (answer_id)
left join spans on spans.attempt_id = answers.attempt_id
left join core.session_roots as session_roots on session_roots.session_id = answers.session_id
order by answers.answer_id
