-- One row per event line that makes no event: where it is and why.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source, source_path, reason
-- @column source   Where the line was written: events (the spool) or seq (seq's memory log).
-- @column reason   Why it makes no event: a reject_reason of staging.event_rows, or same id, other
--     payload or type.
select
    case event_rows.origin when 'recorded' then 'events' else event_rows.origin end as source,
    event_rows.source_path,
    event_rows.file_key,
    event_rows.line_no,
    event_rows.byte_offset,
    event_rows.byte_length,
    event_rows.record_no,
    event_rows.event_id,
    event_rows.event_type,
    coalesce(event_rows.reject_reason, 'same id, other payload or type') as reason,
from staging.event_rows
left join events.event_copies using (file_key, byte_offset, record_no)
where event_rows.reject_reason is not null or event_copies.is_conflict
order by file_key, byte_offset, record_no
