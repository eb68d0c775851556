-- One row per line of the summary of the `last` training events: its section, what is counted, how many, out of how many.
-- @column section   What is counted: window (all of these events), type, origin or tag (events by
--     each), link (causes in the window whose effect is known, whenever that came) or signal
--     (core.signals since the first of these events).
-- @column name   What of it: the type, origin, tag or kind of signal; of a link what is linked to
--     what; of the window events.
-- @column event_count   How many; of a link those whose effect is known.
-- @column out_of   Out of how many: the events of the window, or a link's causes; null for signals.
-- @column first_at   When the first of them happened (UTC); null for links.
-- @column last_at   When the last of them happened (UTC); null for links.
with

recent as materialized (
    select id, occurred_at, event_type, origin, attempt_id, artifact_id, tags
    from events.training_events
    order by occurred_at desc, id desc
    limit getvariable('last')
),

span as (
    select count(*) as event_count, min(occurred_at) as first_at, max(occurred_at) as last_at from recent
),

window_lines as (
    select 'window' as section, 'events' as name, event_count, event_count as out_of, first_at, last_at
    from span
),

type_lines as (
    select 'type' as section, event_type as name, count(*) as event_count, any_value(span.event_count) as out_of,
        min(occurred_at) as first_at, max(occurred_at) as last_at
    from recent
    cross join span
    group by event_type
),

origin_lines as (
    select 'origin' as section, origin as name, count(*) as event_count, any_value(span.event_count) as out_of,
        min(occurred_at) as first_at, max(occurred_at) as last_at
    from recent
    cross join span
    group by origin
),

tag_lines as (
    select 'tag' as section, unnested.tag as name, count(*) as event_count, any_value(span.event_count) as out_of,
        min(occurred_at) as first_at, max(occurred_at) as last_at
    from recent
    cross join span
    cross join unnest(recent.tags) as unnested(tag)
    group by unnested.tag
),

-- Each cause in the window with whether its effect is known; effects come later, so none is cut off by the window.
links as (
    select 'attempts that ended' as name, attempt_id in (
            select attempt_id
            from recent
            where event_type in ('attempt.completed', 'attempt.failed') and attempt_id is not null
        ) as is_linked
    from recent
    where event_type = 'attempt.started'
    union all
    select 'artifacts with attempt, agent, lineage and session', id in (select created_event from events.artifacts)
    from recent
    where event_type = 'artifact.created'
    union all
    select 'artifacts with a score', artifact_id in (select artifact_id from events.evaluations)
    from recent
    where event_type = 'artifact.created'
    union all
    select 'evolutions with an outcome', evolution_records.outcome_at is not null
    from recent
    join events.evolution_records on evolution_records.evolved_event = recent.id
    union all
    select 'router decisions with an outcome', router_decisions.outcome is not null
    from recent
    join events.router_decisions on router_decisions.decision_event = recent.id
    union all
    select 'router decisions overridden', router_decisions.is_overridden
    from recent
    join events.router_decisions on router_decisions.decision_event = recent.id
),

link_lines as (
    select 'link' as section, name, count(*) filter (where is_linked) as event_count, count(*) as out_of,
        null::timestamp as first_at, null::timestamp as last_at
    from links
    group by name
),

signal_lines as (
    select 'signal' as section, signals.kind as name, count(*) as event_count, null::bigint as out_of,
        min(signals.occurred_at) as first_at, max(signals.occurred_at) as last_at
    from core.signals
    join span on signals.occurred_at >= span.first_at
    group by signals.kind
),

lines as (
    select * from window_lines
    union all
    select * from type_lines
    union all
    select * from origin_lines
    union all
    select * from tag_lines
    union all
    select * from link_lines
    union all
    select * from signal_lines
)

select *
from lines
order by section, case section when 'link' then 0 else event_count end desc, name
