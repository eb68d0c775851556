-- One row per two recorded answers to one prompt that some source orders, its best against a worse one: who else says so.
-- @key better_id, worse_id
-- @not_null made_by, stated_by, contradicted_by, feedback_events
-- @check better_id <> worse_id
-- @check len(made_by) > 0
-- @check len(list_intersect(stated_by, made_by)) = len(made_by)
-- @column better_id   The answer_id of the better one in events.answers.
-- @column worse_id   The answer_id of the worse one: to the same prompt and documents, in the same
--     session, in other words.
-- @column made_by   The sources in which the better one is the best and this a worse one, sorted:
--     comparison (first in the ranking), lock (locked over an answer of another lineage), scores
--     (the cycle's best, by 2 points or more).
-- @column stated_by   All sources that put the better one above this, its best or not: comparison,
--     scores, lock, the strongest first.
-- @column contradicted_by   Sources that put this one above the better, in the same words; [] where
--     none does.
-- @column feedback_events   Ids of the comparisons and the lock that state the order; scores are in
--     events.answers.
with

-- Only answers to the same words and documents, given in one session, can be held against each other.
answers as (
    select
        answer_id, artifact_id, session_id, cycle, lineage_id, prompt_hash, context_hash, sha256(prompt) as prompt_text_hash,
        output_hash, case when score between 1 and 10 then score end as score, lock_event, locked_at, is_failure, created_at,
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
    where score is not null
),

by_scores as (
    select better.answer_id as better_id, worse.answer_id as worse_id, 'scores' as source
    from scored as better
    join scored as worse using (session_id, prompt_hash, context_hash, prompt_text_hash)
    where better.is_best
        and better.cycle is not distinct from worse.cycle
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
        answers.*,
        event_id,
        row_number() over (
            partition by event_id, session_id, prompt_hash, context_hash, prompt_text_hash order by given_place
        ) as place,
    from (
        select event_id, unnest(ranking) as artifact_id, generate_subscripts(ranking, 1) as given_place from comparisons
    )
    join answers using (artifact_id)
),

by_comparison as (
    select better.answer_id as better_id, worse.answer_id as worse_id, 'comparison' as source
    from ranked as better
    join ranked as worse using (event_id, session_id, prompt_hash, context_hash, prompt_text_hash)
    where better.place = 1 and worse.place > 1
),

by_lock as (
    select better.answer_id as better_id, worse.answer_id as worse_id, 'lock' as source
    from answers as better
    join answers as worse using (session_id, prompt_hash, context_hash, prompt_text_hash)
    where better.cycle is not distinct from worse.cycle
        and is_locked_over(
            better.lineage_id, better.lock_event, better.locked_at, worse.lineage_id, worse.created_at, worse.is_failure)
),

made as (
    select better_id, worse_id, list_sort(list_distinct(list(source))) as made_by
    from (
        select * from by_scores
        union all
        select * from by_comparison
        union all
        select * from by_lock
    )
    group by all
),

compared as (
    select
        made.better_id,
        made.worse_id,
        bool_or(better.place < worse.place) as is_stated,
        bool_or(better.place > worse.place) as is_contradicted,
        list(better.event_id order by better.event_id) filter (where better.place < worse.place) as events,
    from made
    join ranked as better on better.answer_id = made.better_id
    join ranked as worse on worse.answer_id = made.worse_id and worse.event_id = better.event_id
    group by all
),

-- What each source says of the two, also where its own best is another answer.
judged as (
    select
        made.*,
        better.lock_event,
        better.cycle is not distinct from worse.cycle as is_one_cycle,
        score_difference(better.score, worse.score) as points,
        is_locked_over(
            better.lineage_id, better.lock_event, better.locked_at, worse.lineage_id, worse.created_at, worse.is_failure
        ) as is_locked_over,
        is_locked_over(
            worse.lineage_id, worse.lock_event, worse.locked_at, better.lineage_id, better.created_at, better.is_failure
        ) as is_locked_under,
    from made
    join answers as better on better.answer_id = made.better_id
    join answers as worse on worse.answer_id = made.worse_id
    where better.output_hash <> worse.output_hash
)

select
    judged.better_id,
    judged.worse_id,
    judged.made_by,
    tags_where([
        ('comparison', compared.is_stated),
        ('scores', judged.is_one_cycle and judged.points >= least_score_delta()),
        ('lock', judged.is_one_cycle and judged.is_locked_over)
    ]) as stated_by,
    tags_where([
        ('comparison', compared.is_contradicted),
        ('scores', judged.is_one_cycle and judged.points <= -least_score_delta()),
        ('lock', judged.is_one_cycle and judged.is_locked_under)
    ]) as contradicted_by,
    list_concat(
        coalesce(compared.events, []),
        case when judged.is_one_cycle and judged.is_locked_over then [judged.lock_event] else [] end
    ) as feedback_events,
from judged
left join compared using (better_id, worse_id)
order by judged.better_id, judged.worse_id
