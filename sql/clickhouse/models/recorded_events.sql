-- One row per event that a program recorded, in the spool or in seq's memory log, with its payload; unknown types and
-- versions too.
-- @key event_id
with

events as (
    select * from training_events where origin <> 'log'
),

payloads as (
    select hash, content
    from payload_blobs
    where hash in (select payload_hash from training_events where origin <> 'log')
)

select
    events.day as day,
    events.id as event_id,
    events.origin as origin,
    assumeNotNull(events.occurred_at) as occurred_at,
    events.event_type as event_type,
    events.schema_version as schema_version,
    is_known_event(events.event_type, events.schema_version) as is_known,
    events.session_id as session_id,
    events.lineage_id as lineage_id,
    events.agent_id as agent_id,
    events.artifact_id as artifact_id,
    events.attempt_id as attempt_id,
    events.tags as tags,
    assumeNotNull(payloads.content) as payload,
    events.payload_hash as payload_hash,
    events.payload_size as payload_size,
    events.source_path as source_path,
    events.byte_offset as byte_offset,
    events.byte_length as byte_length
from events
join payloads on payloads.hash = events.payload_hash
order by event_id
