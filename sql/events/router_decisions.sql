-- One row per decision of a router: what it chose, what came of it and whether a human chose otherwise.
-- @split day
-- @key decision_id
-- @not_null decided_at, is_overridden, decision_event
-- @check (reward is null) = (coalesce(outcome, '') not in ('success', 'partial', 'failure', 'wasted'))
-- @check outcome is null or outcome_event is not null
-- @column decision_id   The router's id of its choice. Of decisions, outcomes and overrides told
--     twice the last holds.
-- @column decided_at   When it was made (UTC).
-- @column confidence   How sure the router was, from 0 to 1; null where not told.
-- @column candidates   The tasks it could choose among, in its order; null where not told. The
--     chosen one may be missing.
-- @column outcome   How it turned out: success, partial, failure or wasted, or another word that a
--     program used. Null: no outcome is known.
-- @column task_executed   The task that was carried out, chosen or not; null while no outcome is
--     known.
-- @column time_to_resolution_ms   Milliseconds until the outcome, by the router's clock, rounded;
--     null where not told.
-- @column error_kind   What went wrong, in the router's words; null where nothing did.
-- @column manual_override_task   The task that a person took instead, as the outcome tells it; null
--     where none did.
-- @column outcome_at   When the outcome was recorded (UTC).
-- @column override_task   The task that a person chose instead, as an override event tells it; null
--     where there is none.
-- @column override_reason   Why, in that person's words; null where not told.
-- @column overridden_at   When the override was recorded (UTC); null where only the outcome tells
--     it.
-- @column is_overridden   Whether a person chose otherwise, told by an override event or by the
--     outcome.
-- @column reward   1 success, 0.55 partial, 0 failure, -0.2 wasted; null, never 0, where no outcome
--     is known or it has another name.
-- @column decision_event   Id of the event flow.router.decision.v1.
-- @column outcome_event   Id of the event flow.router.outcome.v1; null where there is none.
-- @column override_event   Id of the event flow.router.override.v1; null where there is none.
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
