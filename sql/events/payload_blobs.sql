-- One row per payload, in the day that has it first: its canonical JSON under its SHA-256.
-- @partition day
-- @key hash
-- @not_null size
-- @check hash = sha256(content)
-- @check size = strlen(content)
-- @column hash   SHA-256 (hex) of content: the payload_hash of every event that has this payload.
-- @column content   The payload as canonical JSON (RFC 8785), redacted. The same payload is kept
--     once, in the oldest day that has it.
-- @column size   Bytes of content in UTF-8.
with

-- One event speaks for all of the day that have this payload.
first_events as (
    select payload_hash, min(id) as event_id
    from events.training_events
    anti join events.repeated_payloads on repeated_payloads.hash = training_events.payload_hash
    group by payload_hash
),

payloads as (
    select event_id, payload, payload_hash, payload_size from events.recorded_events
    union all by name
    select event_id, payload, payload_hash, payload_size from events.log_events
)

select
    payloads.payload_hash as hash,
    payloads.payload as content,
    payloads.payload_size as size,
from payloads
join first_events using (event_id)
order by hash
