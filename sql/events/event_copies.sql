-- One row per event line whose id another line has given: a copy of the event that stands, or a conflict with it.
-- @split day
-- @key file_key, byte_offset, record_no
-- @not_null event_id, is_conflict
with

repeated as (
    select event_id
    from staging.event_rows
    where reject_reason is null
    group by event_id
    having count(*) > 1
),

rows as (
    select day, event_id, event_type, occurred_at, payload_hash, file_key, byte_offset, record_no,
        row(schema_version, session_id, lineage_id, agent_id, artifact_id, attempt_id, given_tags, origin)::varchar
            as envelope,
    from staging.event_rows
    join repeated using (event_id)
    where reject_reason is null
),

-- The earliest stands, of one moment the smallest hash: what is decided by the lines themselves, not by their arrival.
-- Places decide only between lines that are alike.
ranked as (
    select
        day,
        event_id,
        file_key,
        byte_offset,
        record_no,
        row_number() over earliest_first as rank,
        row(payload_hash, event_type) <> first_value(row(payload_hash, event_type)) over earliest_first as is_conflict,
    from rows
    window earliest_first as (
        partition by event_id
        order by occurred_at, payload_hash, event_type, envelope, day, file_key, byte_offset, record_no
    )
)

select day, event_id, file_key, byte_offset, record_no, is_conflict
from ranked
where rank > 1
order by file_key, byte_offset, record_no
