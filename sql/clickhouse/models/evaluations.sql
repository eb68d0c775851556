-- One row per score that somebody gave an artifact; none is ever replaced, the last one is marked.
-- @key event_id
with

scored as (
    select * from model_facts where event_type = 'artifact.scored'
),

-- Only what scores an artifact can be anyone's last word on it.
ranked as (
    select
        event_id,
        row_number() over (partition by artifact_id, rater order by occurred_at desc, event_id desc) as rater_rank,
        row_number() over (partition by artifact_id order by occurred_at desc, event_id desc) as artifact_rank
    from scored
    where artifact_id is not null and score is not null
)

select
    scored.day as day,
    scored.event_id as event_id,
    scored.artifact_id as artifact_id,
    scored.score as score,
    scored.comment as comment,
    scored.rater as rater,
    scored.occurred_at as scored_at,
    ifNull(ranked.rater_rank = 1, false) as is_current,
    ifNull(ranked.artifact_rank = 1, false) as is_last
from scored
left join ranked on ranked.event_id = scored.event_id
order by event_id
