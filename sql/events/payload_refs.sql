-- One row per payload: how many events have it, and the day that holds it.
-- @key hash
-- @not_null ref_count, first_day
select
    payload_hash as hash,
    count(*) as ref_count,
    min(day) as first_day,
from events.training_events
group by payload_hash
order by hash
