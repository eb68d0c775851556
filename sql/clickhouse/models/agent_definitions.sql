-- One row per version of an agent that recorded events name: its lineage and its model.
-- @key agent_id, agent_version
with

-- A version may be known by its definition, by an attempt that says what it ran, or by its number alone.
mentions as (
    select
        agent_id,
        agent_version,
        multiIf(agent_config_hash is null, 0, event_type = 'attempt.started', 1, 2) as knowledge,
        lineage_id,
        agent_config_hash as config_hash,
        agent_model as model,
        agent_name,
        event_id,
        occurred_at,
        origin
    from model_attempt_events
    where agent_id is not null and agent_version is not null
    union all
    select agent_id, from_version, 0, lineage_id, null, null, null, event_id, occurred_at, origin
    from model_facts
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
            if(knowledge = 2, occurred_at, null) desc,
            if(knowledge = 2, event_id, null) desc,
            occurred_at,
            event_id
    ) = 1
),

lineages as (
    select agent_id, agent_version, argMax(mentions.lineage_id, (knowledge, occurred_at, event_id)) as lineage_id
    from mentions
    where mentions.lineage_id is not null
    group by agent_id, agent_version
),

-- An agent keeps its name, and its lineage unless a version of it has another.
agents as (
    select
        agent_id,
        argMaxIf(agent_name, (occurred_at, event_id), agent_name is not null) as name,
        argMaxIf(mentions.lineage_id, (knowledge, occurred_at, event_id), mentions.lineage_id is not null) as lineage_id
    from mentions
    group by agent_id
)

select
    defined.agent_id as agent_id,
    defined.agent_version as agent_version,
    agents.name as name,
    coalesce(lineages.lineage_id, agents.lineage_id) as lineage_id,
    defined.config_hash as config_hash,
    defined.model as model,
    defined.knowledge = 2 as is_defined,
    defined.event_id as defined_by,
    defined.occurred_at as defined_at,
    defined.origin as origin
from defined
left join lineages on lineages.agent_id = defined.agent_id and lineages.agent_version = defined.agent_version
join agents on agents.agent_id = defined.agent_id
order by agent_id, agent_version
