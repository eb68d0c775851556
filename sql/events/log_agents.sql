-- One row per agent met in the session logs, of one harness version, model and setup: the turn that it took first.
-- @split day
-- @key agent_id, agent_version
-- @not_null turn_id
-- @column agent_id   The harness: claude-code or codex.
-- @column agent_version   <version of the harness>/<model>#<12 hex digits of
--     core.sessions.setup_hash>; unknown stands for a version, and /<model> and #<digits> are left
--     out, where the log does not tell them.
-- @column turn_id   The first turn that it took: its key in core.turns.
-- @column first_at   When that turn began, or its session where the log does not say (UTC); null
--     where it has no times at all.
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
