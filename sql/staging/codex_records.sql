-- One row per JSON record of a Codex rollout line, its three eras brought to one envelope.
-- @partition day
-- @key file_key, byte_offset, record_no
-- @not_null source_path, line_no
-- @column record_no   1, or the place of the record among those glued on one line.
-- @column type   What the line is: session_meta, turn_context (from 0.39), response_item, event_msg, compacted,
--     world_state, token_usage_record or another; new ones pass through. Worked out for lines without an envelope.
-- @column is_bare   Whether the line has no envelope around its payload: logs up to 0.31, and a few later ones.
-- @column occurred_at   When the line was written (UTC); null in logs up to 0.31. What a fork repeats of its parent is
--     stamped anew.
-- @column ordinal   Number of the line, in paginated logs only (from 0.146); null elsewhere.
-- @column line_md5   MD5 of the line, by which generations of a file are compared; null where the file has one only.
-- @column item_type   Kind of an event_msg (user_message, agent_message, task_started, token_count and others) or of a
--     response_item (message, reasoning, function_call and others); null on other lines.
-- @column completed_type   What an item_completed event completes: UserMessage, AgentMessage, Plan, Reasoning and
--     others; null elsewhere.
-- @column item_id   Id in the payload: of a session_meta the session's, of an item its own; null where it has none.
-- @column role   Role of a message: user, assistant, developer, system; null elsewhere. A quarter of what has the role
--     user is the harness's own.
-- @column phase   Of the model's messages: commentary (a progress note) or final_answer; null elsewhere and up to
--     0.103.
-- @column turn_id   The task that the line names (from 0.104), ids in the order of time; null elsewhere. Not the
--     turn_id of core.turns.
-- @column tool_call_id   Joins a tool's call and its output (call_…); null elsewhere, and on web searches.
-- @column tool_name   Name of the tool on calls; null elsewhere, on outputs too.
-- @column arguments   Arguments of a call, always a JSON object: text (apply_patch, code mode) stands as {"input":
--     text}. Of web searches and local shell calls, and on a few events, their action. Null elsewhere.
-- @column output   What a tool gave back, as text; up to 0.126 mostly a JSON text with output and metadata. Null
--     elsewhere.
-- @column parts   Parts of a message's content, in order: type (input_text, output_text, input_image and others) and
--     text, which is empty for pictures and encrypted parts. An empty list on other lines.
-- @column part_kinds   What each of the parts of a user message is, such as user.text (seen in 1.19); null elsewhere.
-- @column reasoning   Summary on a reasoning item, its paragraphs with a blank line between them. Empty where the log
--     has only the encrypted text, and on other lines.
-- @column text   Words of an event or item without parts: user_message, agent_message, agent_reasoning, the hint of a
--     review, the note of a compaction; null elsewhere.
-- @column last_agent_message   On task_complete the model's last message; null where the task failed or a plan was its
--     answer, and elsewhere.
-- @column reason   On turn_aborted why: interrupted, replaced or another; null elsewhere.
-- @column num_turns   On thread_rolled_back how many prompts it takes back; null elsewhere.
-- @column status   State of an item or event, such as completed, in_progress, failed, approved, denied; null elsewhere.
-- @column duration_ms   Milliseconds of the task on task_complete and turn_aborted, in newer logs; null elsewhere.
-- @column response_id   On token_usage_record the API response it counts, which may be counted twice; null elsewhere.
-- @column thread_name   Title of the session on thread_name_updated events; null elsewhere.
-- @column total_usage   On token_count the tokens of the session so far, input with cached ones and output with
--     reasoning. Repeats, and falls when a session is resumed. Null elsewhere.
-- @column last_usage   On token_count the tokens of the last response, in the fields of total_usage; null elsewhere.
-- @column response_usage   On token_usage_record (from 0.153) the tokens of one response, in the fields of total_usage;
--     null elsewhere.
-- @column cwd   Working folder on session_meta and turn_context; of a command on exec_command_end; in logs up to 0.31
--     as the model was told it. Null elsewhere.
-- @column originator   On session_meta the program that opened the session: codex_cli_rs, codex-tui, codex_vscode,
--     codex_exec or another; null elsewhere.
-- @column version   On session_meta the version of Codex; null elsewhere.
-- @column session_source   On session_meta what the session was opened by, as JSON: "cli", "vscode", "exec", "mcp" or
--     {"subagent": …} (from 0.46). On exec_command_end what ran the command. Null elsewhere.
-- @column thread_source   On session_meta who opened the session: user, subagent, guardian_review or another (from
--     0.137); null elsewhere.
-- @column forked_from_id   On session_meta the session that it was forked from, in newer logs; null elsewhere.
-- @column parent_thread_id   On session_meta the session that started this subagent; null elsewhere.
-- @column git_branch   On session_meta the branch of the working folder; null elsewhere and outside git.
-- @column git_commit   On session_meta the commit of the working folder; null elsewhere and outside git.
-- @column model   On turn_context the model from here on; on collab_agent_spawn_end that of the subagent. Null
--     elsewhere.
-- @column approval_policy   On turn_context when a person is asked: untrusted, on-failure, on-request, never, or a JSON
--     text {"granular": …}; null elsewhere.
-- @column instructions   On session_meta base_instructions, the system prompt (from 0.88), or instructions (up to
--     0.81); null elsewhere.
-- @column offered_tools   On session_meta the names of the dynamic tools on offer, namespace.name; an empty list
--     elsewhere.
with

whole_lines as (
    select file_key, byte_offset, 1 as record_no, line_no, byte_length, source_path, generation, is_current, line as record
    from raw.codex
    anti join (
        select file_key, byte_offset from staging.repaired_lines where source = 'codex'
    ) using (file_key, byte_offset)
),

records as (
    select * from whole_lines
    union all by name
    select
        file_key, byte_offset, record_no, line_no, byte_length, source_path, generation, is_current, record,
    from staging.repaired_lines
    where source = 'codex' and record is not null
),

enveloped as (
    select
        *,
        json_transform(record, '{"timestamp": "VARCHAR", "type": "VARCHAR", "record_type": "VARCHAR", "id": "VARCHAR",
            "ordinal": "BIGINT", "payload": "JSON"}') as envelope,
    from records
),

-- The bare era (up to 0.31) has no envelope: its first line is the session, the rest are response items; a few later
-- files carry the item flattened at top level (trap 45, session-formats 2.2).
opened as (
    select
        * exclude (record, envelope),
        case
            when envelope.record_type is not null then envelope.record_type
            when envelope.payload is null and envelope.type is null and envelope.id is not null then 'session_meta'
            when envelope.payload is null and envelope.type not in ('session_meta', 'turn_context', 'event_msg',
                'response_item', 'compacted', 'world_state', 'token_usage_record') then 'response_item'
            else envelope.type end as type,
        envelope.payload is null as is_bare,
        utc_timestamp(envelope.timestamp) as occurred_at,
        envelope.ordinal as ordinal,
        case when not is_current or generation > 0 then md5(record) end as line_md5,
        json_transform(coalesce(envelope.payload, record::json), '{
            "type": "VARCHAR", "id": "VARCHAR", "role": "VARCHAR", "phase": "VARCHAR", "turn_id": "VARCHAR",
            "call_id": "VARCHAR", "name": "VARCHAR", "arguments": "VARCHAR", "input": "VARCHAR", "output": "JSON",
            "content": "JSON", "summary": "JSON", "message": "VARCHAR", "text": "VARCHAR",
            "last_agent_message": "VARCHAR", "reason": "VARCHAR", "num_turns": "INTEGER", "status": "VARCHAR",
            "action": "JSON", "response_id": "VARCHAR", "user_facing_hint": "VARCHAR", "thread_name": "VARCHAR",
            "duration_ms": "BIGINT", "cwd": "VARCHAR", "originator": "VARCHAR", "cli_version": "VARCHAR",
            "source": "JSON", "thread_source": "VARCHAR", "forked_from_id": "VARCHAR", "parent_thread_id": "VARCHAR",
            "model": "VARCHAR", "approval_policy": "VARCHAR", "author": "VARCHAR",
            "instructions": "VARCHAR", "base_instructions": {"text": "VARCHAR"}, "dynamic_tools": "JSON",
            "git": {"branch": "VARCHAR", "commit_hash": "VARCHAR"},
            "item": {"type": "VARCHAR", "id": "VARCHAR", "phase": "VARCHAR", "content": "JSON", "text": "VARCHAR"},
            "info": {"total_token_usage": {"input_tokens": "BIGINT", "cached_input_tokens": "BIGINT",
                "cache_write_input_tokens": "BIGINT", "output_tokens": "BIGINT", "reasoning_output_tokens": "BIGINT",
                "total_tokens": "BIGINT"},
                "last_token_usage": {"input_tokens": "BIGINT", "cached_input_tokens": "BIGINT",
                "cache_write_input_tokens": "BIGINT", "output_tokens": "BIGINT", "reasoning_output_tokens": "BIGINT",
                "total_tokens": "BIGINT"}},
            "usage": {"input_tokens": "BIGINT", "cached_input_tokens": "BIGINT", "cache_write_input_tokens": "BIGINT",
                "output_tokens": "BIGINT", "reasoning_output_tokens": "BIGINT", "total_tokens": "BIGINT"},
            "internal_chat_message_metadata_passthrough": {"turn_id": "VARCHAR", "content_item_kinds": ["VARCHAR"]}
        }') as item,
    from enveloped
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
        type,
        is_bare,
        occurred_at,
        ordinal,
        line_md5,
        case when type in ('event_msg', 'response_item') then item.type end as item_type,
        item.item.type as completed_type,
        coalesce(item.id, item.item.id) as item_id,
        item.role as role,
        coalesce(item.phase, item.item.phase) as phase,
        coalesce(item.turn_id, item.internal_chat_message_metadata_passthrough.turn_id) as turn_id,
        item.call_id as tool_call_id,
        item.name as tool_name,
        -- Raw text arguments (apply_patch, code mode) become {"input": text}, so that arguments are always an object.
        case
            when item.action is not null then item.action
            when item.input is not null then json_object('input', item.input)
            when item.arguments is null then null
            when is_json_object(item.arguments) then try_cast(item.arguments as json)
            else json_object('input', item.arguments) end as arguments,
        content_text(item.output) as output,
        -- The parts of a message; images are only named, their base64 stays in raw (trap 43 likewise for encrypted text).
        list_transform(
            json_transform(
                case when json_type(coalesce(item.content, item.item.content)) = 'ARRAY'
                    then coalesce(item.content, item.item.content) else '[]' end,
                '[{"type": "VARCHAR", "text": "VARCHAR"}]'),
            lambda part: {'type': part.type, 'text': coalesce(part.text, '')}) as parts,
        item.internal_chat_message_metadata_passthrough.content_item_kinds as part_kinds,
        array_to_string(list_transform(
            json_transform(
                case when json_type(item.summary) = 'ARRAY' then item.summary else '[]' end, '[{"text": "VARCHAR"}]'),
            lambda part: part.text), chr(10) || chr(10)) as reasoning,
        coalesce(item.message, item.text, item.item.text, item.user_facing_hint) as text,
        item.last_agent_message as last_agent_message,
        item.reason as reason,
        item.num_turns as num_turns,
        item.status as status,
        item.duration_ms as duration_ms,
        item.response_id as response_id,
        item.thread_name as thread_name,
        token_usage(item.info.total_token_usage) as total_usage,
        token_usage(item.info.last_token_usage) as last_usage,
        token_usage(item.usage) as response_usage,
        -- The bare era says where it ran only to the model.
        coalesce(item.cwd, case when is_bare and item.role = 'user' then
            nullif(regexp_extract(content_text(item.content), '<environment_context>\s*<cwd>([^<]*)</cwd>', 1), '')
            end) as cwd,
        item.originator as originator,
        item.cli_version as version,
        item.source as session_source,
        item.thread_source as thread_source,
        item.forked_from_id as forked_from_id,
        coalesce(item.parent_thread_id,
            json_extract_string(item.source, '$.subagent.thread_spawn.parent_thread_id')) as parent_thread_id,
        item.git.branch as git_branch,
        item.git.commit_hash as git_commit,
        item.model as model,
        item.approval_policy as approval_policy,
        coalesce(item.base_instructions.text, item.instructions) as instructions,
        list_transform(
            json_transform(
                case when json_type(item.dynamic_tools) = 'ARRAY' then item.dynamic_tools else '[]' end,
                '[{"namespace": "VARCHAR", "name": "VARCHAR"}]'),
            lambda tool: concat_ws('.', tool.namespace, tool.name)) as offered_tools,
    from opened
),

-- What programs write: ids, types, names of models and versions. No secret is expected there, and none is let through.
typed as (
    select
        * exclude (is_odd) replace (
            redacted_word(type, is_odd) as type,
            redacted_word(item_type, is_odd) as item_type,
            redacted_word(completed_type, is_odd) as completed_type,
            redacted_word(item_id, is_odd) as item_id,
            redacted_word(role, is_odd) as role,
            redacted_word(phase, is_odd) as phase,
            redacted_word(turn_id, is_odd) as turn_id,
            redacted_word(tool_call_id, is_odd) as tool_call_id,
            redacted_word(status, is_odd) as status,
            redacted_word(response_id, is_odd) as response_id,
            redacted_word(originator, is_odd) as originator,
            redacted_word(version, is_odd) as version,
            redacted_word(thread_source, is_odd) as thread_source,
            redacted_word(forked_from_id, is_odd) as forked_from_id,
            redacted_word(parent_thread_id, is_odd) as parent_thread_id,
            redacted_word(git_commit, is_odd) as git_commit,
            redacted_word(model, is_odd) as model,
            redacted_word(approval_policy, is_odd) as approval_policy,
            list_transform(part_kinds, lambda kind: redacted_word(kind, is_odd)) as part_kinds,
            list_transform(parts, lambda part: struct_update(part, type := redacted_word(part.type, is_odd))) as parts
        ),
    from (
        select
            *,
            is_odd(concat_ws(chr(10),
                type, item_type, completed_type, item_id, role, phase, turn_id, tool_call_id, status, response_id,
                originator, version, thread_source, forked_from_id, parent_thread_id, git_commit, model,
                approval_policy,
                array_to_string(part_kinds, chr(10)),
                array_to_string(list_transform(parts, lambda part: part.type), chr(10)))) as is_odd,
        from read
    )
),

-- All that can hold words, paths or names is clean from here on; the lines themselves stay in raw.
clean as (
    select
        * replace (
            redacted(tool_name) as tool_name,
            redacted_json(arguments) as arguments,
            redacted(output) as output,
            list_transform(parts, lambda part: struct_update(part, text := redacted(part.text))) as parts,
            redacted(reasoning) as reasoning,
            redacted(text) as text,
            redacted(last_agent_message) as last_agent_message,
            redacted(reason) as reason,
            redacted(thread_name) as thread_name,
            redacted(cwd) as cwd,
            redacted_json(session_source) as session_source,
            redacted(git_branch) as git_branch,
            redacted(instructions) as instructions,
            list_transform(offered_tools, lambda tool: redacted(tool)) as offered_tools
        ),
    from typed
)

select * from clean
order by file_key, byte_offset, record_no
