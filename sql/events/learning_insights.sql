-- One row per insight that was discovered, how often it was applied and whether it helped.
-- @key insight_id
-- @not_null discovered_at, applied_count
-- @column insight_id   The program's id of something learnt. Discovered twice, the last holds.
-- @column text   What was learnt, in words.
-- @column evidence   What it rests on, such as ids of artifacts; null where not told.
-- @column confidence   How sure its finder was, from 0 to 1; null where not told.
-- @column discovered_at   When that event happened (UTC).
-- @column applied_count   Times it was put to use (insight.applied).
-- @column last_applied_at   When it was put to use last (UTC); null while it was not.
-- @column targets   Where it was put to use, such as ids of agents, sorted; [] where no place is
--     told.
-- @column effective   Whether it helped, as the last insight.outcome says; null while there is
--     none.
-- @column score_delta   Points by which it moved the score, as that outcome says; null where it
--     does not.
-- @column outcome_at   When that outcome was recorded (UTC).
with

facts as (
    select * from events.facts where insight_id is not null
),

discovered as (
    select *
    from facts
    where event_type = 'insight.discovered'
    qualify row_number() over (partition by insight_id order by occurred_at desc, event_id desc) = 1
),

applied as (
    select
        insight_id,
        count(*)::integer as applied_count,
        max(occurred_at) as last_applied_at,
        list_sort(list_distinct(list(target) filter (where target is not null))) as targets,
    from facts
    where event_type = 'insight.applied'
    group by insight_id
),

outcomes as (
    select *
    from facts
    where event_type = 'insight.outcome'
    qualify row_number() over (partition by insight_id order by occurred_at desc, event_id desc) = 1
)

select
    discovered.insight_id,
    discovered.text,
    discovered.evidence,
    discovered.confidence,
    discovered.occurred_at as discovered_at,
    coalesce(applied.applied_count, 0) as applied_count,
    applied.last_applied_at,
    coalesce(applied.targets, []) as targets,
    outcomes.effective,
    outcomes.score_delta,
    outcomes.occurred_at as outcome_at,
from discovered
left join applied using (insight_id)
left join outcomes using (insight_id)
order by discovered.insight_id
