-- One row per decision of a router: what it chose, what came of it and whether a human chose otherwise.
-- @split day
-- @key decision_id
-- @not_null decided_at, is_overridden, decision_event
-- @check (reward is null) = (coalesce(outcome, '') not in ('success', 'partial', 'failure', 'wasted'))
-- @check outcome is null or outcome_event is not null
with

facts as (
    select * from events.facts where decision_id is not null
),

decisions as (
    select *
    from facts
    where event_type = 'flow.router.decision.v1'
    qualify row_number() over (partition by decision_id order by occurred_at desc, event_id desc) = 1
),

first_days as (
    select decision_id, arg_min(day, (occurred_at, event_id)) as day
    from facts
    where event_type = 'flow.router.decision.v1'
    group by decision_id
),

outcomes as (
    select *
    from facts
    where event_type = 'flow.router.outcome.v1'
    qualify row_number() over (partition by decision_id order by occurred_at desc, event_id desc) = 1
),

overrides as (
    select *
    from facts
    where event_type = 'flow.router.override.v1'
    qualify row_number() over (partition by decision_id order by occurred_at desc, event_id desc) = 1
)

select
    first_days.day,
    decisions.decision_id,
    decisions.session_id,
    decisions.occurred_at as decided_at,
    decisions.chosen_task,
    decisions.confidence,
    decisions.user_intent,
    decisions.candidates,
    decisions.context,
    decisions.project_path,
    decisions.git_branch,
    decisions.git_commit,
    outcomes.outcome,
    outcomes.task_executed,
    outcomes.time_to_resolution_ms,
    outcomes.error_kind,
    outcomes.manual_override_task,
    outcomes.occurred_at as outcome_at,
    overrides.override_task,
    overrides.reason as override_reason,
    overrides.occurred_at as overridden_at,
    overrides.event_id is not null or outcomes.manual_override_task is not null as is_overridden,
    -- Nothing is known of a decision without an outcome, and of an outcome by another name: null, never 0.
    case outcomes.outcome
        when 'success' then 1.0
        when 'partial' then 0.55
        when 'failure' then 0.0
        when 'wasted' then -0.2 end::double as reward,
    decisions.event_id as decision_event,
    outcomes.event_id as outcome_event,
    overrides.event_id as override_event,
from decisions
join first_days using (decision_id)
left join outcomes using (decision_id)
left join overrides using (decision_id)
order by decisions.decision_id
