-- One row per day and payload that an older day holds already.
-- @split day
-- @key day, hash
with

payload_days as (
    select distinct day, payload_hash as hash from events.training_events
)

select day, hash
from payload_days
qualify row_number() over (partition by hash order by day) > 1
order by day, hash
