-- One row per score that somebody gave an artifact; none is ever replaced, the last one is marked.
-- @split day
-- @key event_id
-- @not_null scored_at, is_current, is_last
-- @check not is_last or is_current
with

scored as (
    select * from events.facts where event_type = 'artifact.scored'
),

-- Only what scores an artifact can be anyone's last word on it.
ranked as (
    select
        event_id,
        row_number() over (partition by artifact_id, rater order by occurred_at desc, event_id desc) as rater_rank,
        row_number() over (partition by artifact_id order by occurred_at desc, event_id desc) as artifact_rank,
    from scored
    where artifact_id is not null and score is not null
)

select
    scored.day,
    scored.event_id,
    scored.artifact_id,
    scored.score,
    scored.comment,
    scored.rater,
    scored.occurred_at as scored_at,
    coalesce(ranked.rater_rank = 1, false) as is_current,
    coalesce(ranked.artifact_rank = 1, false) as is_last,
from scored
left join ranked using (event_id)
order by scored.event_id
