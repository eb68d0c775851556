-- One row per evolution of an agent: what changed, why, and what came of it.
-- @key evolution_id
-- @not_null evolved_at
-- @column evolution_id   As agent.evolved names it, else that event's id. Told twice, the last
--     holds.
-- @column agent_id   The agent that became another version.
-- @column lineage_id   The lineage that the event names, else that of the new version; null where
--     neither is known.
-- @column from_version   The version before, as text; null where not told.
-- @column to_version   The version after, as text; null where not told.
-- @column before_config_hash   The config_hash of the version before (events.agent_definitions);
--     null where it is not known.
-- @column after_config_hash   That of the version after.
-- @column changes   What was changed, in words.
-- @column hypothesis   What it was hoped to do.
-- @column evolved_at   When it was recorded (UTC).
-- @column evolved_event   Id of the event agent.evolved.
-- @column score_delta   Points by which it moved the score, as the last evolution.outcome says
--     (negative: down); null while there is none.
-- @column validated   Whether the hypothesis held, as that outcome says; null while there is none.
-- @column outcome_at   When that outcome was recorded (UTC).
-- @column outcome_event   Id of that outcome's event; null while there is none.
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
