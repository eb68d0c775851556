-- No two events of all days have one id.
select id, count(*) as events
from events.training_events
group by id
having count(*) > 1
order by all
