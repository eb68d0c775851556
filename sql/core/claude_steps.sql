-- One row per content block of a Claude Code session, copies left out, in the shape of core.steps.
-- @partition day
-- @key step_id
-- @not_null session_id, position, kind, author
-- @column step_id   uuid of the line (where it has none session_id@byte_offset.record_no), # and the number of the
--     block: 0 for a line taken as a whole, over 1000 for the refusal inside a result. The same in every build.
-- @column agent   claude.
-- @column session_id   The file's uuid, else the first sessionId in it. Of a subagent that of its parent and, behind a
--     slash, agent-<id> or, where its lines stand in the parent's file (up to 1.0), sidechain-<8 digits of the uuid of
--     its first line>.
-- @column session_kind   main, subagent, or exec (claude -p and the SDKs, from 2.1.78; before they read as main).
-- @column parent_session_id   Of a subagent the session that started it; null else.
-- @column position   Place in the session, from 1, through all files of it.
-- @column role   Role of the message: user or assistant (results ride in user messages); system for lines without one.
-- @column kind   prompt, steer, text, reasoning, tool_call, tool_result, image, interrupt, rejection, compaction or
--     notice.
-- @column author   Whose doing it is: human, model or machine (tools and the CLI). Orders to a subagent, accepted
--     suggestions and summaries are the model's, plans sent as prompts the machine's; a result that is an interrupt and
--     nothing else is the human's.
-- @column label   The kind more closely. Prompts: prompt, command, suggestion, script, plan, task_notification,
--     peer_message, machine_prompt, warmup. Steers: queued_command, queue_remove. Text and calls: type of their block.
--     Results: tool_result, rejected, machine_denied, interrupted. Rejections: plain_rejection, reasoned_rejection,
--     clarification. Compactions: auto_compaction, manual_compaction, compact_summary. Notices: subtype of the line, or
--     synthetic, meta, skill_body, local_command_output, bash_input, bash_output, memory_input, file_expansion,
--     image_source, cli_notice, empty.
-- @column prompt_kind   On the step that opens a turn what opened it: human, command, suggestion, script, plan, agent
--     (the order to a subagent) or machine; null on all others.
-- @column voided_position   On a prompt that was left for another under the same parent (retry, edit, rewind) and on
--     the turns between: position of that other prompt. Null where the turn stands.
-- @column text   What was said or given back, without system reminders and what an IDE put in; the slash command as
--     typed; of pictures and documents a mark. Empty for calls, for thinking that the log holds no text of (most since
--     2.1.70) and for plain refusals.
-- @column can_be_final   Whether it is text of the model, so that it may be part of a final answer.
-- @column tool_name   Name of the tool on calls; null elsewhere, on results too.
-- @column tool_call_id   Id of the call on calls, results and refusals of it; null elsewhere.
-- @column arguments   Arguments of a call as a JSON object; null elsewhere.
-- @column is_error   Whether a result is marked as failed or refused, or the CLI notes an error or a limit in the
--     model's place.
-- @column model   Model that the line names; null on lines that no model wrote.
-- @column input_tokens   Input tokens of a response without cached ones, on its last block only: sums count each
--     response once. Null elsewhere.
-- @column cache_read_tokens   Input tokens of a response that the prompt cache had, on its last block; null elsewhere.
-- @column cache_write_tokens   Input tokens of a response put into the prompt cache, on its last block; null elsewhere.
-- @column output_tokens   Output tokens of a response, thinking included, on its last block; null elsewhere. Low where
--     the response was cut off.
-- @column reasoning_tokens   Always null: Claude's logs do not count thinking apart.
-- @column project_path   Working folder when the line was written; one session may have several.
-- @column git_commit   Always null: Claude's logs name no commit.
with

records as (
    select * from staging.claude_records
    anti join core.claude_copies using (file_key, byte_offset, record_no)
    where type in ('user', 'assistant', 'system', 'attachment', 'queue-operation')
),

-- A file is a session, or a subagent's part of one in the storage of 2.0 (agent-*.jsonl, or a file of sidechain lines
-- only) and 2.1 (subagents/); its lines then carry the parent's session id.
files as (
    select
        file_key,
        min(occurred_at) as first_at,
        any_value(source_path) as source_path,
        regexp_extract(any_value(source_path), '([^/]+)\.jsonl$', 1) as stem,
        min_by(session_id, byte_offset) filter (where session_id is not null) as line_session_id,
        min_by(agent_id, byte_offset) filter (where agent_id is not null) as line_agent_id,
        coalesce(bool_and(is_sidechain) filter (where type in ('user', 'assistant')), false) as is_all_sidechain,
        any_value(entrypoint) filter (where entrypoint is not null) as entrypoint,
    from records
    group by file_key
),

file_chains as (
    select
        file_key,
        first_at,
        source_path,
        -- `-p` and the SDKs are scripts; the desktop app and the editors are people (trap 24).
        coalesce(entrypoint like 'sdk%', false) as is_script,
        case
            when contains(source_path, '/subagents/') or starts_with(stem, 'agent-')
                then 'agent-' || coalesce(line_agent_id, regexp_replace(stem, '^agent-', ''))
            when is_all_sidechain and stem <> line_session_id then 'agent-' || coalesce(line_agent_id, stem)
            end as file_chain,
        case
            when regexp_full_match(stem, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
                and not (is_all_sidechain and stem <> line_session_id) then stem
            else coalesce(line_session_id, stem) end as main_session_id,
    from files
),

-- A session may lie in several files (checkpoints, copies with new lines); they follow each other in time.
file_sessions as (
    select
        *,
        row_number() over (
            partition by main_session_id, file_chain order by first_at nulls last, source_path
        ) as file_no,
    from file_chains
),

-- Up to 1.0.x a subagent's lines stand in the session's own file: each belongs to the root its parents lead to (trap 15).
sidechain_links as (
    select file_key, uuid, parent_uuid
    from records
    join file_sessions using (file_key)
    where is_sidechain and file_chain is null and uuid is not null
),

sidechains as (
    with recursive walk as (
        select file_key, uuid, uuid as root_uuid
        from sidechain_links
        where parent_uuid is null
            or (file_key, parent_uuid) not in (select (file_key, uuid) from sidechain_links)
        union all
        select links.file_key, links.uuid, walk.root_uuid
        from walk
        join sidechain_links as links on links.file_key = walk.file_key and links.parent_uuid = walk.uuid
    )
    select file_key, uuid, 'sidechain-' || left(root_uuid, 8) as line_chain from walk
),

placed as (
    select
        records.* exclude (parent_session_id),
        coalesce(file_sessions.file_chain, sidechains.line_chain) as chain,
        file_sessions.main_session_id
            || coalesce('/' || coalesce(file_sessions.file_chain, sidechains.line_chain), '') as stream_id,
        file_sessions.file_no,
        case
            when coalesce(file_sessions.file_chain, sidechains.line_chain) is not null then 'subagent'
            when file_sessions.is_script then 'exec'
            else 'main' end as session_kind,
        case when coalesce(file_sessions.file_chain, sidechains.line_chain) is not null
            then file_sessions.main_session_id end as parent_session_id,
    from records
    join file_sessions using (file_key)
    left join sidechains using (file_key, uuid)
),

-- A prompt that a schedule fired is the machine's; the CLI says so on the line before it.
scheduled as (
    select file_key, byte_offset, record_no
    from (
        select
            file_key,
            byte_offset,
            record_no,
            type,
            lag(subtype) over (partition by stream_id order by file_no, byte_offset, record_no) as previous_subtype,
        from placed
        where type in ('user', 'assistant', 'system')
    )
    where type = 'user' and previous_subtype = 'scheduled_task_fire'
),

-- The words of a user line: its text blocks without what an IDE or the CLI put among them.
bodies as (
    select *, claude_markup(body) as markup
    from (
        select
            file_key,
            byte_offset,
            record_no,
            array_to_string(
                list_filter(
                    list_transform(
                        list_filter(
                            blocks,
                            lambda block: case
                                when block.type = 'text' then not is_ide_block(block.text) else false end),
                        lambda block: without_reminders(block.text)),
                    lambda text: text <> ''),
                chr(10)) as body,
            len(list_filter(blocks, lambda block: block.type = 'tool_result')) > 0 as has_tool_result,
            len(list_filter(blocks, lambda block: block.type in ('image', 'document'))) > 0 as has_image,
        from placed
        where type = 'user'
    )
),

-- Up to 0.2.101 an @file is expanded into several unmarked lines of one moment: what the terminal showed, a warning, the
-- file itself. The first gives the others away.
expansions as (
    select placed.file_key, placed.occurred_at, min(placed.byte_offset) as byte_offset
    from placed
    join bodies using (file_key, byte_offset, record_no)
    where bodies.markup = 'file_expansion' and placed.occurred_at is not null
    group by all
),

labelled as (
    select
        placed.file_key,
        placed.byte_offset,
        placed.record_no,
        bodies.body,
        -- Flags before wording: newer versions say what a line is, older ones only show it.
        case
            when bodies.has_tool_result then 'tool_result'
            when placed.is_compact_summary then 'compact_summary'
            when placed.source_tool_use_id is not null then 'skill_body'
            when placed.is_mention_read or placed.byte_offset > expansions.byte_offset then 'file_expansion'
            when placed.chain is not null and bodies.body = 'Warmup' then 'warmup'
            when placed.origin_kind = 'task-notification' then 'task_notification'
            when placed.origin_kind in ('peer', 'coordinator') then 'peer_message'
            when scheduled.file_key is not null or bodies.body = 'Continue from where you left off.' then 'machine_prompt'
            when placed.is_meta then coalesce(bodies.markup, 'meta')
            when trim(bodies.body) = '' and bodies.has_image then 'prompt'
            when bodies.markup is not null then bodies.markup
            -- New versions name new kinds of senders; a person is called one.
            when placed.prompt_source = 'system' or placed.origin_kind <> 'human' then 'machine_prompt'
            when placed.prompt_source = 'suggestion_accepted' then 'suggestion'
            when placed.session_kind = 'exec' then 'script'
            else 'prompt' end as label,
    from placed
    join bodies using (file_key, byte_offset, record_no)
    left join scheduled using (file_key, byte_offset, record_no)
    left join expansions
        on expansions.file_key = placed.file_key and expansions.occurred_at = placed.occurred_at
),

-- Words that reached a running turn through the queue. Up to 2.1.8x they stand only in queue operations: an enqueue
-- that a remove (not a dequeue) took out; from 2.1.90 in an attachment, and there the queue lines repeat them (trap 7).
queue_operations as (
    select
        *,
        -- popAll: the human took the whole queue back into the editor, nothing of it was sent.
        count(case when operation = 'popAll' then 1 end) over in_file as queue_no,
        count(case when operation = 'remove' and text is null then 1 end) over in_file as remove_no,
        max(byte_offset) filter (where operation = 'enqueue') over (
            partition by file_key, text order by byte_offset, record_no
        ) as enqueued_at,
    from (
        select
            stream_id,
            file_no,
            file_key,
            byte_offset,
            record_no,
            occurred_at,
            operation,
            text,
            is_human_queue_text(text, command_mode, origin_kind) as is_human_text,
            row_number() over (
                partition by file_key, occurred_at, operation, text order by byte_offset, record_no
            ) as place_in_file,
        from placed
        where type = 'queue-operation'
    )
    window in_file as (partition by file_key order by byte_offset, record_no)
    qualify row_number() over (
        partition by stream_id, occurred_at, operation, text, place_in_file order by file_no, byte_offset, record_no
    ) = 1
),

prompt_texts as (
    select
        placed.stream_id,
        case when labelled.label = 'command' then command_text(labelled.body) else trim(labelled.body) end as text,
        max(placed.byte_offset) as byte_offset,
    from placed
    join labelled using (file_key, byte_offset, record_no)
    where labelled.label <> 'tool_result'
    group by all
    union all
    select stream_id, trim(text) as text, null as byte_offset
    from placed
    where type = 'attachment' and subtype = 'queued_command'
),

-- Human words that came back neither as a prompt nor as an attachment.
unsent as (
    select *
    from queue_operations
    where operation in ('enqueue', 'remove')
        and is_human_text
        and not exists (
            select 1 from prompt_texts
            where prompt_texts.stream_id = queue_operations.stream_id
                and prompt_texts.text = trim(queue_operations.text)
                and coalesce(prompt_texts.byte_offset > coalesce(queue_operations.enqueued_at, -1), true)
        )
),

-- A remove that repeats the words, its enqueue in the log or not.
named_removes as (
    select file_key, byte_offset, record_no, text from unsent where operation = 'remove'
),

-- Else the first words in are the first out: each takes the first remove after it that no earlier words took.
queued_words as (
    select
        *,
        remove_no + 1 as first_remove_no,
        row_number() over (partition by file_key, queue_no order by byte_offset, record_no) as place_in_queue,
    from unsent
    where operation = 'enqueue'
        and (file_key, text) not in (
            select (file_key, text) from queue_operations where operation = 'remove' and text is not null
        )
),

nameless_removes as (
    select removed.file_key, removed.byte_offset, removed.record_no, queued.text
    from (
        select
            file_key,
            queue_no,
            text,
            place_in_queue + max(first_remove_no - place_in_queue) over (
                partition by file_key, queue_no order by place_in_queue
            ) as remove_no,
        from queued_words
    ) as queued
    join queue_operations as removed
        on removed.file_key = queued.file_key
        and removed.queue_no = queued.queue_no
        and removed.remove_no = queued.remove_no
        and removed.operation = 'remove'
        and removed.text is null
),

queue_steers as (
    select * from named_removes
    union all
    select * from nameless_removes
),

user_steps as (
    select
        placed.file_key,
        placed.byte_offset,
        placed.record_no,
        0 as block_no,
        'user' as role,
        case
            when label in ('prompt', 'suggestion', 'script', 'command', 'plan', 'task_notification', 'peer_message',
                'machine_prompt', 'warmup') then 'prompt'
            when label = 'compact_summary' then 'compaction'
            when label = 'interrupt' then 'interrupt'
            else 'notice' end as kind,
        case
            when label = 'interrupt' then 'human'
            when label = 'warmup' then 'machine'
            when placed.chain is not null then 'model'
            when label in ('prompt', 'script', 'command', 'bash_input', 'memory_input') then 'human'
            when label in ('suggestion', 'compact_summary') then 'model'
            else 'machine' end as author,
        case
            when label = 'command' then command_text(body)
            when label = 'bash_input' then '!' || regexp_replace(body, '(?s)^\s*<bash-input>|</bash-input>\s*$', '', 'g')
            when body = '' and blocks[1].type in ('image', 'document') then blocks[1].text
            else body end as text,
        null as tool_name,
        null as tool_call_id,
        null as arguments,
        false as is_error,
        label,
    from labelled
    join placed using (file_key, byte_offset, record_no)
    where label <> 'tool_result'
),

blocks as (
    select
        placed.file_key,
        placed.byte_offset,
        placed.record_no,
        placed.type as record_type,
        placed.model,
        placed.is_api_error,
        placed.user_feedback,
        placed.tool_denial_kind,
        unnest(range(1, len(placed.blocks) + 1))::integer as block_no,
        unnest(placed.blocks) as block,
    from placed
    left join labelled using (file_key, byte_offset, record_no)
    where placed.type = 'assistant' or labelled.label = 'tool_result'
),

block_steps as (
    select
        file_key,
        byte_offset,
        record_no,
        block_no,
        case when record_type = 'user' then 'user' else 'assistant' end as role,
        case
            when block.type = 'tool_result' then 'tool_result'
            when record_type = 'user' and is_interrupt_marker(block.text) then 'interrupt'
            when record_type = 'user' and block.type in ('image', 'document') then 'image'
            when record_type = 'user' then 'notice'
            -- Lines the CLI writes in the model's name: limits, API errors, "No response requested." (trap 14).
            when model = '<synthetic>' or is_api_error then 'notice'
            when block.type = 'text' then 'text'
            when block.type in ('thinking', 'redacted_thinking') then 'reasoning'
            when block.type in ('tool_use', 'server_tool_use') then 'tool_call'
            when block.type = 'image' then 'image'
            else 'notice' end as kind,
        case
            when record_type = 'assistant' and model is distinct from '<synthetic>' and not is_api_error then 'model'
            when record_type = 'user' and is_interrupt_marker(block.text) then 'human'
            else 'machine' end as author,
        case when block.type = 'tool_result'
                then coalesce(nullif(without_reminders(block.text), ''), block.text, '')
            else coalesce(block.text, '') end as text,
        block.tool_name as tool_name,
        block.tool_call_id as tool_call_id,
        block.arguments as arguments,
        case
            when block.is_error then true
            when record_type = 'assistant' and (model = '<synthetic>' or is_api_error) then
                coalesce(trim(block.text), '') not in ('No response requested.', '(no content)', '')
                -- 0.2.x writes the output of local commands and `!` commands in the model's name.
                and not regexp_matches(trim(block.text), '^<(local-command|bash)-')
            else false end as is_error,
        case
            when block.type = 'tool_result' and is_human_rejection(block.text) then 'rejected'
            when block.type = 'tool_result' and (is_machine_denial(block.text) or tool_denial_kind like 'automode%')
                then 'machine_denied'
            when block.type = 'tool_result' and starts_with(block.text, '[Request interrupted by user') then 'interrupted'
            when record_type = 'assistant' and (model = '<synthetic>' or is_api_error) then 'synthetic'
            else block.type end as label,
    from blocks
),

rejection_steps as (
    select
        file_key,
        byte_offset,
        record_no,
        block_no + 1000 as block_no,
        'user' as role,
        'rejection' as kind,
        'human' as author,
        coalesce(nullif(user_feedback, ''), rejection_reason(block.text), '') as text,
        null as tool_name,
        block.tool_call_id as tool_call_id,
        null as arguments,
        false as is_error,
        case
            when is_clarification(block.text) then 'clarification'
            when coalesce(nullif(user_feedback, ''), rejection_reason(block.text)) is null then 'plain_rejection'
            else 'reasoned_rejection' end as label,
    from blocks
    where block.type = 'tool_result' and is_human_rejection(block.text)
),

steer_steps as (
    select
        file_key,
        byte_offset,
        record_no,
        0 as block_no,
        'user' as role,
        case when is_human_queue_text(text, command_mode, origin_kind) and not is_attachment_meta
            then 'steer' else 'notice' end as kind,
        case when is_human_queue_text(text, command_mode, origin_kind) and not is_attachment_meta
            then 'human' else 'machine' end as author,
        without_reminders(text) as text,
        'queued_command' as label,
    from placed
    where type = 'attachment' and subtype = 'queued_command'
    union all
    select file_key, byte_offset, record_no, 0, 'user', 'steer', 'human', text, 'queue_remove' from queue_steers
),

system_steps as (
    select
        file_key,
        byte_offset,
        record_no,
        0 as block_no,
        'system' as role,
        case
            when subtype = 'compact_boundary' then 'compaction'
            -- From 2.0.15 a local command may stand in a system line only.
            when is_command then 'prompt'
            else 'notice' end as kind,
        case
            when subtype = 'edited_text_file' or is_command then 'human'
            else 'machine' end as author,
        case
            when subtype = 'edited_text_file' then coalesce(attachment_path, '') || chr(10) || coalesce(text, '')
            when is_command then command_text(text)
            else coalesce(text, '') end as text,
        subtype = 'api_error' as is_error,
        case
            when subtype = 'compact_boundary' then coalesce(compact_trigger, 'auto') || '_compaction'
            when is_command then 'command'
            else coalesce(subtype, 'system') end as label,
    from (
        select *, subtype = 'local_command' and claude_markup(text) = 'command' as is_command
        from placed
        where type = 'system' or (type = 'attachment' and subtype = 'edited_text_file')
    )
),

steps as (
    select * from user_steps
    union all by name
    select * from block_steps
    union all by name
    select * from rejection_steps
    union all by name
    select * from steer_steps
    union all by name
    select * from system_steps
),

-- A response is written line by line and repeats its usage on each, the last holding the final count (traps 2 to 4).
responses as (
    select
        stream_id,
        message_id,
        arg_max({
            'file_key': file_key, 'byte_offset': byte_offset, 'record_no': record_no, 'block_no': len(blocks)
        }, (file_no, byte_offset, record_no)) as last_block,
        max(input_tokens) as input_tokens,
        max(cache_read_tokens) as cache_read_tokens,
        max(cache_write_tokens) as cache_write_tokens,
        max(output_tokens) as output_tokens,
    from placed
    where type = 'assistant' and model is distinct from '<synthetic>' and message_id is not null
    group by stream_id, message_id
),

places as (
    select
        steps.file_key,
        steps.byte_offset,
        steps.record_no,
        steps.block_no,
        steps.kind,
        steps.label,
        placed.stream_id,
        placed.chain,
        placed.parent_uuid,
        row_number() over (
            partition by placed.stream_id
            order by placed.file_no, placed.byte_offset, placed.record_no, steps.block_no
        )::integer as position,
    from (select file_key, byte_offset, record_no, block_no, kind, label from steps) as steps
    join (
        select file_key, byte_offset, record_no, stream_id, chain, parent_uuid, file_no from placed
    ) as placed using (file_key, byte_offset, record_no)
),

-- A compaction inside a running turn (something is still to be answered) belongs to that turn; after a finished answer,
-- or at the head of a resumed file, the summary is a prompt of its own and what follows answers it (trap 8).
before as (
    select
        *,
        last_value(case when kind in ('prompt', 'steer', 'text', 'tool_call', 'tool_result', 'interrupt', 'rejection')
            then kind end ignore nulls) over (
            partition by stream_id order by position rows between unbounded preceding and 1 preceding
        ) as previous_kind,
        first_value(case when kind in ('prompt', 'text', 'reasoning', 'tool_call') then kind end ignore nulls) over (
            partition by stream_id order by position rows between 1 following and unbounded following
        ) as next_kind,
    from places
),

openers as (
    select
        *,
        case
            when label = 'compact_summary' and coalesce(previous_kind in ('text', 'interrupt'), true) then 'machine'
            -- From 2.1.22x the model may answer the output of a `!` command: then it opened a turn.
            when label = 'bash_input' and chain is null and next_kind <> 'prompt' then 'command'
            when kind <> 'prompt' then null
            -- The CLI warms its cache with a subagent that is asked nothing (2.0.19 to 2.0.22).
            when label = 'warmup' then 'machine'
            when chain is not null then 'agent'
            when label in ('task_notification', 'peer_message', 'machine_prompt') then 'machine'
            when label = 'prompt' then 'human'
            else label end as prompt_kind,
    from before
),

-- Two human prompts under one parent are a retry, an edit or a rewind: the earlier branch, with every turn up to the
-- next twin, was left (session-formats 1.9). Forks that are not human-human come from parallel tools (trap 18).
twins as (
    select
        stream_id,
        position,
        lead(position) over (partition by stream_id, parent_uuid order by position) as next_twin_position,
    from openers
    where prompt_kind in ('human', 'suggestion', 'script') and parent_uuid is not null
),

voided as (
    select openers.stream_id, openers.position, min(twins.next_twin_position) as voided_position
    from openers
    join twins
        on twins.stream_id = openers.stream_id
        and openers.position >= twins.position
        and openers.position < twins.next_twin_position
    where openers.prompt_kind is not null
    group by all
),

shaped as (
    select
        coalesce(placed.uuid, placed.stream_id || case when placed.file_no > 1 then '+' || placed.file_no else '' end
            || '@' || placed.byte_offset || '.' || placed.record_no)
            || '#' || steps.block_no as step_id,
        'claude' as agent,
        placed.stream_id as session_id,
        placed.session_kind,
        placed.parent_session_id,
        openers.position,
        steps.role,
        steps.kind,
        steps.author,
        steps.label,
        openers.prompt_kind,
        voided.voided_position,
        steps.text,
        steps.kind = 'text' as can_be_final,
        steps.tool_name,
        steps.tool_call_id,
        steps.arguments,
        coalesce(steps.is_error, false) as is_error,
        placed.message_id,
        case when placed.model <> '<synthetic>' then placed.model end as model,
        placed.occurred_at,
        responses.input_tokens,
        responses.cache_read_tokens,
        responses.cache_write_tokens,
        responses.output_tokens,
        null::bigint as reasoning_tokens,
        placed.permission_mode,
        placed.version,
        placed.cwd as project_path,
        placed.git_branch,
        null::varchar as git_commit,
        placed.entrypoint,
        placed.source_path,
        placed.file_key,
        placed.line_no,
        placed.byte_offset,
        placed.byte_length,
    from steps
    join placed using (file_key, byte_offset, record_no)
    join openers using (file_key, byte_offset, record_no, block_no)
    left join voided on voided.stream_id = openers.stream_id and voided.position = openers.position
    left join responses
        on responses.last_block.file_key = steps.file_key
        and responses.last_block.byte_offset = steps.byte_offset
        and responses.last_block.record_no = steps.record_no
        and responses.last_block.block_no = steps.block_no
)

select * from shaped
order by session_id, position, step_id
