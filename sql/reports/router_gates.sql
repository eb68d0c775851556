-- One row: what the router decisions from `since` to before `until` (null: no limit) amount to.
with

decisions as (
    select *
    from events.router_decisions
    where decision_event is not null
        and decided_at >= coalesce(getvariable('since')::timestamp, '-infinity')
        and decided_at < coalesce(getvariable('until')::timestamp, 'infinity')
),

largest_task as (
    select chosen_task, count(*) as decision_count
    from decisions
    group by chosen_task
    order by decision_count desc, chosen_task
    limit 1
),

-- A decision is joined when its outcome is known, whichever way it was recorded.
totals as (
    select
        count(*) as decisions,
        count(outcome) as joined,
        count(*) filter (where is_overridden) as overrides,
        count(*) filter (where outcome in ('partial', 'failure', 'wasted')) as failures,
        count(distinct session_id) as sessions,
        min(decided_at) as first_at,
        max(decided_at) as last_at,
    from decisions
)

select
    totals.*,
    totals.joined / nullif(totals.decisions, 0) as link_rate,
    largest_task.decision_count / nullif(totals.decisions, 0) as dominance,
    largest_task.chosen_task as largest_task,
from totals
left join largest_task on true
order by totals.decisions
