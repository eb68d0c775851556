-- One row per name that the logs of an agent ever used: a type of record, a field of one, a version of its program.
-- @key source, kind, record_type, name
-- @not_null record_count
-- @column source        Agent whose logs these are: claude or codex
-- @column kind          What is named: record type, field or version
-- @column record_type   Type of the record that has the field, with its subtype behind a slash; empty for the other kinds
-- @column name          The name itself: `system/api_error`, `promptSource`, `2.1.232`
-- @column record_count  Records that use it
-- @column first_at      When it was first written (UTC); of a record without a time, when others before it were
-- @column source_path   Log that used it first, below its root
select
    source,
    kind,
    record_type,
    name,
    sum(record_count)::bigint as record_count,
    min(first_at) as first_at,
    arg_min(source_path, (first_at, source_path)) as source_path,
from staging.log_names
group by all
order by source, kind, record_type, name
