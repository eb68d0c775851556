-- One row per agent met in the session logs, of one harness version, model and setup: the turn that it took first.
-- @split day
-- @key agent_id, agent_version
-- @not_null turn_id
with

turns as (
    select
        turns.day,
        harness_name(turns.agent) as agent_id,
        log_agent_version(turns.version, turns.model, sessions.setup_hash) as agent_version,
        turns.turn_id,
        coalesce(turns.started_at, sessions.started_at) as first_at,
    from core.turns
    join core.sessions using (session_id)
    where not sessions.is_replay
)

select day, agent_id, agent_version, turn_id, first_at
from turns
qualify row_number() over (partition by agent_id, agent_version order by first_at, day, turn_id) = 1
order by agent_id, agent_version
