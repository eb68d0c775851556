-- One row per day of the week (1 is Monday) and hour: how many turns people opened then, by their own clock.
with

turns as (
    select timezone(getvariable('time_zone'), timezone('UTC', started_at)) as local_time
    from core.turns
    where is_human and started_at is not null
)

select isodow(local_time) as weekday, hour(local_time) as hour, count(*) as turns
from turns
group by all
order by all
