-- Every source event of a training example is a training event, and every example has some.
with

named as (
    select id, unnest(source_events) as event_id from datasets.training_examples
)

select id, event_id
from named
anti join (select id as event_id from events.training_events) as training_events using (event_id)
union all
select id, null as event_id
from datasets.training_examples
where len(source_events) = 0
order by all
