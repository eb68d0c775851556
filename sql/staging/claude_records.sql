-- One row per JSON record of a Claude Code log line, its envelope typed and its content split into blocks.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source_path, line_no
-- @column record_no   1, or the place of the record among those glued on one line.
-- @column type   What the line is, in the log's word: user, assistant, system, attachment, queue-operation, progress
--     (up to 2.1.81), summary, ai-title, custom-title, file-history-snapshot and others. New ones pass through; null
--     where the line names none.
-- @column subtype   Of system lines the subtype (compact_boundary, turn_duration, api_error and others), of attachments
--     their type (queued_command, edited_text_file and others); null elsewhere.
-- @column uuid   The line's own id; a copy of the line, in a resumed session or a checkpoint, has it too. Null on
--     bookkeeping lines: titles, modes, snapshots, queue operations.
-- @column parent_uuid   uuid of the line this one follows. Null at a root: the first line, after a compaction, the
--     begin of a subagent. The line it names may stand in another file or in none.
-- @column logical_parent_uuid   Of a compact_boundary the line before the cut, where parent_uuid is null; null
--     elsewhere.
-- @column session_id   sessionId of the line: the parent's on lines of a subagent, rewritten in copies up to 1.0. Null
--     on summaries and file-history lines. core.steps has the session that the line belongs to.
-- @column occurred_at   When the line was written (UTC); null on summaries, titles, modes and snapshots, and where the
--     time is no valid one.
-- @column is_sidechain   Whether the line belongs to a subagent, not to the main chat.
-- @column is_meta   Whether the CLI marked a line as its own (isMeta, from 0.2.102): skill bodies, caveats, image
--     sources. Much that it wrote is not marked.
-- @column is_compact_summary   Whether the line is marked as the summary of a compaction (from 1.0.35).
-- @column is_api_error   Whether the line is marked as an API error written in the model's name. Some such lines are
--     not marked: see model.
-- @column is_mention_read   Whether the line is marked as the text of a mentioned file (0.2 only).
-- @column is_aborted   Whether Esc cut the message off while it streamed (marked from 2.1.222).
-- @column agent_id   The subagent that wrote the line; null in the main chat and in subagents of older versions.
-- @column version   Version of Claude Code that wrote the line; may change within a file. Null on bookkeeping lines.
-- @column cwd   Working folder when the line was written; one session may have several. Null on bookkeeping lines.
-- @column git_branch   Branch of the working folder, which may read HEAD; from 1.0.55. Null where there is none.
-- @column entrypoint   What Claude Code ran in: cli, claude-vscode, claude-desktop; sdk-cli, sdk-ts and the like for
--     scripts. From 2.1.78, null before.
-- @column prompt_id   The same on all user lines of one prompt (from 2.1.73); null elsewhere.
-- @column permission_mode   How tools were permitted: default, acceptEdits, plan, bypassPermissions, auto, dontAsk. On
--     some user lines (from 2.1.15) and on permission-mode lines; null elsewhere.
-- @column prompt_source   How a prompt came in: typed, queued, suggestion_accepted, system, sdk (people in the desktop
--     app and in editors too). From 2.1.161, null elsewhere.
-- @column origin_kind   Who a user line or a queued command came from: human, task-notification, peer, coordinator or
--     another. From 2.1.90 and not on all lines.
-- @column request_id   The API request of an assistant line (from 1.0.5); null on the CLI's own lines and with some
--     providers.
-- @column source_tool_use_id   The tool call that put this user line in, as that of a skill's body (from 2.0.76); null
--     elsewhere.
-- @column tool_denial_kind   Why a tool call was denied: user-rejected, automode-blocked, automode-unavailable. On its
--     result from 2.1.220, null elsewhere.
-- @column user_feedback   The reason a person gave for refusing a tool call (from 2.1.222). Older logs have it in the
--     text of the result only.
-- @column result_agent_id   On the result of a call that started a subagent: that subagent's agent_id; null elsewhere.
-- @column is_result_interrupted   Whether the result says that its command was stopped while it ran.
-- @column operation   Of queue-operation lines (from 2.0.76): enqueue, dequeue (became a prompt of its own), remove
--     (went into the running turn), popAll (taken back into the editor); null elsewhere.
-- @column title   Text of summary, ai-title and custom-title lines; null elsewhere. A summary mostly names another
--     session than the one it stands in.
-- @column pr_url   Address on pr-link lines (from 2.1.29); null elsewhere.
-- @column duration_ms   Milliseconds: of the turn on turn_duration lines (from 2.1.1), of the response on assistant
--     lines up to 1.0.7; null elsewhere.
-- @column parent_session_id   On fork-context-ref lines (2.1.220) the session this one was forked from; null elsewhere.
--     Not the parent of core.sessions.
-- @column compact_trigger   On compact_boundary lines what started the compaction, manual or auto; null elsewhere.
-- @column text   Words of a line that has no message: queue operations, system notices, queued commands, snippets of
--     edited files; null elsewhere.
-- @column attachment_path   The file that an attachment is about, as it was written; null elsewhere.
-- @column command_mode   Of queued commands: prompt (words that were typed) or task-notification; null elsewhere.
-- @column is_attachment_meta   Whether the CLI marked an attachment as its own.
-- @column message_id   Id of the API response (msg_…), the same on all lines that the response is split over. Null on
--     lines that are no response.
-- @column role   Role of the message: user or assistant; null on lines without one. Of the user lines few were typed.
-- @column model   Model of an assistant line; <synthetic> where the CLI wrote it: limits, API errors, "No response
--     requested.". Null on other lines.
-- @column stop_reason   Why the response ended: end_turn, tool_use, stop_sequence and others. Null on most lines from
--     1.0.31 to 2.1.59, and on the first lines of a response later.
-- @column input_tokens   Input tokens of the whole response, without cached ones. Each line of the response repeats it.
-- @column output_tokens   Output tokens of the response up to this line: count its greatest per message_id, not the
--     sum.
-- @column cache_read_tokens   Input tokens of the response that the prompt cache had. Each line repeats it.
-- @column cache_write_tokens   Input tokens of the response that were put into the prompt cache. Each line repeats it.
-- @column blocks   The message's content, in order: type as the log has it (text, thinking, tool_use, tool_result,
--     image, document), text (of thinking and results too; pictures are named, not kept), tool_call_id, tool_name,
--     arguments, is_error, media_type. Empty on lines without a message.
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
