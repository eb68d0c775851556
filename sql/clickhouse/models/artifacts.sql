-- One row per artifact whose attempt, agent version, lineage and session are known.
-- @key artifact_id
with

created as (
    select *
    from model_facts
    where event_type = 'artifact.created' and artifact_id is not null
    qualify row_number() over (partition by artifact_id order by occurred_at desc, event_id desc) = 1
),

first_days as (
    select artifact_id, argMin(facts.day, (occurred_at, event_id)) as day
    from model_facts as facts
    where event_type = 'artifact.created' and artifact_id is not null
    group by artifact_id
),

-- What the attempt says holds: an artifact came out of it and of nothing else.
linked as (
    select
        first_days.day as day,
        created.artifact_id as artifact_id,
        created.attempt_id as attempt_id,
        attempts.agent_id as agent_id,
        attempts.agent_version as agent_version,
        coalesce(attempts.lineage_id, created.lineage_id) as lineage_id,
        coalesce(attempts.session_id, created.session_id) as session_id,
        attempts.cycle as cycle,
        created.kind as kind,
        created.title as title,
        created.payload_hash as payload_hash,
        created.event_id as created_event,
        created.occurred_at as created_at
    from created
    join first_days on first_days.artifact_id = created.artifact_id
    join model_attempts as attempts on attempts.attempt_id = created.attempt_id
)

select *
from linked
where agent_id is not null
    and agent_version is not null
    and lineage_id is not null
    and session_id is not null
order by artifact_id
