-- One row per day and payload that an older day holds already.
-- @split day
-- @key day, hash
-- @column hash   SHA-256 (hex) of a payload that the day has too, but does not keep.
select distinct training_events.day, payload_refs.hash
from events.training_events
join events.payload_refs
    on payload_refs.hash = training_events.payload_hash
    and payload_refs.first_day < training_events.day
order by all
