-- One row per step of time and way in which turns of people ended.
select
    date_trunc(getvariable('step'), timezone(getvariable('time_zone'), timezone('UTC', started_at))) as at,
    end_reason,
    count(*) as turns,
from core.turns
where is_human and started_at is not null
group by all
order by all
