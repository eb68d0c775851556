-- One row per artifact that was recorded, with what it leads to as far as that is known.
-- @split day
-- @key artifact_id
-- @not_null is_attempt_known, created_event, created_at
-- @column artifact_id   The program's id of a thing that an attempt handed in to be judged.
--     Recorded twice, the last holds.
-- @column attempt_id   The attempt that the artifact names as its maker; null where it names none.
-- @column is_attempt_known   Whether that attempt was started (events.attempts).
-- @column agent_id   The agent of its attempt; null where the attempt is not known.
-- @column agent_version   The version of the agent that made it; null where the attempt is not
--     known or tells none.
-- @column lineage_id   The lineage of its attempt, else the one that the artifact names; null where
--     neither does.
-- @column session_id   The session of its attempt, else the one that the artifact names; null where
--     neither does.
-- @column cycle   The cycle of its attempt; null where that is not known or has none.
-- @column kind   What it is, in the program's own word (text, json); null where not told.
-- @column title   Its title; null where not told.
-- @column payload_hash   SHA-256 (hex) of the payload that holds its content
--     (events.payload_blobs).
-- @column created_event   Id of the event that recorded it, the last where several did.
-- @column created_at   When that event happened (UTC).
with

created as (
    select *
    from events.facts
    where event_type = 'artifact.created' and artifact_id is not null
    qualify row_number() over (partition by artifact_id order by occurred_at desc, event_id desc) = 1
),

first_days as (
    select artifact_id, arg_min(day, (occurred_at, event_id)) as day
    from events.facts
    where event_type = 'artifact.created' and artifact_id is not null
    group by artifact_id
)

-- What the attempt says holds: an artifact came out of it and of nothing else.
select
    first_days.day,
    created.artifact_id,
    created.attempt_id,
    attempts.attempt_id is not null as is_attempt_known,
    attempts.agent_id,
    attempts.agent_version,
    coalesce(attempts.lineage_id, created.lineage_id) as lineage_id,
    coalesce(attempts.session_id, created.session_id) as session_id,
    attempts.cycle,
    created.kind,
    created.title,
    created.payload_hash,
    created.event_id as created_event,
    created.occurred_at as created_at,
from created
join first_days using (artifact_id)
left join events.attempts using (attempt_id)
order by created.artifact_id
