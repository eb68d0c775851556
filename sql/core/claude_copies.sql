-- One row per Claude record that repeats an older one: the same uuid in the file again or in another file.
-- @split day
-- @key file_key, byte_offset, record_no
-- @column original_file_key   file_key of the record it repeats, which counts in its place: in the file that began
--     first, or in the same file further up.
with

records as (
    select day, file_key, generation, source_path, byte_offset, record_no, uuid, occurred_at
    from staging.claude_records
    where uuid is not null
),

repeated as (
    select uuid from records group by uuid having count(*) > 1
),

files as (
    select
        file_key,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        -- Compaction and side-question subagents copy their parent's lines (2.1.161); the parent keeps them.
        bool_or(contains(source_path, '/subagents/') or regexp_matches(source_path, '(^|/)agent-[^/]*$')) as is_agent_file,
    from records
    group by file_key
),

-- The oldest file keeps a line (session-formats 1.8); of two that start with the same line the one that ends first.
ranked as (
    select
        records.*,
        row_number() over oldest_first as place,
        first_value(records.file_key) over oldest_first as original_file_key,
    from records
    join repeated using (uuid)
    join files using (file_key)
    window oldest_first as (
        partition by records.uuid
        order by
            files.first_at nulls last,
            files.is_agent_file,
            files.last_at nulls last,
            records.generation,
            records.source_path,
            records.byte_offset,
            records.record_no
    )
)

select day, file_key, byte_offset, record_no, uuid, original_file_key
from ranked
where place > 1
order by file_key, byte_offset, record_no
