-- One row per lineage of agents that a recorded event names, with its lock.
-- @key lineage_id
with

facts as (
    select * from model_facts where lineage_id is not null
),

-- Creating a lineage is optional: one that is only named began with its first event.
named as (
    select
        lineage_id,
        min(occurred_at) as first_at,
        argMinIf(facts.session_id, (occurred_at, event_id), facts.session_id is not null) as session_id
    from facts
    group by lineage_id
),

created as (
    select *
    from facts
    where event_type = 'lineage.created'
    qualify row_number() over (partition by lineage_id order by occurred_at desc, event_id desc) = 1
),

last_locks as (
    select *
    from facts
    where event_type in ('lineage.locked', 'lineage.unlocked')
    qualify row_number() over (partition by lineage_id order by occurred_at desc, event_id desc) = 1
),

locks as (
    select lineage_id, event_id, occurred_at, coalesce(named_artifact_id, artifact_id) as locked_artifact_id
    from last_locks
    where event_type = 'lineage.locked'
)

select
    named.lineage_id as lineage_id,
    coalesce(created.session_id, named.session_id) as session_id,
    created.label as label,
    created.strategy as strategy,
    locks.lineage_id is not null as is_locked,
    locks.occurred_at as locked_at,
    locks.locked_artifact_id as locked_artifact_id,
    locks.event_id as lock_event,
    coalesce(created.occurred_at, named.first_at) as created_at
from named
left join created on created.lineage_id = named.lineage_id
left join locks on locks.lineage_id = named.lineage_id
order by lineage_id
