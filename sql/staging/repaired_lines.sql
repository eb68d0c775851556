-- One row per piece of a log line that is not exactly one JSON object: a record won back from it, or what is left over.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source, source_path, reason
-- @column record_no   Place of the piece on its line, from 1; what is left over comes after the records.
-- @column record   The record that was won back, as JSON text and not redacted; null where none was.
-- @column reason   Of a record how it was won back: glued records (cut apart), mended characters (without byte order
--     mark, trailing NULs, lone surrogates). Else why it is none: not UTF-8, blank line, NUL bytes, git-lfs pointer,
--     JSON but not an object, broken JSON object, not JSON.
-- @column rejected_bytes   The bytes that are no record, not redacted: the line, or what is left of it behind its last
--     record. Null beside a record.
with

lines as (
    select * from raw.claude
    union all by name
    select * from raw.codex
    union all by name
    select * from raw.seq
    union all by name
    select * from raw.events
),

odd_lines as (
    select *, mended_line(line) as mended
    from lines
    where not coalesce(is_json_object(line), false)
),

-- Two records can stand on one line without a newline between them (Claude, 12 files seen), so a line is cut where one
-- object ends and the next begins, at the first place that leaves valid JSON. 64 cuts bound the work on a hostile line.
cuttable as (
    select file_key, byte_offset, string_split(mended, '}{') as parts
    from odd_lines
    where starts_with(mended, '{')
        and not json_valid(mended)
        and contains(mended, '}{')
        and len(string_split(mended, '}{')) <= 64
),

pieces as (
    select
        file_key,
        byte_offset,
        first_part,
        last_part,
        (case when first_part > 1 then '{' else '' end)
            || array_to_string(list_slice(parts, first_part, last_part), '}{')
            || (case when last_part < len(parts) then '}' else '' end) as piece,
        last_part = len(parts) as is_last,
    from (
        select *, unnest(range(first_part, len(parts) + 1)) as last_part
        from (select *, unnest(range(1, len(parts) + 1)) as first_part from cuttable)
    )
),

ends as (
    select
        file_key,
        byte_offset,
        first_part,
        min(last_part) as last_part,
        min_by(piece, last_part) as piece,
        bool_and(is_last) filter (where is_shortest) as is_last,
    from (
        select
            *,
            last_part = min(last_part) over (partition by file_key, byte_offset, first_part) as is_shortest,
        from pieces
        where json_valid(piece)
    )
    group by all
),

-- The chain of records from the start of the line; it stops where no cut leaves valid JSON.
chain as (
    with recursive steps as (
        select file_key, byte_offset, 1 as record_no, first_part, last_part, piece
        from ends
        where first_part = 1
        union all
        select ends.file_key, ends.byte_offset, steps.record_no + 1, ends.first_part, ends.last_part, ends.piece
        from steps
        join ends
            on ends.file_key = steps.file_key
            and ends.byte_offset = steps.byte_offset
            and ends.first_part = steps.last_part + 1
    )
    select * from steps
),

-- What follows the last whole record of a chain.
leftovers as (
    select
        cuttable.file_key,
        cuttable.byte_offset,
        chained.record_no + 1 as record_no,
        '{' || array_to_string(list_slice(cuttable.parts, chained.last_part + 1, len(cuttable.parts)), '}{') as piece,
    from cuttable
    join (
        select file_key, byte_offset, max(record_no) as record_no, max(last_part) as last_part
        from chain
        group by all
    ) as chained using (file_key, byte_offset)
    where chained.last_part < len(cuttable.parts)
),

found as (
    select file_key, byte_offset, record_no, piece from chain
    union all
    select file_key, byte_offset, record_no, piece from leftovers
    union all
    select file_key, byte_offset, 1 as record_no, mended as piece
    from odd_lines
    anti join chain using (file_key, byte_offset)
),

judged as (
    select
        odd_lines.source,
        odd_lines.source_path,
        odd_lines.file_key,
        odd_lines.generation,
        odd_lines.is_current,
        odd_lines.line_no,
        odd_lines.byte_offset,
        odd_lines.byte_length,
        found.record_no::integer as record_no,
        case when is_json_object(found.piece) then found.piece end as record,
        case
            when is_json_object(found.piece) and chain.record_no is not null then 'glued records'
            when is_json_object(found.piece) then 'mended characters'
            when found.piece is not null and found.record_no > 1 then reject_reason(found.piece)
            else reject_reason(odd_lines.line) end as reason,
        case
            when is_json_object(found.piece) then null
            when found.record_no > 1 then encode(found.piece)
            else coalesce(encode(odd_lines.line), odd_lines.bytes) end as rejected_bytes,
    from odd_lines
    join found using (file_key, byte_offset)
    left join chain using (file_key, byte_offset, record_no)
)

select * from judged
order by file_key, byte_offset, record_no
