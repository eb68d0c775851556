-- Every artifact leads to its attempt, agent version, lineage and session.
select artifacts.artifact_id, artifacts.attempt_id, artifacts.lineage_id, artifacts.session_id
from events.artifacts
left join events.attempts using (attempt_id)
left join events.agent_definitions
    on agent_definitions.agent_id = artifacts.agent_id
    and agent_definitions.agent_version = artifacts.agent_version
left join events.lineages on lineages.lineage_id = artifacts.lineage_id
left join events.sessions on sessions.session_id = artifacts.session_id
where attempts.attempt_id is null
    or agent_definitions.agent_id is null
    or lineages.lineage_id is null
    or sessions.session_id is null
order by artifacts.artifact_id
