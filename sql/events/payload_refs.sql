-- One row per payload: how many events have it, and the day that holds it.
-- @key hash
-- @not_null ref_count, first_day
-- @column hash   SHA-256 (hex) of the payload, as in events.payload_blobs.
-- @column ref_count   Events of all days that have this payload.
-- @column first_day   The oldest partition day that has it (YYYY-MM-DD): where events.payload_blobs
--     keeps it.
select
    payload_hash as hash,
    count(*) as ref_count,
    min(day) as first_day,
from events.training_events
group by payload_hash
order by hash
