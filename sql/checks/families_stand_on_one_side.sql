-- No session family, and no session, has training examples in two splits.
select 'group' as kind, group_id as family_id
from datasets.training_examples
group by group_id
having count(distinct split) > 1
union all
select 'session' as kind, session_id as family_id
from datasets.training_examples
group by session_id
having count(distinct split) > 1
order by all
