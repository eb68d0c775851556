-- One row per lineage of agents that a recorded event names: its label, its lock and its directives.
-- @key lineage_id
-- @not_null is_locked, sticky_directives, oneshot_directives, created_at
-- @check is_locked = (locked_at is not null)
-- @column lineage_id   A line of agents of one approach, as its program names it.
-- @column session_id   The session that lineage.created names, else that of the first event of the
--     lineage that names one; null where none does.
-- @column label   Its short name, as the last lineage.created says; null where it was only named,
--     like strategy.
-- @column strategy   What it tries, in words.
-- @column is_locked   Whether somebody settled on it: its last lock or unlock is a lock.
-- @column locked_at   When that lock was set (UTC); null where it is not locked.
-- @column locked_artifact_id   The artifact that the lock holds; null where it is not locked, or
--     where the lock holds the lineage as a whole.
-- @column lock_event   Id of the event lineage.locked; null where it is not locked.
-- @column sticky_directives   The words of its directives for good, oldest first; [] where there
--     are none.
-- @column oneshot_directives   The words of its directives for one attempt, oldest first, also
--     those long used; [] where there are none.
-- @column created_at   When lineage.created was recorded, else when it was first named (UTC).
with

facts as (
    select * from events.facts where lineage_id is not null
),

-- Creating a lineage is optional: one that is only named began with its first event.
named as (
    select
        lineage_id,
        min(occurred_at) as first_at,
        arg_min(session_id, (occurred_at, event_id)) filter (where session_id is not null) as session_id,
    from facts
    group by lineage_id
),

created as (
    select *
    from facts
    where event_type = 'lineage.created'
    qualify row_number() over (partition by lineage_id order by occurred_at desc, event_id desc) = 1
),

locks as (
    select lineage_id, event_id, occurred_at, coalesce(named_artifact_id, artifact_id) as artifact_id
    from facts
    where event_type in ('lineage.locked', 'lineage.unlocked')
    qualify row_number() over (partition by lineage_id order by occurred_at desc, event_id desc) = 1
        and event_type = 'lineage.locked'
),

directives as (
    select
        lineage_id,
        list(text order by occurred_at, event_id) filter (where kind = 'sticky') as sticky,
        list(text order by occurred_at, event_id) filter (where kind = 'oneshot') as oneshot,
    from facts
    where event_type = 'directive.added' and text is not null
    group by lineage_id
)

select
    named.lineage_id,
    coalesce(created.session_id, named.session_id) as session_id,
    created.label,
    created.strategy,
    locks.lineage_id is not null as is_locked,
    locks.occurred_at as locked_at,
    locks.artifact_id as locked_artifact_id,
    locks.event_id as lock_event,
    coalesce(directives.sticky, []) as sticky_directives,
    coalesce(directives.oneshot, []) as oneshot_directives,
    coalesce(created.occurred_at, named.first_at) as created_at,
from named
left join created using (lineage_id)
left join locks using (lineage_id)
left join directives using (lineage_id)
order by named.lineage_id
