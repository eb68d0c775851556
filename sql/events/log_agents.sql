-- One row per definition of an agent met in the session logs: harness, version, model, instructions; where it was met first.
-- @split day
-- @key definition_id
-- @not_null event_id, agent_id, agent_version, turn_id
select
    turn_agents.day,
    turn_agents.definition_id,
    derived_event_id('agent.created', turn_agents.definition_id) as event_id,
    turn_agents.agent_id,
    turn_agents.agent_version,
    turn_agents.turn_id,
    turn_agents.started_at as occurred_at,
from events.turn_agents
qualify row_number() over (
    partition by turn_agents.definition_id order by turn_agents.started_at, turn_agents.day, turn_agents.turn_id
) = 1
order by turn_agents.definition_id
