-- One row per step of time and agent: how many turns people opened.
select
    date_trunc(getvariable('step'), timezone(getvariable('time_zone'), timezone('UTC', started_at))) as at,
    agent,
    count(*) as turns,
from core.turns
where is_human and started_at is not null
group by all
order by all
