-- One row per name that a day's logs use: a type of record, a field of one, a version of the agent's program.
-- @partition day
-- @key source, kind, record_type, name
-- @not_null record_count
-- @check kind in ('record type', 'field', 'version')
-- @column source        Agent whose logs these are: claude or codex
-- @column kind          What is named: record type, field or version
-- @column record_type   Type of the record that has the field, with its subtype behind a slash; empty for the other kinds
-- @column name          The name itself: `system/api_error`, `promptSource`, `2.1.232`
-- @column record_count  Records that use it
-- @column first_at      When it was first written (UTC); of a record without a time, when others before it were
-- @column source_path   Log that used it first, below its root
with

lines as (
    select source, source_path, file_key, byte_offset, day, line from raw.claude
    union all by name
    select source, source_path, file_key, byte_offset, day, line from raw.codex
),

whole_lines as (
    select *
    from lines
    anti join staging.repaired_lines using (file_key, byte_offset)
),

records as (
    select source, source_path, file_key, byte_offset, day, line as record from whole_lines
    union all by name
    select source, source_path, file_key, byte_offset, day, record
    from staging.repaired_lines
    where source in ('claude', 'codex') and record is not null
),

parsed as (
    select
        * exclude (record),
        json_transform(record, '{
            "timestamp": "VARCHAR", "type": "VARCHAR", "subtype": "VARCHAR", "operation": "VARCHAR",
            "record_type": "VARCHAR", "version": "VARCHAR",
            "attachment": {"type": "VARCHAR"}, "data": {"type": "VARCHAR"}, "message": {"content": "JSON"},
            "payload": {"type": "VARCHAR", "cli_version": "VARCHAR", "item": {"type": "VARCHAR"}}
        }') as fields,
        json_keys(record, ['$', '$.payload']) as keys,
    from records
),

-- The lines of Codex's bare era are the items themselves (session-formats 2.2).
named as (
    select
        source,
        source_path,
        file_key,
        byte_offset,
        day,
        utc_timestamp(fields.timestamp) as occurred_at,
        case source
            when 'claude' then concat_ws(
                '/',
                coalesce(fields.type, 'no type'),
                coalesce(fields.subtype, fields.attachment.type, fields.data.type, fields.operation))
            else concat_ws(
                '/',
                case
                    when fields.record_type is not null then fields.record_type
                    when keys[2] is not null then fields.type
                    when fields.type is null then 'session_meta'
                    else 'response_item/' || fields.type end,
                fields.payload.type,
                fields.payload.item.type) end as record_type,
        case when starts_with(fields.message.content, '[')
            then json_extract_string(fields.message.content, '$[*].type') end as blocks,
        case source when 'codex' then list_concat(keys[1], keys[2]) else keys[1] end as record_fields,
        case source when 'claude' then fields.version else fields.payload.cli_version end as version,
    from parsed
),

-- Most records of a file look like others of it: what makes the most work is done once for all that are alike.
alike as (
    select
        * exclude (occurred_at, byte_offset),
        count(*) as record_count,
        min(occurred_at) as first_at,
        min(byte_offset) as first_offset,
    from named
    group by all
),

looks as (
    select
        * exclude (record_count, first_at, first_offset)
            replace (list_distinct(blocks) as blocks, list_distinct(record_fields) as record_fields),
        sum(record_count) as record_count,
        min(first_at) as first_at,
        min(first_offset) as first_offset,
    from alike
    group by all
),

-- A record without a time is no older than the last new look before it; at the head of a file it is as old as the file.
dated as (
    select
        * exclude (day, first_at, first_offset),
        coalesce(
            first_at,
            max(first_at) over (partition by file_key order by first_offset),
            min(first_at) over (partition by file_key),
            try_cast(day as timestamp)) as first_at,
    from looks
),

uses as (
    select
        * exclude (record_type, blocks, record_fields, version),
        unnest(list_concat(
            [{'kind': 'record type', 'record_type': '', 'name': record_type}],
            [{'kind': 'version', 'record_type': '', 'name': version}],
            list_transform(
                blocks,
                lambda block: {'kind': 'record type', 'record_type': '', 'name': record_type || '/' || block}),
            list_transform(
                record_fields,
                lambda field: {'kind': 'field', 'record_type': record_type, 'name': field})
        )) as used,
    from dated
),

-- Programs write these names, so no secret is expected there; none is let through.
clean as (
    select
        * exclude (used),
        used.kind as kind,
        redacted(used.record_type) as record_type,
        redacted(used.name) as name,
    from (
        select
            source,
            used,
            sum(record_count)::bigint as record_count,
            min(first_at) as first_at,
            arg_min(source_path, (first_at, source_path)) as source_path,
        from uses
        where used.name <> ''
        group by source, used
    )
)

select
    source,
    kind,
    record_type,
    name,
    sum(record_count)::bigint as record_count,
    min(first_at) as first_at,
    arg_min(source_path, (first_at, source_path)) as source_path,
from clean
group by source, kind, record_type, name
order by source, kind, record_type, name
