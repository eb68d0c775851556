-- One row per day and payload that an older day holds already.
-- @split day
-- @key day, hash
-- @column hash   SHA-256 (hex) of a payload that the day has too, but does not keep.
with

payload_days as (
    select distinct day, payload_hash as hash from events.training_events
)

select day, hash
from payload_days
qualify row_number() over (partition by hash order by day) > 1
order by day, hash
