-- One row per score that people gave an answer: pointwise rewards, the scores of failed attempts among them.
-- @key id
with

answers as (
    select * from model_answers where prompt is not null and output is not null
),

given as (
    select
        evaluations.day as scored_day,
        evaluations.artifact_id as scored_artifact,
        evaluations.event_id as evaluation_event,
        assumeNotNull(evaluations.score) as given_score,
        evaluations.rater as given_by,
        toDateTime64(evaluations.scored_at, 3, 'UTC') as given_at,
        evaluations.comment as comment,
        evaluations.is_current as is_current,
        evaluations.is_last as is_last,
        json_place(events.source_path, events.byte_offset, events.byte_offset + events.byte_length) as evaluation_place
    from model_evaluations as evaluations
    join model_recorded_events as events on events.event_id = evaluations.event_id
    where evaluations.score between 1 and 10
),

examples as (
    select
        *,
        user_message(assumeNotNull(prompt)) as question,
        assistant_message(assumeNotNull(output), null, emptyArrayString(), true) as answer,
        row_id('reward', concat(
            '{"prompt":[', question,
            '],"completion":[', answer,
            '],"score":', json_double(given_score),
            ',"score_scale":"1-10","rater":', json_or_null(json_text(given_by)),
            '}')) as id
    from given
    join answers on answers.artifact_id = given.scored_artifact
),

-- The same words scored the same by the same rater are one row, of the first time; it names the others.
told_once as (
    select
        id,
        arrayMap(told -> told.2, arraySort(groupArray((given_at, evaluation_event)))) as evaluation_events
    from examples
    group by id
)

select
    examples.scored_day as day,
    [examples.question] as prompt,
    [examples.answer] as completion,
    examples.given_score as score,
    '1-10' as score_scale,
    examples.given_by as rater,
    examples.id as id,
    examples.group_id as group_id,
    split_of(examples.group_id) as split,
    examples.session_id as session_id,
    cast(null, 'Nullable(String)') as project,
    examples.agent_id as harness,
    examples.model as teacher_model,
    examples.given_at as created_at,
    cast(null, 'Nullable(Int32)') as num_tokens,
    text_hash(concat(assumeNotNull(examples.prompt), '\n', assumeNotNull(examples.output))) as content_hash,
    arraySort(arrayDistinct(arrayConcat(examples.source_events, told_once.evaluation_events))) as source_events,
    concat(
        '{"rule":"evaluation of an artifact","origin":"recorded"',
        ',"events":{"input":', json_text(examples.input_event),
        ',"output":', json_text(examples.output_event),
        ',"score":', json_text(examples.evaluation_event), '}',
        ',"documents":', json_texts([answer_document_id(examples.answer_id)]),
        ',"sources":', json_list(arrayPushBack(examples.sources, examples.evaluation_place)),
        ',"attempt_id":', json_text(examples.attempt_id),
        ',"artifact_id":', json_text(examples.artifact_id),
        ',"agent_version":', json_or_null(json_text(examples.agent_version)),
        ',"lineage_id":', json_or_null(json_text(examples.lineage_id)),
        ',"cycle":', json_or_null(toString(examples.cycle)),
        ',"status":', json_text(examples.status),
        ',"comment":', json_or_null(json_text(examples.comment)),
        ',"is_current":', if(examples.is_current, 'true', 'false'),
        ',"is_last":', if(examples.is_last, 'true', 'false'),
        ',"tags":', json_texts(examples.tags),
        ',"prompt_hash":', json_or_null(json_text(examples.prompt_hash)),
        ',"context_hash":', json_text(examples.context_hash),
        ',"evaluations":', json_texts(told_once.evaluation_events),
        '}') as metadata
from examples
join told_once on told_once.id = examples.id
where examples.evaluation_event = told_once.evaluation_events[1]
order by id
