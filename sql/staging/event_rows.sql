-- One row per event line, of the spool or of seq: its envelope typed, its payload canonical, and why it is no event.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source_path, line_no, origin
-- @check reject_reason is not null or payload_hash = sha256(payload)
-- @column origin   recorded (a line of the event spool) or seq (a row of seq's memory log).
-- @column event_id   Id that the writer gave; of a row of seq without one a hash of what it says. Copies of a line have
--     the same. Null where the line has none, which makes it a reject.
-- @column occurred_at   Time that the line gives (UTC, a time without a zone is taken for UTC); null where it is no
--     valid one.
-- @column event_type   What happened, such as artifact.scored or flow.router.decision.v1. Unknown types are kept.
-- @column schema_version   Version of the fields of that type, 1 where the line says none; null where it is no whole
--     number from 1.
-- @column session_id   Session that the writer named; null where none.
-- @column lineage_id   Line of agents that the event is about; null where the writer named none.
-- @column agent_id   Agent that the event is about or comes from; null where the writer named none.
-- @column artifact_id   Artifact that the event is about; null where the writer named none.
-- @column attempt_id   Attempt that the event is about; null where the writer named none.
-- @column given_tags   Tags of the line in their order; of rows of seq error where the row says it failed. What events
--     infer is not among them.
-- @column payload   The event's payload as canonical JSON (RFC 8785); null where it is no object or the line is larger
--     than 8 MB.
-- @column payload_hash   SHA-256 of payload, under which events.payload_blobs keeps it; null where that is.
-- @column record_no   1, or the place of the record among those glued on one line.
-- @column reject_reason   Why the line is no event: larger than 8 MB, no id, no event_type, no valid timestamp,
--     schema_version is no whole number from 1, payload is no object, payload is nested deeper than 500 levels, or what
--     its type lacks (no attempt_id, score is no number from 1 to 10 and the like). Null where it is one.
with

whole_lines as (
    select file_key, byte_offset, 1 as record_no, line_no, byte_length, source_path, line as record
    from raw.events
    anti join (
        select file_key, byte_offset from staging.repaired_lines where source = 'events'
    ) using (file_key, byte_offset)
),

spool_records as (
    select * from whole_lines
    union all by name
    select file_key, byte_offset, record_no, line_no, byte_length, source_path, record,
    from staging.repaired_lines
    where source = 'events' and record is not null
),

-- One line of many megabytes would take the memory that a whole day has.
parsed as (
    select
        * exclude (record),
        json_transform(case when byte_length <= longest_event() then record end, '{
            "id": "VARCHAR", "timestamp": "VARCHAR", "event_type": "VARCHAR", "schema_version": "VARCHAR",
            "session_id": "VARCHAR", "lineage_id": "VARCHAR", "agent_id": "VARCHAR", "artifact_id": "VARCHAR",
            "attempt_id": "VARCHAR", "tags": "JSON", "payload": "JSON"
        }') as fields,
    from spool_records
),

spool_rows as (
    select
        * exclude (fields),
        'recorded' as origin,
        nullif(fields.id, '') as event_id,
        event_time(fields.timestamp) as occurred_at,
        nullif(fields.event_type, '') as event_type,
        coalesce(fields.schema_version, '1') as schema_version,
        nullif(fields.session_id, '') as session_id,
        nullif(fields.lineage_id, '') as lineage_id,
        nullif(fields.agent_id, '') as agent_id,
        nullif(fields.artifact_id, '') as artifact_id,
        nullif(fields.attempt_id, '') as attempt_id,
        case when json_type(fields.tags) = 'ARRAY' then json_transform(fields.tags, '["VARCHAR"]') else [] end
            as given_tags,
        case when json_type(fields.payload) = 'OBJECT' then fields.payload end as payload,
    from parsed
),

-- All that people write, ids too, is clean from here on; the lines themselves stay in raw.
clean_rows as (
    select
        * replace (
            redacted(event_id) as event_id,
            redacted(event_type) as event_type,
            redacted(session_id) as session_id,
            redacted(lineage_id) as lineage_id,
            redacted(agent_id) as agent_id,
            redacted(artifact_id) as artifact_id,
            redacted(attempt_id) as attempt_id,
            list_transform(given_tags, lambda tag: redacted(tag)) as given_tags,
            redacted_json(payload)::varchar as payload
        ),
    from spool_rows
),

numbered as materialized (
    select *, row_number() over () as row_no
    from (
        select * from clean_rows
        union all by name
        select *, 'seq' as origin, '1' as schema_version from staging.seq_rows
    )
),

-- Key and value of each child; of a key given twice the first counts, as everywhere in DuckDB. An index is a key with
-- leading zeros. The place of a value in the canonical order is its parent's place, chr(1), then its key; what closes an
-- object or a list stands at its place with chr(2), behind all that is in it.
placed as (
    with recursive walk as (
        select row_no, '' as place, null::varchar as key, payload::json as value, 'OBJECT' as type, 0 as depth
        from numbered
        where payload is not null
        union all
        select
            row_no,
            place || chr(1) || key_order(entry[1]) as place,
            case type when 'OBJECT' then entry[1] end as key,
            entry[2] as value,
            json_type(entry[2]) as type,
            depth + 1 as depth,
        from (
            select
                row_no,
                place,
                type,
                depth,
                unnest(case
                    when type = 'ARRAY' then list_zip(
                        list_transform(
                            range(json_array_length(value)::bigint),
                            lambda index: lpad(index::varchar, 12, '0')),
                        json_extract(value, '$[*]'))
                    when len(json_keys(value)) = len(list_distinct(json_keys(value))) then list_zip(
                        json_keys(value),
                        json_extract(value, '$.*'))
                    else list_zip(
                        list_select(json_keys(value), first_places(json_keys(value))),
                        list_select(json_extract(value, '$.*'), first_places(json_keys(value)))) end) as entry,
            from walk
            where type in ('OBJECT', 'ARRAY') and depth < 500
        )
    )
    select
        row_no,
        place,
        type in ('OBJECT', 'ARRAY') and depth = 500 as is_cut,
        coalesce(canonical_string(key) || ':', '') || case type
            when 'OBJECT' then '{' || chr(1)
            when 'ARRAY' then '[' || chr(1)
            when 'VARCHAR' then lower_case_escapes(value::varchar)
            when 'BOOLEAN' then value::varchar
            when 'NULL' then 'null'
            else canonical_number(value::varchar) end as token,
    from walk
    union all
    select row_no, place || chr(2), false, chr(2) || case type when 'OBJECT' then '}' else ']' end
    from walk
    where type in ('OBJECT', 'ARRAY')
),

-- Tokens are joined by commas; chr(1) and chr(2), which JSON text cannot hold, mark where none belongs.
canonical as (
    select
        row_no,
        replace(replace(replace(
            array_to_string(
                list_transform(
                    list_sort(list({'place': place, 'token': token})),
                    lambda entry: entry.token),
                ','),
            chr(1) || ',', ''),
            ',' || chr(2), ''),
            chr(2), '') as payload,
        bool_or(is_cut) as is_cut,
    from placed
    group by row_no
),

typed as (
    select
        numbered.* exclude (row_no, payload, schema_version, given_tags),
        case when regexp_full_match(numbered.schema_version, '[1-9]\d{0,8}') then numbered.schema_version::integer end
            as schema_version,
        list_filter(numbered.given_tags, lambda tag: tag <> '') as given_tags,
        canonical.payload,
        canonical.is_cut,
    from numbered
    left join canonical using (row_no)
)

select
    origin,
    event_id,
    occurred_at,
    event_type,
    schema_version,
    session_id,
    lineage_id,
    agent_id,
    artifact_id,
    attempt_id,
    given_tags,
    payload,
    sha256(payload) as payload_hash,
    source_path,
    file_key,
    line_no,
    byte_offset,
    byte_length,
    record_no,
    case
        when byte_length > longest_event() then 'larger than 8 MB'
        when event_id is null then 'no id'
        when event_type is null then 'no event_type'
        when occurred_at is null then 'no valid timestamp'
        when schema_version is null then 'schema_version is no whole number from 1'
        when payload is null then 'payload is no object'
        when is_cut then 'payload is nested deeper than 500 levels'
        else event_problem(
            event_type, schema_version, session_id, lineage_id, agent_id, artifact_id, attempt_id, payload)
        end as reject_reason,
from typed
order by file_key, byte_offset, record_no
