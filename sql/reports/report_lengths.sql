-- One row per length of a turn in time, doubled from step to step: `seconds` is where the step begins; how many turns.
with

turns as (
    select greatest(duration_ms, 1000) / 1000 as seconds
    from core.turns
    where is_human and duration_ms is not null
)

select pow(2, floor(log2(seconds)))::bigint as seconds, count(*) as turns
from turns
group by all
order by all
