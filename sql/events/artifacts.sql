-- One row per artifact whose attempt, agent version, lineage and session are known; the others are in events.orphans.
-- @split day
-- @key artifact_id
-- @not_null attempt_id, agent_id, agent_version, lineage_id, session_id, created_event, created_at
select
    day,
    artifact_id,
    attempt_id,
    agent_id,
    agent_version,
    lineage_id,
    session_id,
    cycle,
    kind,
    title,
    payload_hash,
    created_event,
    created_at,
from events.artifact_links
where is_attempt_known
    and agent_id is not null
    and agent_version is not null
    and lineage_id is not null
    and session_id is not null
order by artifact_id
