-- One row per score that somebody gave an artifact; none is ever replaced, the last one is marked.
-- @split day
-- @key event_id
-- @not_null scored_at, is_current, is_last
-- @check not is_last or is_current
-- @column event_id   Id of the event that tells the score.
-- @column artifact_id   The artifact judged, recorded or not (events.artifacts, events.orphans).
-- @column score   The judgement, from 1 to 10.
-- @column comment   What the rater said of it; null where nothing.
-- @column rater   Who judged, in the program's own words; null where not told, and taken for one
--     rater then.
-- @column scored_at   When it was judged (UTC).
-- @column is_current   Whether it is this rater's last score of the artifact.
-- @column is_last   Whether it is the last score of the artifact by anyone: the one that datasets
--     use.
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
