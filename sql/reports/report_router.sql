-- One row per task that the router chose and what came of it: decisions.
select
    chosen_task as task,
    coalesce(outcome, 'unknown') as outcome,
    coalesce(list_position(['success', 'partial', 'failure', 'wasted'], outcome), 5) as part,
    count(*) as decisions,
from events.router_decisions
where decision_event is not null
group by all
order by all
