-- One row per event line whose id another event has too: a copy of the event that stands, or a conflict with it.
-- @split day
-- @key file_key, byte_offset, record_no
-- @not_null event_id, is_conflict
-- @column event_id   The id that the line shares with the event that stands: one of the session
--     logs before all, else the earliest line, of one moment that with the least hash.
-- @column is_conflict   False for a copy, which is dropped; true where type or payload differ from
--     the event that stands, which makes the line a reject.
with

ids as (
    select event_id, count(*) as line_count
    from staging.event_rows
    where reject_reason is null
    group by event_id
),

-- A line cannot take the place of what the session logs tell.
told as (
    select log_events.day, log_events.event_id, log_events.event_type, log_events.payload_hash
    from events.log_events
    semi join ids using (event_id)
),

repeated as (
    select event_id from ids where line_count > 1
    union
    select event_id from told
),

rows as (
    select
        day,
        event_id,
        event_type,
        payload_hash,
        false as is_told,
        occurred_at,
        row(schema_version, session_id, lineage_id, agent_id, artifact_id, attempt_id, given_tags, origin)::varchar
            as envelope,
        file_key,
        byte_offset,
        record_no,
    from staging.event_rows
    join repeated using (event_id)
    where reject_reason is null
    union all by name
    select *, true as is_told from told
),

-- The earliest stands, of one moment the smallest hash: what is decided by the lines themselves, not by their arrival.
-- Places decide only between lines that are alike.
ranked as (
    select
        *,
        row_number() over first_stands as rank,
        row(payload_hash, event_type) <> first_value(row(payload_hash, event_type)) over first_stands as is_conflict,
    from rows
    window first_stands as (
        partition by event_id
        order by not is_told, occurred_at, payload_hash, event_type, envelope, day, file_key, byte_offset, record_no
    )
)

select day, event_id, file_key, byte_offset, record_no, is_conflict
from ranked
where rank > 1
order by file_key, byte_offset, record_no
