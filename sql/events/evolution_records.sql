-- One row per evolution of an agent: what changed, why, and what came of it.
-- @key evolution_id
-- @not_null evolved_at
with

evolved as (
    select * replace (coalesce(evolution_id, event_id) as evolution_id)
    from events.facts
    where event_type = 'agent.evolved'
    qualify row_number() over (
        partition by coalesce(facts.evolution_id, event_id) order by occurred_at desc, event_id desc
    ) = 1
),

outcomes as (
    select *
    from events.facts
    where event_type = 'evolution.outcome' and evolution_id is not null
    qualify row_number() over (partition by evolution_id order by occurred_at desc, event_id desc) = 1
),

configs as (
    select agent_id, agent_version, lineage_id, config_hash from events.agent_definitions
)

select
    evolved.evolution_id,
    evolved.agent_id,
    coalesce(evolved.lineage_id, after_configs.lineage_id) as lineage_id,
    evolved.from_version,
    evolved.to_version,
    before_configs.config_hash as before_config_hash,
    after_configs.config_hash as after_config_hash,
    evolved.changes,
    evolved.hypothesis,
    evolved.occurred_at as evolved_at,
    evolved.event_id as evolved_event,
    outcomes.score_delta,
    outcomes.validated,
    outcomes.occurred_at as outcome_at,
    outcomes.event_id as outcome_event,
from evolved
left join configs as before_configs
    on before_configs.agent_id = evolved.agent_id and before_configs.agent_version = evolved.from_version
left join configs as after_configs
    on after_configs.agent_id = evolved.agent_id and after_configs.agent_version = evolved.to_version
left join outcomes using (evolution_id)
order by evolved.evolution_id
