-- One row per event that a program recorded, in the spool or in seq's memory log; unknown types and versions too.
-- @partition day
-- @key event_id
-- @not_null origin, occurred_at, event_type, schema_version, is_known, tags, payload, payload_hash, payload_size
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
