-- One row: what the router decisions from `since` to before `until` (null: no limit) amount to.
-- @column decisions   Decisions made in that time.
-- @column joined   Those whose outcome is known.
-- @column overrides   Those that a person overrode, told by an override or with the outcome.
-- @column failures   Those that turned out partial, failure or wasted.
-- @column sessions   Sessions they were made in.
-- @column first_at   When the first was made (UTC); null where there is none.
-- @column last_at   When the last was made (UTC); null where there is none.
-- @column link_rate   joined / decisions, from 0 to 1; null where there is none.
-- @column dominance   Share of the decisions that chose largest_task, from 0 to 1; null where there
--     is none.
-- @column largest_task   The task chosen most often, of equals the first by name; null where there
--     is none.
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
