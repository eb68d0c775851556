-- One row per preference pair of recorded answers: the best of its prompt against one worse answer.
-- @key pair_id
with

-- Sources that contradict each other say nothing; of several that agree the strongest gives the pair its name.
pairs as (
    select
        better_id as chosen_id,
        worse_id as rejected_id,
        arrayFilter(pairs_source -> has(made_by, pairs_source), stated_by)[1] as pair_source,
        stated_by,
        feedback_events
    from model_answer_orders
    where empty(contradicted_by)
)

select
    left(sha256(concat('pair|', pairs.chosen_id, '|', pairs.rejected_id)), 32) as pair_id,
    pairs.chosen_id as chosen_id,
    pairs.rejected_id as rejected_id,
    chosen_answers.session_id as session_id,
    chosen_answers.group_id as group_id,
    chosen_answers.cycle as cycle,
    chosen_answers.agent_id as agent_id,
    chosen_answers.agent_version as agent_version,
    chosen_answers.model as model,
    chosen_answers.prompt as prompt,
    chosen_answers.output as chosen,
    rejected_answers.output as rejected,
    chosen_answers.prompt_hash as prompt_hash,
    chosen_answers.context_hash as context_hash,
    chosen_answers.output_hash as chosen_hash,
    rejected_answers.output_hash as rejected_hash,
    chosen_answers.score as score_chosen,
    rejected_answers.score as score_rejected,
    score_difference(chosen_answers.score, rejected_answers.score) as score_delta,
    1 / count() over (
        partition by
            chosen_answers.session_id, chosen_answers.cycle, chosen_answers.prompt_hash, chosen_answers.context_hash,
            chosen_answers.prompt, pairs.pair_source
    ) as pair_weight,
    pairs.pair_source as pair_source,
    pairs.stated_by as stated_by,
    chosen_answers.input_event as input_event,
    chosen_answers.output_event as chosen_event,
    rejected_answers.output_event as rejected_event,
    -- Scores stand in the row, so what gave them is named whatever the pair's source is.
    arraySort(arrayDistinct(arrayFilter(pairs_event -> pairs_event <> '', arrayConcat(
        chosen_answers.source_events,
        rejected_answers.source_events,
        pairs.feedback_events,
        [ifNull(chosen_answers.score_event, ''), ifNull(rejected_answers.score_event, '')]
    )))) as source_events,
    arrayConcat(chosen_answers.sources, rejected_answers.sources) as sources,
    [chosen_answers.attempt_id, rejected_answers.attempt_id] as attempt_ids,
    arraySort(arrayDistinct(arrayConcat(chosen_answers.tags, rejected_answers.tags))) as tags,
    chosen_answers.created_at as created_at,
    chosen_answers.day as day
from pairs
join model_answers as chosen_answers on chosen_answers.answer_id = pairs.chosen_id
join model_answers as rejected_answers on rejected_answers.answer_id = pairs.rejected_id
order by pair_id
