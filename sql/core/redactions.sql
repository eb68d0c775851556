-- One row per value and place that redaction left a placeholder for: by which rule, and the keyed hash, never the value.
-- @partition day
-- @key source, file_key, byte_offset, record_no, place, rule, value_hash
-- @not_null source_path, kind
-- @check occurrence_count > 0
-- @column source   Where the text stands: claude, codex, events or seq.
-- @column place   Column of the staging table that has it; of a list its element, from 1: block 2 text, part 1 text,
--     tag 3, offered tool 4.
-- @column kind   What was found: credential, email, ip or user (a person's name).
-- @column rule   Rule that found it: of credentials the kind of key, else the same as kind.
-- @column value_hash   Keyed hash of the value, 12 hex digits, as in its placeholder: equal for equal values of one
--     lake, of no use to guess them by.
-- @column occurrence_count   How often the placeholder stands in that place.
with

claude_texts as (
    select
        'claude' as source,
        source_path,
        file_key,
        line_no,
        byte_offset,
        record_no,
        unnest(list_concat(
            [
                {'place': 'cwd', 'value': cwd},
                {'place': 'git_branch', 'value': git_branch},
                {'place': 'user_feedback', 'value': user_feedback},
                {'place': 'title', 'value': title},
                {'place': 'pr_url', 'value': pr_url},
                {'place': 'text', 'value': text},
                {'place': 'attachment_path', 'value': attachment_path}
            ],
            list_transform(blocks, lambda block, block_no:
                {'place': 'block ' || block_no || ' text', 'value': block.text}),
            list_transform(blocks, lambda block, block_no:
                {'place': 'block ' || block_no || ' tool_name', 'value': block.tool_name}),
            list_transform(blocks, lambda block, block_no:
                {'place': 'block ' || block_no || ' arguments', 'value': block.arguments::varchar}))) as written,
    from staging.claude_records
),

codex_texts as (
    select
        'codex' as source,
        source_path,
        file_key,
        line_no,
        byte_offset,
        record_no,
        unnest(list_concat(
            [
                {'place': 'tool_name', 'value': tool_name},
                {'place': 'arguments', 'value': arguments::varchar},
                {'place': 'output', 'value': output},
                {'place': 'reasoning', 'value': reasoning},
                {'place': 'text', 'value': text},
                {'place': 'last_agent_message', 'value': last_agent_message},
                {'place': 'reason', 'value': reason},
                {'place': 'thread_name', 'value': thread_name},
                {'place': 'cwd', 'value': cwd},
                {'place': 'session_source', 'value': session_source::varchar},
                {'place': 'git_branch', 'value': git_branch},
                {'place': 'instructions', 'value': instructions}
            ],
            list_transform(parts, lambda part, part_no:
                {'place': 'part ' || part_no || ' text', 'value': part.text}),
            list_transform(offered_tools, lambda tool, tool_no:
                {'place': 'offered tool ' || tool_no, 'value': tool}))) as written,
    from staging.codex_records
),

event_texts as (
    select
        case origin when 'recorded' then 'events' else origin end as source,
        source_path,
        file_key,
        line_no,
        byte_offset,
        record_no,
        unnest(list_concat(
            [
                {'place': 'event_id', 'value': event_id},
                {'place': 'event_type', 'value': event_type},
                {'place': 'session_id', 'value': session_id},
                {'place': 'lineage_id', 'value': lineage_id},
                {'place': 'agent_id', 'value': agent_id},
                {'place': 'artifact_id', 'value': artifact_id},
                {'place': 'attempt_id', 'value': attempt_id},
                {'place': 'payload', 'value': payload}
            ],
            list_transform(given_tags, lambda tag, tag_no: {'place': 'tag ' || tag_no, 'value': tag}))) as written,
    from staging.event_rows
),

found as (
    select * exclude (written), written.place, unnest(placeholders(written.value)) as placeholder
    from (
        select * from claude_texts
        union all
        select * from codex_texts
        union all
        select * from event_texts
    )
)

select
    source,
    source_path,
    file_key,
    line_no,
    byte_offset,
    record_no,
    place,
    placeholder_kind(placeholder) as kind,
    placeholder_rule(placeholder) as rule,
    right(rtrim(placeholder, '>'), 12) as value_hash,
    count(*)::integer as occurrence_count,
from found
group by all
order by source, file_key, byte_offset, record_no, place, rule, value_hash
