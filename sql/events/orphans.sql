-- One row per link of a recorded event that leads nowhere: what is missing, and which ids name it.
-- @key event_id, missing
-- @not_null event_type, occurred_at, missing_ids
-- @column event_id   The recorded event whose link leads nowhere.
-- @column event_type   What that event tells.
-- @column occurred_at   When it happened (UTC).
-- @column artifact_id   The artifact that it names in its envelope; null where it names none.
-- @column attempt_id   The attempt that it names in its envelope; null where it names none.
-- @column missing   What no table knows: artifact, attempt, agent version, lineage, session,
--     evolution, insight or decision.
-- @column missing_ids   The ids that name it, sorted, several for a ranking; of an agent version
--     the agent's id. [] where the event names none.
with

facts as (
    select * from events.facts
),

artifact_gaps as (
    select
        artifact_links.*,
        unnest([
            case when not is_attempt_known then {'missing': 'attempt', 'missing_id': attempt_id} end,
            case when is_attempt_known and (agent_id is null or agent_version is null)
                then {'missing': 'agent version', 'missing_id': agent_id} end,
            case when lineage_id is null then {'missing': 'lineage', 'missing_id': null} end,
            case when session_id is null then {'missing': 'session', 'missing_id': null} end,
        ]) as gap,
    from events.artifact_links
),

-- What an event speaks of, and which table should know it.
spoken_of as (
    select event_id, 'artifact' as missing, artifact_id as missing_id
    from facts
    where event_type = 'artifact.scored'
    union all
    select event_id, 'artifact', unnest(case when len(ranking) > 0 then ranking else [null] end)
    from facts
    where event_type = 'artifact.compared'
    union all
    select event_id, 'artifact', named_artifact_id
    from facts
    where event_type = 'lineage.locked' and named_artifact_id is not null
    union all
    select event_id, 'attempt', attempt_id
    from facts
    where event_type in ('attempt.span_recorded', 'attempt.completed', 'attempt.failed')
    union all
    select event_id, 'evolution', evolution_id
    from facts
    where event_type = 'evolution.outcome'
    union all
    select event_id, 'insight', insight_id
    from facts
    where event_type in ('insight.applied', 'insight.outcome')
    union all
    select event_id, 'decision', decision_id
    from facts
    where event_type in ('flow.router.outcome.v1', 'flow.router.override.v1')
),

-- An event of which no table can have a row (what has no name at all is in events.rejects), or none that can be joined.
nameless as (
    select event_id, 'session' as missing
    from facts
    where event_type in ('attempt.started', 'flow.router.decision.v1') and session_id is null
    union all
    select event_id, 'insight' from facts where event_type = 'insight.discovered' and insight_id is null
    union all
    select event_id, 'decision' from facts where event_type = 'flow.router.decision.v1' and decision_id is null
    union all
    select event_id, 'agent version'
    from events.attempt_events
    where event_type in ('agent.created', 'agent.evolved', 'attempt.started')
        and origin <> 'log'
        and (agent_id is null or agent_version is null)
),

known as (
    select 'artifact' as missing, artifact_id as missing_id from events.artifacts
    union all
    select 'attempt' as missing, attempt_id as missing_id from events.attempts
    union all
    select 'evolution' as missing, evolution_id as missing_id from events.evolution_records
    union all
    select 'insight' as missing, insight_id as missing_id from events.learning_insights
    union all
    select 'decision' as missing, decision_id as missing_id from events.router_decisions
),

gaps as (
    select created_event as event_id, gap.missing, gap.missing_id from artifact_gaps where gap is not null
    union all
    select event_id, missing, missing_id
    from spoken_of
    anti join known using (missing, missing_id)
    union all
    select event_id, missing, null from nameless
)

select
    event_id,
    any_value(facts.event_type) as event_type,
    any_value(facts.occurred_at) as occurred_at,
    any_value(facts.artifact_id) as artifact_id,
    any_value(facts.attempt_id) as attempt_id,
    gaps.missing,
    coalesce(list_sort(list_distinct(list(gaps.missing_id) filter (where gaps.missing_id is not null))), [])
        as missing_ids,
from gaps
join facts using (event_id)
group by event_id, gaps.missing
order by event_id, missing
