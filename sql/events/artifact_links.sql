-- One row per artifact that was recorded, with what it leads to as far as that is known.
-- @split day
-- @key artifact_id
-- @not_null is_attempt_known, created_event, created_at
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
