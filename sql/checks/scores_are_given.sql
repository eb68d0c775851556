-- Every score in a training set is that of an evaluation among the row's source events.
with

scored as (
    select 'reward' as dataset, id, score, source_events from datasets.reward
    union all by name
    select 'sft' as dataset, id, score, source_events from datasets.sft
    union all by name
    select 'preference' as dataset, id, score_chosen as score, source_events from datasets.preference
    union all by name
    select 'preference' as dataset, id, score_rejected as score, source_events from datasets.preference
),

given as (
    select named.dataset, named.id, named.score
    from (
        select dataset, id, score, unnest(source_events) as event_id
        from scored
        where score is not null
    ) as named
    join events.evaluations as evaluations using (event_id)
    where evaluations.score = named.score
    group by all
)

select scored.dataset, scored.id, scored.score
from scored
anti join given using (dataset, id, score)
where scored.score is not null
order by all
