-- One row per order of two recorded answers to one prompt, and per source (scores, comparison, lock) that states it.
-- @key better_id, worse_id, order_source
-- @not_null is_best, is_contradicted, stated_by
-- @check better_id <> worse_id
-- @check order_source in ('scores', 'comparison', 'lock')
with

-- Only answers to the same words and documents, said in one session, can be held against each other.
answers as (
    select
        answer_id, artifact_id, session_id, cycle, lineage_id, prompt_hash, context_hash, sha256(prompt) as prompt_text_hash,
        output_hash, score, score_event, lock_event, locked_at, is_failure, created_at,
    from events.answers
    where prompt is not null and output is not null
),

-- The earliest of several best ones is the best.
scored as (
    select
        *,
        row_number() over (
            partition by session_id, cycle, prompt_hash, context_hash, prompt_text_hash
            order by score desc, created_at, answer_id
        ) = 1 as is_best,
    from answers
    where score between 1 and 10
),

by_scores as (
    select
        better.answer_id as better_id,
        worse.answer_id as worse_id,
        'scores' as order_source,
        [better.score_event, worse.score_event] as stated_by,
        better.is_best,
    from scored as better
    join scored as worse using (session_id, prompt_hash, context_hash, prompt_text_hash)
    where better.cycle is not distinct from worse.cycle
        and score_difference(better.score, worse.score) >= least_score_delta()
),

-- Whoever compares the same answers again thinks better of it.
comparisons as (
    select event_id, ranking
    from events.facts
    where event_type = 'artifact.compared' and len(list_distinct(ranking)) = len(ranking)
    qualify row_number() over (partition by list_sort(ranking) order by occurred_at desc, event_id desc) = 1
),

ranked as (
    select
        comparisons.event_id,
        answers.*,
        row_number() over (
            partition by event_id, session_id, prompt_hash, context_hash, prompt_text_hash order by place
        ) as place,
    from (
        select event_id, unnest(ranking) as artifact_id, generate_subscripts(ranking, 1) as place from comparisons
    ) as comparisons
    join answers using (artifact_id)
),

by_comparison as (
    select
        better.answer_id as better_id,
        worse.answer_id as worse_id,
        'comparison' as order_source,
        list(better.event_id order by better.event_id) as stated_by,
        bool_or(better.place = 1) as is_best,
    from ranked as better
    join ranked as worse using (event_id, session_id, prompt_hash, context_hash, prompt_text_hash)
    where better.place < worse.place
    group by all
),

-- What came after the lock, or failed before anything was handed in, was never in the running.
by_lock as (
    select
        better.answer_id as better_id,
        worse.answer_id as worse_id,
        'lock' as order_source,
        [better.lock_event] as stated_by,
        true as is_best,
    from answers as better
    join answers as worse using (session_id, prompt_hash, context_hash, prompt_text_hash)
    where better.lock_event is not null
        and better.cycle is not distinct from worse.cycle
        and better.lineage_id <> worse.lineage_id
        and worse.created_at <= better.locked_at
        and not worse.is_failure
),

orders as (
    select stated.*
    from (
        select * from by_scores
        union all by name
        select * from by_comparison
        union all by name
        select * from by_lock
    ) as stated
    join answers as better on better.answer_id = stated.better_id
    join answers as worse on worse.answer_id = stated.worse_id
    where better.output_hash <> worse.output_hash
),

reversed as (
    select better_id as worse_id, worse_id as better_id from orders group by all
)

select
    orders.better_id,
    orders.worse_id,
    orders.order_source,
    orders.is_best,
    reversed.better_id is not null as is_contradicted,
    orders.stated_by,
from orders
left join reversed using (better_id, worse_id)
order by orders.better_id, orders.worse_id, orders.order_source
