-- One row per score that people gave an answer: pointwise rewards, the scores of failed attempts among them.
-- @split day
-- @key id
-- @not_null prompt, completion, score, score_scale, group_id, split, session_id, created_at, content_hash, source_events, metadata
-- @check score between 1 and 10
-- @check len(prompt) = 1 and len(completion) = 1
-- @check has_words(json_extract_string(prompt[1], '$.content')) and has_words(json_extract_string(completion[1], '$.content'))
-- @column prompt   The user message: need, constraints, test input and context documents as they were given.
-- @column completion   The answer as one assistant message.
-- @column score   The score as it was given.
-- @column score_scale   What the score counts on: 1-10.
-- @column rater   Who gave it; null: not said.
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family; all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session the answer was given in.
-- @column project   Null: recorded answers name no project folder.
-- @column harness   The agent's id, as in events.attempts.
-- @column teacher_model   The model of the attempt.
-- @column created_at   When the score was given (UTC).
-- @column num_tokens   o200k tokens of both messages; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised prompt and answer.
-- @column source_events   Ids of the training events it comes from: input, answer and every evaluation that says the same.
-- @column metadata   Where it comes from: rule, events, documents, byte ranges, attempt, artifact, and whether the score is the
--     rater's last word on the answer (is_current) and anybody's (is_last).
with

answers as (
    select * from events.answers
    where prompt is not null and output is not null
),

rated as (
    select
        answers.*,
        evaluations.event_id as evaluation_event,
        evaluations.score as given_score,
        evaluations.rater as given_by,
        evaluations.scored_at,
        evaluations.comment,
        evaluations.is_current,
        evaluations.is_last,
        events.source_path,
        events.byte_offset,
        events.byte_offset + events.byte_length as byte_end,
        evaluations.day as scored_day,
    from events.evaluations as evaluations
    join answers using (artifact_id)
    join events.recorded_events as events on events.event_id = evaluations.event_id
    where evaluations.score between 1 and 10
),

examples as (
    select
        [user_message(prompt)] as prompt,
        [assistant_message(output, null, [], true)] as completion,
        given_score as score,
        '1-10' as score_scale,
        given_by as rater,
        group_id,
        session_id,
        agent_id as harness,
        model as teacher_model,
        scored_at::timestamp_ms as created_at,
        text_hash(prompt || chr(10) || output) as content_hash,
        source_events,
        evaluation_event,
        {
            'rule': 'evaluation of an artifact',
            'origin': 'recorded',
            'events': {'input': input_event, 'output': output_event, 'score': evaluation_event},
            'documents': [answer_document_id(answer_id)],
            'sources': list_append(
                sources, {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_end}),
            'attempt_id': attempt_id,
            'artifact_id': artifact_id,
            'agent_version': agent_version,
            'lineage_id': lineage_id,
            'cycle': cycle,
            'status': status,
            'comment': comment,
            'is_current': is_current,
            'is_last': is_last,
            'tags': tags,
            'prompt_hash': prompt_hash,
            'context_hash': context_hash
        } as metadata,
        scored_day as day,
    from rated
),

identified as (
    select
        *,
        row_id('reward', {
            'prompt': prompt, 'completion': completion, 'score': score, 'score_scale': score_scale, 'rater': rater
        }) as id,
    from examples
),

-- The same words scored the same by the same rater are one row, of the first time; it names the others.
told_once as (
    select id, evaluation_events[1] as evaluation_event, evaluation_events
    from (
        select
            id,
            list_transform(
                list_sort(list({'created_at': created_at, 'evaluation_event': evaluation_event})),
                lambda one: one.evaluation_event) as evaluation_events,
        from identified
        group by id
    )
)

select
    prompt,
    completion,
    score,
    score_scale,
    rater,
    id,
    group_id,
    split_of(group_id) as split,
    session_id,
    null::varchar as project,
    harness,
    teacher_model,
    created_at,
    null::integer as num_tokens,
    content_hash,
    list_sort(list_distinct(list_concat(source_events, evaluation_events))) as source_events,
    to_json(struct_insert(metadata, evaluations := evaluation_events)) as metadata,
    day,
from identified
join told_once using (id, evaluation_event)
order by id
