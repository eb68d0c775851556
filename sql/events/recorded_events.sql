-- One row per event that a program recorded, in the spool or in seq's memory log; unknown types and versions too.
-- @partition day
-- @key event_id
-- @not_null origin, occurred_at, event_type, schema_version, is_known, tags, payload, payload_hash, payload_size
-- @column event_id   The id that its writer gave (tracemill's recorder: a UUIDv7), or one made from
--     what a row of seq says; of lines that share one the earliest is the event
--     (events.event_copies).
-- @column occurred_at   When it happened, as its writer says (UTC).
-- @column schema_version   By which rule the payload is read: a whole number from 1.
-- @column is_known   Whether state is folded from events of this type and schema_version; others
--     are kept, in training_events and payload_blobs, and do nothing.
-- @column session_id   The session it belongs to: of a router's event (flow.router.…) the one that
--     its payload names, else that of the line. Null where neither names one.
-- @column tags   Those its writer gave and those that an event of a known type earns by what it
--     says, sorted: tool_use (a span that is a tool call), multi_step (attempt.completed with more
--     than 3 spans), error (a failed attempt, span or routing), high_score (8 or more), low_score
--     (3 or less), comparison, preference_signal (a comparison, a lock, an override). [] where
--     there are none.
-- @column payload   What the event says of itself: a JSON object in canonical form (RFC 8785: keys
--     sorted, no blanks), redacted. Of a row of seq its subject.
-- @column payload_hash   SHA-256 (hex) of payload.
-- @column payload_size   Bytes of payload in UTF-8.
with

event_rows as (
    select * from staging.event_rows
    anti join events.event_copies using (file_key, byte_offset, record_no)
    where reject_reason is null and is_in_force(occurred_at)
)

select
    event_id,
    origin,
    occurred_at,
    event_type,
    schema_version,
    is_known_event(event_type, schema_version) as is_known,
    -- A router's session is the one its payload names; seq's rows carry seq's own.
    case
        when event_type like 'flow.router.%' then coalesce(payload ->> '$.session_id', session_id)
        else session_id end as session_id,
    lineage_id,
    agent_id,
    artifact_id,
    attempt_id,
    list_sort(list_distinct(
        list_concat(given_tags, inferred_tags(event_type, schema_version, payload)))) as tags,
    payload,
    payload_hash,
    strlen(payload) as payload_size,
    source_path,
    file_key,
    byte_offset,
    byte_length,
from event_rows
order by event_id
