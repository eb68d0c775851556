-- One row per piece of a log line that is no JSON object: its bytes, its place and why.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source, source_path, reason, rejected_bytes
-- @column reason   Why it is none: not UTF-8, blank line, NUL bytes, git-lfs pointer, JSON but not an object, broken
--     JSON object, not JSON.
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
