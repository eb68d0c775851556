-- One row per JSON record of a Claude Code log line, its envelope typed and its content split into blocks.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source_path, line_no
with

whole_lines as (
    select file_key, byte_offset, 1 as record_no, line_no, byte_length, source_path, generation, is_current, line as record
    from raw.claude
    anti join (
        select file_key, byte_offset from staging.repaired_lines where source = 'claude'
    ) using (file_key, byte_offset)
),

records as (
    select * from whole_lines
    union all by name
    select
        file_key, byte_offset, record_no, line_no, byte_length, source_path, generation, is_current, record,
    from staging.repaired_lines
    where source = 'claude' and record is not null
),

parsed as (
    select
        * exclude (record),
        -- One parse for the whole envelope; a field of another type than expected reads as null.
        json_transform(record, '{
            "type": "VARCHAR", "subtype": "VARCHAR", "uuid": "VARCHAR", "parentUuid": "VARCHAR",
            "logicalParentUuid": "VARCHAR", "sessionId": "VARCHAR", "timestamp": "VARCHAR", "isSidechain": "BOOLEAN",
            "isMeta": "BOOLEAN", "isCompactSummary": "BOOLEAN", "isApiErrorMessage": "BOOLEAN",
            "isAtMentionRead": "BOOLEAN", "agentId": "VARCHAR", "version": "VARCHAR", "cwd": "VARCHAR",
            "gitBranch": "VARCHAR", "entrypoint": "VARCHAR", "promptId": "VARCHAR", "permissionMode": "VARCHAR",
            "promptSource": "VARCHAR", "requestId": "VARCHAR", "sourceToolUseID": "VARCHAR",
            "toolDenialKind": "VARCHAR", "userFeedback": "VARCHAR", "isAbortedMidStream": "BOOLEAN",
            "operation": "VARCHAR", "content": "JSON", "summary": "VARCHAR", "aiTitle": "VARCHAR",
            "customTitle": "VARCHAR", "prUrl": "VARCHAR", "durationMs": "BIGINT", "parentSessionId": "VARCHAR",
            "origin": {"kind": "VARCHAR"},
            "compactMetadata": {"trigger": "VARCHAR"},
            "toolUseResult": {"agentId": "VARCHAR", "interrupted": "BOOLEAN"},
            "attachment": {"type": "VARCHAR", "prompt": "JSON", "commandMode": "VARCHAR", "isMeta": "BOOLEAN",
                "origin": {"kind": "VARCHAR"}, "filename": "VARCHAR", "snippet": "VARCHAR"},
            "message": {"id": "VARCHAR", "role": "VARCHAR", "model": "VARCHAR", "stop_reason": "VARCHAR",
                "content": "JSON",
                "usage": {"input_tokens": "BIGINT", "output_tokens": "BIGINT", "cache_read_input_tokens": "BIGINT",
                    "cache_creation_input_tokens": "BIGINT"}}
        }') as fields,
    from records
),

with_blocks as (
    select
        *,
        case json_type(fields.message.content)
            when 'VARCHAR' then [{'type': 'text', 'text': json_extract_string(fields.message.content, '$')}]
            when 'ARRAY' then json_transform(fields.message.content, '[{
                "type": "VARCHAR", "text": "VARCHAR", "thinking": "VARCHAR", "id": "VARCHAR", "name": "VARCHAR",
                "input": "JSON", "tool_use_id": "VARCHAR", "is_error": "BOOLEAN", "content": "JSON",
                "source": {"media_type": "VARCHAR"}, "title": "VARCHAR"
            }]')
            else [] end as raw_blocks,
    from parsed
),

read as (
    select
        source_path,
        file_key,
        generation,
        is_current,
        line_no,
        byte_offset,
        byte_length,
        record_no,
        fields.type as type,
        coalesce(fields.subtype, fields.attachment.type) as subtype,
        fields.uuid as uuid,
        fields.parentUuid as parent_uuid,
        fields.logicalParentUuid as logical_parent_uuid,
        fields.sessionId as session_id,
        utc_timestamp(fields.timestamp) as occurred_at,
        coalesce(fields.isSidechain, false) as is_sidechain,
        coalesce(fields.isMeta, false) as is_meta,
        coalesce(fields.isCompactSummary, false) as is_compact_summary,
        coalesce(fields.isApiErrorMessage, false) as is_api_error,
        coalesce(fields.isAtMentionRead, false) as is_mention_read,
        coalesce(fields.isAbortedMidStream, false) as is_aborted,
        fields.agentId as agent_id,
        fields.version as version,
        fields.cwd as cwd,
        nullif(fields.gitBranch, '') as git_branch,
        fields.entrypoint as entrypoint,
        fields.promptId as prompt_id,
        fields.permissionMode as permission_mode,
        fields.promptSource as prompt_source,
        coalesce(fields.origin.kind, fields.attachment.origin.kind) as origin_kind,
        fields.requestId as request_id,
        fields.sourceToolUseID as source_tool_use_id,
        fields.toolDenialKind as tool_denial_kind,
        fields.userFeedback as user_feedback,
        fields.toolUseResult.agentId as result_agent_id,
        coalesce(fields.toolUseResult.interrupted, false) as is_result_interrupted,
        fields.operation as operation,
        coalesce(fields.summary, fields.customTitle, fields.aiTitle) as title,
        fields.prUrl as pr_url,
        fields.durationMs as duration_ms,
        fields.parentSessionId as parent_session_id,
        fields.compactMetadata.trigger as compact_trigger,
        -- The text of lines that have no message: queue operations, system notices, queued commands, edited files.
        coalesce(content_text(fields.content), content_text(fields.attachment.prompt), fields.attachment.snippet) as text,
        fields.attachment.filename as attachment_path,
        fields.attachment.commandMode as command_mode,
        coalesce(fields.attachment.isMeta, false) as is_attachment_meta,
        fields.message.id as message_id,
        fields.message.role as role,
        fields.message.model as model,
        fields.message.stop_reason as stop_reason,
        token_count(fields.message.usage.input_tokens) as input_tokens,
        token_count(fields.message.usage.output_tokens) as output_tokens,
        token_count(fields.message.usage.cache_read_input_tokens) as cache_read_tokens,
        token_count(fields.message.usage.cache_creation_input_tokens) as cache_write_tokens,
        -- Base64 images and thinking signatures stay in raw (session-formats, traps 22 and 30).
        list_transform(raw_blocks, lambda block: {
            'type': block.type,
            'text': case block.type
                when 'tool_result' then content_text(block.content)
                when 'thinking' then block.thinking
                when 'image' then '[image]'
                when 'document' then '[document' || coalesce(': ' || block.title, '') || ']'
                else block.text end,
            'tool_call_id': coalesce(block.tool_use_id, block.id),
            'tool_name': block.name,
            'arguments': block.input,
            'is_error': block.is_error,
            'media_type': block.source.media_type
        }) as blocks,
    from with_blocks
),

-- What programs write: ids, types, names of models and versions. No secret is expected there, and none is let through.
typed as (
    select
        * exclude (is_odd) replace (
            redacted_word(type, is_odd) as type,
            redacted_word(subtype, is_odd) as subtype,
            redacted_word(uuid, is_odd) as uuid,
            redacted_word(parent_uuid, is_odd) as parent_uuid,
            redacted_word(logical_parent_uuid, is_odd) as logical_parent_uuid,
            redacted_word(session_id, is_odd) as session_id,
            redacted_word(agent_id, is_odd) as agent_id,
            redacted_word(version, is_odd) as version,
            redacted_word(entrypoint, is_odd) as entrypoint,
            redacted_word(prompt_id, is_odd) as prompt_id,
            redacted_word(permission_mode, is_odd) as permission_mode,
            redacted_word(prompt_source, is_odd) as prompt_source,
            redacted_word(origin_kind, is_odd) as origin_kind,
            redacted_word(request_id, is_odd) as request_id,
            redacted_word(source_tool_use_id, is_odd) as source_tool_use_id,
            redacted_word(tool_denial_kind, is_odd) as tool_denial_kind,
            redacted_word(result_agent_id, is_odd) as result_agent_id,
            redacted_word(operation, is_odd) as operation,
            redacted_word(parent_session_id, is_odd) as parent_session_id,
            redacted_word(compact_trigger, is_odd) as compact_trigger,
            redacted_word(command_mode, is_odd) as command_mode,
            redacted_word(message_id, is_odd) as message_id,
            redacted_word(role, is_odd) as role,
            redacted_word(model, is_odd) as model,
            redacted_word(stop_reason, is_odd) as stop_reason,
            list_transform(blocks, lambda block: struct_update(
                block,
                type := redacted_word(block.type, is_odd),
                tool_call_id := redacted_word(block.tool_call_id, is_odd),
                media_type := redacted_word(block.media_type, is_odd))) as blocks
        ),
    from (
        select
            *,
            is_odd(concat_ws(chr(10),
                type, subtype, uuid, parent_uuid, logical_parent_uuid, session_id, agent_id, version, entrypoint,
                prompt_id, permission_mode, prompt_source, origin_kind, request_id, source_tool_use_id,
                tool_denial_kind, result_agent_id, operation, parent_session_id, compact_trigger, command_mode,
                message_id, role, model, stop_reason,
                array_to_string(list_transform(
                    blocks,
                    lambda block: concat_ws(chr(10), block.type, block.tool_call_id, block.media_type)), chr(10))
                )) as is_odd,
        from read
    )
),

-- All that can hold words, paths or names is clean from here on; the lines themselves stay in raw.
clean as (
    select
        * replace (
            redacted(cwd) as cwd,
            redacted(git_branch) as git_branch,
            redacted(user_feedback) as user_feedback,
            redacted(title) as title,
            redacted(pr_url) as pr_url,
            redacted(text) as text,
            redacted(attachment_path) as attachment_path,
            list_transform(blocks, lambda block: struct_update(
                block,
                text := redacted(block.text),
                tool_name := redacted(block.tool_name),
                arguments := redacted_json(block.arguments))) as blocks
        ),
    from typed
)

select * from clean
order by file_key, byte_offset, record_no
