-- One row per thing a recorded agent handed in: an artifact, or what an attempt without one ended with.
-- @key answer_id
with

attempts as (
    select * from model_attempts where origin = 'recorded'
),

artifacts as (
    select * from model_artifacts
),

-- What an attempt made an artifact of is handed in once, as that artifact.
handed_in as (
    select
        artifacts.artifact_id as answer_id,
        artifacts.artifact_id as artifact_id,
        artifacts.attempt_id as attempt_id,
        coalesce(artifacts.session_id, attempts.session_id) as session_id,
        coalesce(artifacts.lineage_id, attempts.lineage_id) as lineage_id,
        artifacts.created_event as output_event
    from artifacts
    join attempts on attempts.attempt_id = artifacts.attempt_id
    union all
    select
        -- Programs name attempts and artifacts as they like: the same name twice must not be one answer.
        concat(if(attempts.attempt_id in (select artifact_id from artifacts), 'attempt/', ''), attempts.attempt_id),
        null,
        attempts.attempt_id,
        attempts.session_id,
        attempts.lineage_id,
        attempts.output_event
    from attempts
    where attempts.output_event is not null
        and attempts.attempt_id not in (select attempt_id from artifacts)
),

-- An input without words is no prompt.
inputs as (
    select
        event_id,
        json_fields(json_fields(payload)['input']) as fields,
        answer_text(fields['need']) as need,
        nullIf(input_text(fields), '') as input,
        context_text(fields) as context,
        json_place(source_path, byte_offset, byte_offset + byte_length) as place
    from model_recorded_events
    where is_known and event_type = 'attempt.started'
),

outputs as (
    select
        day,
        event_id,
        occurred_at,
        tags,
        answer_text(json_fields(payload)[multiIf(
            event_type = 'artifact.created', 'content', event_type = 'attempt.completed', 'output', 'partial_output'
        )]) as output,
        (event_type = 'attempt.failed')::Bool as is_failure,
        json_place(source_path, byte_offset, byte_offset + byte_length) as place
    from model_recorded_events
    where is_known and event_type in ('artifact.created', 'attempt.completed', 'attempt.failed')
),

answers as (
    select
        handed_in.answer_id as answer_id,
        handed_in.artifact_id as artifact_id,
        handed_in.attempt_id as attempt_id,
        handed_in.session_id as session_id,
        handed_in.lineage_id as lineage_id,
        handed_in.output_event as output_event,
        attempts.agent_id as agent_id,
        attempts.agent_version as agent_version,
        attempts.cycle as cycle,
        attempts.rollout_id as rollout_id,
        attempts.model as model,
        attempts.status as status,
        attempts.error as error,
        attempts.input_tokens as input_tokens,
        attempts.output_tokens as output_tokens,
        attempts.input_event as input_event,
        attempts.tags as attempt_tags,
        inputs.need as need,
        inputs.input as input,
        inputs.context as context,
        inputs.place as input_place,
        if(has_words(outputs.output), outputs.output, null) as output,
        outputs.place as output_place,
        outputs.is_failure as is_failure,
        outputs.tags as output_tags,
        outputs.occurred_at as created_at,
        outputs.day as day
    from handed_in
    join attempts on attempts.attempt_id = handed_in.attempt_id
    join outputs on outputs.event_id = handed_in.output_event
    join inputs on inputs.event_id = attempts.input_event
    -- Without a session there is no family, so no side of a split to stand on.
    where handed_in.session_id is not null
),

locks as (
    select lock_event, locked_at, lineage_id, session_id, locked_artifact_id as artifact_id
    from model_lineages
    where is_locked
),

-- A lock holds the artifact it names; one that names none holds the lineage's newest answer before it.
locked as (
    select answers.answer_id as answer_id, locks.lock_event as lock_event, locks.locked_at as locked_at
    from answers
    join locks on locks.lineage_id = answers.lineage_id
    where if(
        locks.artifact_id is not null,
        locks.artifact_id = answers.artifact_id,
        not answers.is_failure
            and answers.session_id = coalesce(locks.session_id, answers.session_id)
            and (answers.created_at, answers.output_event) < (locks.locked_at, locks.lock_event))
    qualify row_number() over (
        partition by locks.lock_event order by answers.created_at desc, answers.answer_id desc
    ) = 1
),

scores as (
    select evaluations.*, events.tags as tags
    from model_evaluations as evaluations
    join model_recorded_events as events on events.event_id = evaluations.event_id
    where evaluations.is_last
)

select
    answers.answer_id as answer_id,
    answers.attempt_id as attempt_id,
    answers.artifact_id as artifact_id,
    assumeNotNull(answers.session_id) as session_id,
    coalesce(sessions.root_session_id, answers.session_id) as group_id,
    answers.lineage_id as lineage_id,
    answers.agent_id as agent_id,
    answers.agent_version as agent_version,
    answers.cycle as cycle,
    answers.rollout_id as rollout_id,
    answers.need as need,
    answer_prompt(answers.input, answers.context) as prompt,
    text_hash(answers.input) as prompt_hash,
    -- Exact, unlike prompt_hash: documents that differ in a path or an id are different documents.
    sha256(answers.context) as context_hash,
    answers.output as output,
    text_hash(answers.output) as output_hash,
    answers.status as status,
    answers.error as error,
    scores.score as score,
    scores.rater as rater,
    scores.event_id as score_event,
    locked.lock_event is not null as is_locked,
    locked.lock_event as lock_event,
    locked.locked_at as locked_at,
    answers.is_failure as is_failure,
    arraySort(arrayDistinct(arrayConcat(answers.attempt_tags, answers.output_tags, scores.tags))) as tags,
    answers.model as model,
    answers.created_at as created_at,
    answers.input_tokens as input_tokens,
    answers.output_tokens as output_tokens,
    answers.input_event as input_event,
    answers.output_event as output_event,
    [answers.input_event, assumeNotNull(answers.output_event)] as source_events,
    [answers.input_place, answers.output_place] as sources,
    answers.day as day
from answers
left join scores on scores.artifact_id = answers.artifact_id
left join locked on locked.answer_id = answers.answer_id
left join sessions on sessions.session_id = answers.session_id
order by answer_id
