-- One row per version of an agent, with the hashes by which equal prompts, tools, flows and configurations are found.
-- @key agent_id, agent_version
-- @not_null is_defined, defined_by, origin
-- @column agent_id   The agent; all agents of the session logs are claude-code or codex.
-- @column agent_version   A number as text in recorded events; with log harness version, model and
--     setup (events.log_agents).
-- @column name   The name that the last agent.created of any version gave; null where none did.
-- @column lineage_id   The lineage that tells of this version, else of another version of the
--     agent; null where none does, as with log.
-- @column system_prompt_hash   SHA-256 (hex) of its system prompt as canonical JSON; null where
--     none is told.
-- @column tools_hash   The same of its tools.
-- @column flow_hash   The same of its flow.
-- @column config_hash   SHA-256 (hex) of its whole configuration as canonical JSON without name and
--     version, so that agents that are equal have equal hashes (with log often that of {}). Null
--     where nothing but the version is known.
-- @column model   The model of its configuration; null where none is told.
-- @column is_defined   Whether agent.created or agent.evolved told its configuration: the last of
--     them holds. False: an attempt told what it ran, or somebody named the version.
-- @column defined_by   Id of the event that this row is from: the last definition, or the first
--     event that knew as much.
-- @column defined_at   When that event happened (UTC).
-- @column origin   Who told that event: log, recorded or seq.
with

-- A version may be known by its definition, by an attempt that says what it ran, or by its number alone.
mentions as (
    select
        agent_id,
        agent_version,
        event_type,
        case
            when agent_config_hash is null then 0
            when event_type = 'attempt.started' then 1
            else 2 end as knowledge,
        lineage_id,
        system_prompt_hash,
        tools_hash,
        flow_hash,
        agent_config_hash as config_hash,
        agent_model as model,
        agent_name,
        event_id,
        occurred_at,
        origin,
    from events.attempt_events
    where agent_id is not null and agent_version is not null
    union all by name
    select agent_id, from_version as agent_version, event_type, 0 as knowledge, lineage_id, event_id, occurred_at, origin
    from events.facts
    where event_type = 'agent.evolved' and agent_id is not null and from_version is not null
),

-- The last definition holds. Attempts and bare numbers define nothing: the first that knew the version stands for it.
defined as (
    select *
    from mentions
    qualify row_number() over (
        partition by agent_id, agent_version
        order by
            knowledge desc,
            case when knowledge = 2 then occurred_at end desc,
            case when knowledge = 2 then event_id end desc,
            occurred_at,
            event_id
    ) = 1
),

lineages as (
    select agent_id, agent_version, arg_max(lineage_id, (knowledge, occurred_at, event_id)) as lineage_id
    from mentions
    where lineage_id is not null
    group by all
),

-- An agent keeps its name, and its lineage unless a version of it has another.
agents as (
    select
        agent_id,
        arg_max(agent_name, (occurred_at, event_id)) filter (where agent_name is not null) as name,
        arg_max(lineage_id, (knowledge, occurred_at, event_id)) filter (where lineage_id is not null) as lineage_id,
    from mentions
    group by agent_id
)

select
    defined.agent_id,
    defined.agent_version,
    agents.name,
    coalesce(lineages.lineage_id, agents.lineage_id) as lineage_id,
    defined.system_prompt_hash,
    defined.tools_hash,
    defined.flow_hash,
    defined.config_hash,
    defined.model,
    defined.knowledge = 2 as is_defined,
    defined.event_id as defined_by,
    defined.occurred_at as defined_at,
    defined.origin,
from defined
left join lineages using (agent_id, agent_version)
join agents using (agent_id)
order by defined.agent_id, defined.agent_version
