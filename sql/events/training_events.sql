-- One row per training event, recorded or told by the session logs; its payload is in events.payload_blobs.
-- @partition day
-- @key id
-- @not_null event_type, schema_version, origin, payload_hash, payload_size, tags
with

all_events as (
    select * exclude (payload) from events.recorded_events
    union all by name
    select * exclude (payload) from events.log_events
)

select
    event_id as id,
    occurred_at,
    event_type,
    schema_version,
    origin,
    session_id,
    lineage_id,
    agent_id,
    artifact_id,
    attempt_id,
    payload_hash,
    payload_size,
    tags,
    source_path,
    byte_offset,
    byte_length,
from all_events
order by id
