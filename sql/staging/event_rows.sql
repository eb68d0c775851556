-- One row per event line, of the spool or of seq: its envelope typed, its payload in canonical JSON, and why it is no event.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source_path, line_no, origin
-- @check reject_reason is not null or payload_hash = sha256(payload)
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

parsed as (
    select
        * exclude (record),
        json_transform(record, '{"id": "VARCHAR", "timestamp": "VARCHAR", "event_type": "VARCHAR",
            "schema_version": "VARCHAR", "session_id": "VARCHAR", "lineage_id": "VARCHAR", "agent_id": "VARCHAR",
            "artifact_id": "VARCHAR", "attempt_id": "VARCHAR", "tags": "JSON", "payload": "JSON"}') as fields,
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
        case when json_type(fields.tags) = 'ARRAY' then json_transform(fields.tags, '["VARCHAR"]') else [] end as given_tags,
        case when json_type(fields.payload) = 'OBJECT' then fields.payload::varchar end as payload,
    from parsed
),

numbered as materialized (
    select *, row_number() over () as row_no
    from (
        select * from spool_rows
        union all by name
        select *, 'seq' as origin, '1' as schema_version from staging.seq_rows
    )
),

-- How deep a payload is nested: only one with many brackets can be too deep for the walk below.
brackets as (
    select
        row_no,
        unnest(string_split(
            regexp_replace(regexp_replace(payload, '"(?:[^"\\]|\\.)*"', '', 'g'), '[^{}\[\]]+', '', 'g'), '')) as bracket,
        generate_subscripts(string_split(
            regexp_replace(regexp_replace(payload, '"(?:[^"\\]|\\.)*"', '', 'g'), '[^{}\[\]]+', '', 'g'), ''), 1) as place,
    from numbered
    where length(payload) - length(replace(replace(payload, '{', ''), '[', '')) > 100
),

too_deep as (
    select distinct row_no
    from (
        select row_no, sum(case when bracket in ('{', '[') then 1 else -1 end) over (
            partition by row_no order by place) as depth
        from brackets
    )
    where depth > 100
),

-- Of a key given twice the first counts, as everywhere in DuckDB.
nodes as (
    select
        numbered.row_no,
        tree.id,
        tree.parent,
        tree.key,
        tree.type,
        case tree.type
            when 'OBJECT' then '{' || chr(1)
            when 'ARRAY' then '[' || chr(1)
            when 'VARCHAR' then lower_case_escapes(tree.atom::varchar)
            when 'BOOLEAN' then tree.atom::varchar
            when 'NULL' then 'null'
            else canonical_number(tree.atom::varchar) end as token,
    from (select row_no, payload from numbered anti join too_deep using (row_no)) as numbered,
        json_tree(numbered.payload::json) as tree
    qualify tree.parent is null
        or row_number() over (partition by numbered.row_no, tree.parent, tree.key order by tree.id) = 1
),

-- The place of each value in the canonical order: its parent's place, chr(1), then its key or index. What closes an object
-- or array stands at its place with chr(2), behind all that is in it.
placed as (
    with recursive walk as (
        select row_no, id, type, '' as place, token
        from nodes
        where parent is null
        union all
        select
            nodes.row_no,
            nodes.id,
            nodes.type,
            walk.place || chr(1)
                || case walk.type when 'OBJECT' then key_order(nodes.key) else lpad(nodes.key, 12, '0') end as place,
            case walk.type when 'OBJECT' then canonical_string(nodes.key) || ':' else '' end || nodes.token as token,
        from walk
        join nodes on nodes.row_no = walk.row_no and nodes.parent = walk.id
    )
    select row_no, place, token from walk
    union all
    select row_no, place || chr(2), chr(2) || case type when 'OBJECT' then '}' else ']' end
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
        sha256(canonical.payload) as payload_hash,
        numbered.payload is null as has_no_object,
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
    payload_hash,
    source_path,
    file_key,
    line_no,
    byte_offset,
    byte_length,
    record_no,
    case
        when event_id is null then 'no id'
        when event_type is null then 'no event_type'
        when occurred_at is null then 'no valid timestamp'
        when schema_version is null then 'schema_version is no whole number from 1'
        when has_no_object then 'payload is no object'
        when payload is null then 'payload is nested deeper than 100 levels'
        else event_problem(
            event_type, schema_version, session_id, lineage_id, agent_id, artifact_id, attempt_id, payload)
        end as reject_reason,
from typed
order by file_key, byte_offset, record_no
