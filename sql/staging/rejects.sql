-- One row per piece of a log line that is no JSON object: its bytes, its place and why.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source, source_path, reason, rejected_bytes
select
    source,
    source_path,
    file_key,
    line_no,
    byte_offset,
    byte_length,
    record_no,
    reason,
    rejected_bytes,
from staging.repaired_lines
where record is null
order by file_key, byte_offset, record_no
