-- One row per score that somebody gave an artifact, rounded: how many.
select round(score)::integer as score, count(*) as evaluations
from events.evaluations
where is_current and score is not null
group by all
order by all
