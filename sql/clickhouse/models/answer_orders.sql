-- One row per two recorded answers to one prompt that some source orders, its best against a worse one: who else says so.
-- @key better_id, worse_id
with

-- Only answers to the same words and documents, given in one session, can be held against each other.
answers as (
    select
        answer_id,
        artifact_id,
        (session_id, prompt_hash, context_hash, sha256(prompt)) as asked,
        cycle,
        lineage_id,
        output_hash,
        if(answers.score between 1 and 10, answers.score, null) as points,
        lock_event,
        locked_at,
        is_failure,
        created_at
    from model_answers as answers
    where prompt is not null and output is not null
),

-- The earliest of several best ones is the best.
scored as (
    select
        *,
        row_number() over (partition by asked, cycle order by points desc, created_at, answer_id) = 1 as is_best
    from answers
    where points is not null
),

by_scores as (
    select better.answer_id as better_id, worse.answer_id as worse_id, 'scores' as source
    from scored as better
    join scored as worse on worse.asked = better.asked
    where better.is_best
        and better.cycle <=> worse.cycle
        and score_difference(better.points, worse.points) >= least_score_delta()
),

-- Whoever compares the same answers again thinks better of it.
comparisons as (
    select event_id, ranking
    from model_facts
    where event_type = 'artifact.compared' and length(arrayDistinct(ranking)) = length(ranking)
    qualify row_number() over (partition by arraySort(ranking) order by occurred_at desc, event_id desc) = 1
),

places as (
    select event_id, artifact_id, given_place
    from comparisons
    array join ranking as artifact_id, arrayEnumerate(ranking) as given_place
),

ranked as (
    select
        answers.*,
        places.event_id as event_id,
        row_number() over (partition by places.event_id, answers.asked order by places.given_place) as place
    from places
    join answers on answers.artifact_id = places.artifact_id
),

by_comparison as (
    select better.answer_id as better_id, worse.answer_id as worse_id, 'comparison' as source
    from ranked as better
    join ranked as worse on worse.event_id = better.event_id and worse.asked = better.asked
    where better.place = 1 and worse.place > 1
),

by_lock as (
    select better.answer_id as better_id, worse.answer_id as worse_id, 'lock' as source
    from answers as better
    join answers as worse on worse.asked = better.asked
    where better.cycle <=> worse.cycle
        and is_locked_over(
            better.lineage_id, better.lock_event, better.locked_at, worse.lineage_id, worse.created_at, worse.is_failure)
),

made as (
    select better_id, worse_id, arraySort(groupUniqArray(source)) as made_by
    from (
        select * from by_scores
        union all
        select * from by_comparison
        union all
        select * from by_lock
    )
    group by better_id, worse_id
),

compared as (
    select
        made.better_id as better_id,
        made.worse_id as worse_id,
        max(better.place < worse.place) as is_stated,
        max(better.place > worse.place) as is_contradicted,
        arraySort(groupArrayIf(better.event_id, better.place < worse.place)) as events
    from made
    join ranked as better on better.answer_id = made.better_id
    join ranked as worse on worse.answer_id = made.worse_id and worse.event_id = better.event_id
    group by better_id, worse_id
),

-- What each source says of the two, also where its own best is another answer.
judged as (
    select
        made.better_id as better_id,
        made.worse_id as worse_id,
        made.made_by as made_by,
        better.lock_event as lock_event,
        better.cycle <=> worse.cycle as is_one_cycle,
        score_difference(better.points, worse.points) as delta,
        is_locked_over(
            better.lineage_id, better.lock_event, better.locked_at, worse.lineage_id, worse.created_at, worse.is_failure
        ) as is_over,
        is_locked_over(
            worse.lineage_id, worse.lock_event, worse.locked_at, better.lineage_id, better.created_at, better.is_failure
        ) as is_under
    from made
    join answers as better on better.answer_id = made.better_id
    join answers as worse on worse.answer_id = made.worse_id
    where better.output_hash <> worse.output_hash
)

select
    judged.better_id as better_id,
    judged.worse_id as worse_id,
    judged.made_by as made_by,
    tags_where([
        ('comparison', ifNull(compared.is_stated, 0)),
        ('scores', ifNull(judged.is_one_cycle and judged.delta >= least_score_delta(), 0)),
        ('lock', ifNull(judged.is_one_cycle and judged.is_over, 0))
    ]) as stated_by,
    tags_where([
        ('comparison', ifNull(compared.is_contradicted, 0)),
        ('scores', ifNull(judged.is_one_cycle and judged.delta <= -least_score_delta(), 0)),
        ('lock', ifNull(judged.is_one_cycle and judged.is_under, 0))
    ]) as contradicted_by,
    arrayConcat(
        compared.events,
        if(ifNull(judged.is_one_cycle and judged.is_over, false), [assumeNotNull(judged.lock_event)], [])
    ) as feedback_events
from judged
left join compared on compared.better_id = judged.better_id and compared.worse_id = judged.worse_id
order by better_id, worse_id
