-- One row per content block of a Codex session, replays cut and event/item doubles collapsed, in the shape of core.steps.
-- @partition day
-- @key step_id
-- @not_null session_id, position, kind, author
-- @column step_id   session_id@byte_offset.record_no of the line, # and 0, or 1 for the refusal inside an output; +2
--     and so on behind the session for its second file and later ones. The same in every build.
-- @column agent   codex.
-- @column session_id   Id of the file's first session_meta; where it has none the uuid in the file's name.
-- @column session_kind   main, subagent, review (also the guardian, which judges commands) or exec (codex exec, MCP).
-- @column parent_session_id   Session it was started by or forked from, or whose lines it begins with; null else.
-- @column position   Place in the session, from 1, through all files of it, without what a fork repeats of its parent.
-- @column role   Role of the message: user, assistant, developer or system; tool for outputs.
-- @column kind   prompt, steer, text, reasoning, tool_call, tool_result, interrupt, rejection, compaction or notice.
-- @column author   Whose doing it is: human, model or machine (tools and the harness). Orders to subagents and
--     reviewers are the model's; scripts and accepted plans count as the human's.
-- @column label   The kind more closely. Prompts and steers: prompt, custom_prompt, agent, script, plan, review,
--     task_without_prompt. Text: its phase (commentary, final_answer), or text where it has none. Reasoning: reasoning,
--     or agent_reasoning where only an event tells it. Calls and results: type of their item, or rejected, interrupted.
--     Rejections: plain_rejection. Notices and the rest: type of their event (task_complete, turn_aborted,
--     thread_rolled_back, error and others), user_context, developer_context, system_context, approved_prefix,
--     compacted.
-- @column prompt_kind   On the step that opens a turn what opened it: human, command (a custom prompt), script, plan
--     (the human accepted one), agent (orders to subagents and reviewers) or machine; null on all others.
-- @column voided_position   On a prompt that was rolled back (from 0.137): position of the rollback. Null where it
--     stands.
-- @column text   What was said or given back; of a prompt only the person's part, without IDE context, of a custom
--     prompt its arguments; of an answer without hidden citations. Empty for calls, reasoning that is encrypted only,
--     and refusals.
-- @column can_be_final   Whether it may be part of a final answer: text of the model, not commentary, and without
--     phases (up to 0.103) not of a turn that was cut off.
-- @column tool_name   Name of the tool on calls, results and refusals; web_search, local_shell and image_generation for
--     calls of these types. Null elsewhere.
-- @column tool_call_id   Id that joins a call, its result and its refusal; where there is none (web searches) the
--     item's own or null. Null elsewhere.
-- @column arguments   Arguments of a call, always a JSON object, {} where the log has none; null elsewhere.
-- @column is_error   Whether a result failed (exit code, refusal in its text, abort, a shell that answers with a bare
--     sentence), or a task ended without a last message.
-- @column message_id   Always null: Codex's logs do not say which response an item is of.
-- @column model   Model in force, on the model's steps; null on others, and up to 0.38, where the log names none.
-- @column occurred_at   When the line was written (UTC). In logs up to 0.31 null on all but the first step.
-- @column input_tokens   Input tokens since the count before, cached ones and cache writes taken off; on the last step
--     before the count, null elsewhere.
-- @column cache_read_tokens   Input tokens since the count before that the prompt cache had; null where no count is.
-- @column cache_write_tokens   Input tokens since the count before that were put into the prompt cache; 0 before the
--     log says so, null where no count is.
-- @column output_tokens   Output tokens since the count before, reasoning included; null where no count is.
-- @column reasoning_tokens   Those of output_tokens that were reasoning; null where no count is.
-- @column permission_mode   Approval policy in force: untrusted, on-failure, on-request, never or a JSON text
--     {"granular": …}; null before the first turn_context.
-- @column version   Version of Codex by the session_meta before the line; one file may have several.
-- @column project_path   Working folder in force.
-- @column git_branch   Branch of the working folder when the session began; null outside git.
-- @column git_commit   Commit of the working folder when the session began; null outside git.
with

-- The newest generation of a file counts, unless it only repeats the beginning of an older one (a restored copy).
generations as (
    select
        source_path,
        file_key,
        generation,
        count(*) as record_count,
        string_agg(coalesce(line_md5, ''), ',' order by byte_offset, record_no) as content,
        bool_or(is_current) as is_current,
    from staging.codex_records
    group by all
),

chosen_files as (
    select newest_or_longer.file_key
    from generations
    join generations as newest_or_longer using (source_path)
    where generations.is_current
        and (newest_or_longer.file_key = generations.file_key
            or starts_with(newest_or_longer.content, generations.content))
    qualify row_number() over (
        partition by generations.file_key
        order by newest_or_longer.record_count desc, newest_or_longer.generation desc
    ) = 1
),

record_places as (
    select
        file_key,
        byte_offset,
        record_no,
        row_number() over so_far as record_position,
        -- A review ends with its task also where it was cut off.
        coalesce(last_value(
            case
                when item_type = 'entered_review_mode' then true
                when item_type in ('exited_review_mode', 'task_complete', 'turn_aborted') then false
                end ignore nulls) over so_far, false) as is_in_review,
    from staging.codex_records
    semi join chosen_files using (file_key)
    window so_far as (partition by file_key order by byte_offset, record_no rows unbounded preceding)
),

records as (
    select *
    from staging.codex_records
    join record_places using (file_key, byte_offset, record_no)
),

-- The first session_meta names the session; later ones with the same id are settings (trap 36).
metas as (
    select
        *,
        row_number() over (partition by file_key order by record_position) as meta_no,
        first_value(item_id) over (partition by file_key order by record_position) as own_id,
    from records
    where type = 'session_meta'
),

replayed_parents as (
    select file_key, min_by(item_id, record_position) as parent_id, min(record_position) as parent_position
    from metas
    where item_id <> own_id
    group by file_key
),

-- A fork or a subagent starts with its parent's lines, stamped anew within milliseconds (trap 35). The replay ends at
-- the first task that is not the parent's (0.104+: turn ids are time-ordered); before that, where the burst of stamps ends.
gaps as (
    select
        file_key,
        record_position,
        occurred_at - lag(occurred_at) over (partition by file_key order by record_position) as gap,
    from records
    semi join replayed_parents using (file_key)
),

replays as (
    select
        replayed_parents.file_key,
        coalesce(
            min(records.record_position) filter (
                where records.item_type = 'task_started' and records.turn_id >= own.item_id),
            min(gaps.record_position) filter (
                where gaps.record_position > replayed_parents.parent_position
                    and gaps.gap > interval 100 milliseconds),
            max(records.record_position) + 1) as first_own_position,
    from replayed_parents
    join metas as own on own.file_key = replayed_parents.file_key and own.meta_no = 1
    join records on records.file_key = replayed_parents.file_key
    join gaps on gaps.file_key = records.file_key and gaps.record_position = records.record_position
    group by replayed_parents.file_key
),

file_sessions as (
    select
        files.file_key,
        coalesce(metas.item_id, regexp_extract(files.source_path,
            '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 1), files.source_path) as session_id,
        case
            when json_type(metas.session_source, '$.subagent') = 'VARCHAR'
                and json_extract_string(metas.session_source, '$.subagent') = 'review' then 'review'
            -- The guardian judges commands from templates; like a review it is nobody's conversation.
            when json_extract_string(metas.session_source, '$.subagent.other') = 'guardian'
                or metas.thread_source = 'guardian_review' then 'review'
            when metas.session_source is not null and json_exists(metas.session_source, '$.subagent') then 'subagent'
            when coalesce(metas.thread_source, 'user') <> 'user' then 'subagent'
            when json_string(metas.session_source) in ('exec', 'mcp') or metas.originator = 'codex_exec' then 'exec'
            else 'main' end as session_kind,
        nullif(
            coalesce(metas.parent_thread_id, metas.forked_from_id, replayed_parents.parent_id), metas.item_id
        ) as parent_session_id,
        coalesce(replays.first_own_position, 0) as first_own_position,
        metas.cwd,
        metas.version,
        metas.git_branch,
        metas.git_commit,
        files.source_path,
        files.first_at,
        files.record_count,
    from (
        select
            file_key,
            any_value(source_path) as source_path,
            min(occurred_at) as first_at,
            count(*) as record_count,
        from records
        group by file_key
    ) as files
    left join metas on metas.file_key = files.file_key and metas.meta_no = 1
    left join replayed_parents on replayed_parents.file_key = files.file_key
    left join replays on replays.file_key = files.file_key
),

-- A rollout that lies in two places (a backup, a move under way) is one; a continuation segment of a session begins
-- later and follows it.
sessions as (
    select
        *,
        row_number() over (partition by session_id order by first_at nulls last, source_path) as file_no,
    from (
        select *
        from file_sessions
        qualify row_number() over (
            partition by session_id, first_at
            order by record_count desc, source_path
        ) = 1
    )
),

-- What holds from a line on until said otherwise: the task, the model, the folder.
placed as (
    select
        records.source_path,
        records.file_key,
        records.line_no,
        records.byte_offset,
        records.byte_length,
        records.record_no,
        records.record_position,
        records.type,
        records.item_type,
        records.role,
        records.occurred_at,
        records.is_in_review,
        sessions.session_id,
        sessions.session_kind,
        sessions.parent_session_id,
        sessions.file_no,
        count(case when records.item_type = 'task_started' then 1 end) over so_far as task_no,
        count(case when records.item_type in ('task_complete', 'turn_aborted') then 1 end) over so_far as task_end_no,
        last_value(case when records.type = 'turn_context' then records.model end ignore nulls)
            over so_far as current_model,
        last_value(case when records.type = 'turn_context' then records.approval_policy end ignore nulls)
            over so_far as current_policy,
        coalesce(last_value(records.version ignore nulls) over so_far, sessions.version) as current_version,
        -- Of events it is where a command ran (0.118 to 0.128), as their model is a subagent's.
        coalesce(last_value(case when records.type <> 'event_msg' then records.cwd end ignore nulls)
            over so_far, sessions.cwd) as current_cwd,
        coalesce(last_value(
            case
                when records.item_type = 'task_started' then true
                when records.item_type in ('task_complete', 'turn_aborted') then false
                end ignore nulls) over so_far, false) as is_in_task,
        sessions.first_at,
        sessions.git_branch as session_git_branch,
        sessions.git_commit as session_git_commit,
    from records
    join sessions using (file_key)
    where records.record_position >= sessions.first_own_position
    window so_far as (partition by records.file_key order by records.record_position rows unbounded preceding)
),

-- A user item's own words: its parts without the harness's and without image wrappers.
user_items as materialized (
    select
        records.file_key,
        records.record_position,
        array_to_string(list_transform(
            list_filter(
                list_zip(parts, coalesce(part_kinds, [])),
                lambda pair: case
                    -- 1.19 says of each part what it is.
                    when pair[2] is not null and pair[2] <> 'unknown' and contains(pair[2], '.') and part_kinds is not null
                        and list_contains(part_kinds, 'user.text')
                        then pair[2] = 'user.text'
                    else pair[1].type in ('input_text', 'text')
                        and not is_injected_part(pair[1].text)
                        and not is_image_wrapper(pair[1].text) end),
            lambda pair: pair[1].text), chr(10)) as text,
        len(parts) > 1 as has_parts,
    from records
    where type = 'response_item' and item_type = 'message' and role = 'user'
),

-- Every prompt is an event and an item (trap 31); the event is the clean one. Paginated files have completed items instead.
-- A damaged one without words still ends the turn before it.
prompt_events as (
    select
        file_key,
        record_position,
        case when item_type = 'user_message' then coalesce(text, '')
            else array_to_string(list_transform(
                list_filter(parts, lambda part: part.type = 'text'), lambda part: part.text), chr(10)) end as text,
    from records
    where item_type = 'user_message' or (item_type = 'item_completed' and completed_type = 'UserMessage')
),

item_words as (
    select file_key, record_position, regexp_replace(text, '\s+', '', 'g') as words, has_parts
    from user_items
),

event_words as (
    select file_key, record_position, regexp_replace(text, '\s+', '', 'g') as words
    from prompt_events
),

-- Parts are redacted one by one and their event as a whole, so the two need not come out alike; they stand side by side.
items_told_otherwise as (
    select item_words.file_key, item_words.record_position
    from item_words
    join event_words
        on event_words.file_key = item_words.file_key
        and event_words.record_position between item_words.record_position - 2 and item_words.record_position + 2
    where item_words.has_parts
        and differ_by_redaction(item_words.words, event_words.words)
        and (event_words.file_key, event_words.words) not in (select (file_key, words) from item_words)
),

eventless_prompts as (
    select user_items.file_key, user_items.record_position, user_items.text
    from user_items
    join sessions using (file_key)
    where trim(user_items.text) <> ''
        and sessions.session_kind in ('main', 'exec')
        -- An event joins the parts of its item in its own way.
        and (file_key, regexp_replace(text, '\s+', '', 'g')) not in (
            select (file_key, regexp_replace(text, '\s+', '', 'g')) from prompt_events
        )
        and (file_key, record_position) not in (select (file_key, record_position) from items_told_otherwise)
),

prompts as (
    select
        placed.file_key,
        placed.record_position,
        raw_prompts.text as raw_text,
        raw_prompts.has_event,
        placed.session_kind,
        placed.task_no,
        placed.is_in_task,
        placed.is_in_review,
        -- The words of a plan the model proposed come back as a prompt when the human accepts it.
        exists (
            select 1 from records as plans
            where plans.file_key = placed.file_key
                and plans.completed_type = 'Plan'
                and plans.record_position < placed.record_position
                and (trimmed(raw_prompts.text) = 'Implement the plan.'
                    or (length(trimmed(plans.text)) > 40 and contains(raw_prompts.text, trimmed(plans.text))))
        ) as repeats_plan,
        row_number() over (
            partition by placed.file_key, placed.task_no, placed.task_end_no order by placed.record_position
        ) as place_in_task,
        lag(raw_prompts.text) over (partition by placed.file_key order by placed.record_position) as previous_text,
        lag(placed.record_position) over (partition by placed.file_key order by placed.record_position) as previous_position,
    from (
        select *, true as has_event from prompt_events
        union all
        select *, false as has_event from eventless_prompts
    ) as raw_prompts
    join placed using (file_key, record_position)
),

files_with_events as (
    select distinct file_key from prompt_events
),

labelled_prompts as (
    select
        prompts.*,
        case
            when is_in_review then 'review'
            when session_kind in ('subagent', 'review') then 'agent'
            when session_kind = 'exec' then 'script'
            when repeats_plan or starts_with(raw_text, 'PLEASE IMPLEMENT THIS PLAN:') then 'plan'
            when is_custom_prompt(raw_text) then 'custom_prompt'
            else 'prompt' end as label,
        case
            -- The prompt of a review is written twice.
            when is_in_review and previous_text = raw_text and previous_position = record_position - 1 then 'drop'
            -- A second message inside one task steers it (0.104+); so does a queued one that only the items hold.
            when not has_event and files_with_events.file_key is not null then 'steer'
            when is_in_task and place_in_task > 1 then 'steer'
            else 'prompt' end as kind,
    from prompts
    left join files_with_events using (file_key)
),

prompt_steps as (
    select
        file_key,
        record_position,
        'user' as role,
        kind,
        case when session_kind in ('subagent', 'review') then 'model' when label = 'review' then 'machine' else 'human'
            end as author,
        case
            when label = 'custom_prompt' then custom_prompt_arguments(raw_text)
            else codex_request(raw_text) end as text,
        label,
        case when kind = 'prompt' then case label
            when 'review' then 'machine'
            when 'custom_prompt' then 'command'
            when 'prompt' then 'human'
            else label end end as prompt_kind,
    from labelled_prompts
    where kind <> 'drop'
),

-- A task without a prompt (a subagent's encrypted order, a compaction the user asked for) must not run on in the
-- turn before it.
promptless_tasks as (
    select
        starts.file_key,
        starts.record_position,
        'user' as role,
        'prompt' as kind,
        case when starts.session_kind = 'main' then 'machine' else 'model' end as author,
        '' as text,
        'task_without_prompt' as label,
        case when starts.session_kind = 'main' then 'machine' else 'agent' end as prompt_kind,
    from placed as starts
    where starts.item_type = 'task_started'
        and not exists (
            select 1 from prompts
            where prompts.file_key = starts.file_key and prompts.task_no = starts.task_no
        )
        and exists (
            select 1 from placed as later
            where later.file_key = starts.file_key and later.task_no = starts.task_no
                and later.type = 'response_item' and later.role = 'assistant'
        )
),

assistant_items as (
    select
        file_key,
        record_position,
        codex_answer(array_to_string(list_transform(parts, lambda part: part.text), chr(10))) as text,
        without_plan(array_to_string(list_transform(parts, lambda part: part.text), chr(10))) as text_beside_plan,
        phase,
        len(parts) > 1 as has_parts,
    from records
    where type = 'response_item' and item_type = 'message' and role = 'assistant'
),

answer_texts as (
    select file_key, trimmed(text) as text, has_parts from assistant_items
    union all
    select file_key, text_beside_plan, has_parts from assistant_items
),

answer_texts_of_parts as materialized (
    select file_key, text, placeholders(text) <> [] as is_redacted
    from answer_texts
    where has_parts
),

assistant_events as (
    select
        file_key,
        record_position,
        case when item_type = 'agent_message' then coalesce(text, '')
            else array_to_string(list_transform(parts, lambda part: part.text), chr(10)) end as text,
        phase,
    from records
    where (type = 'event_msg' and item_type = 'agent_message')
        or (item_type = 'item_completed' and completed_type = 'AgentMessage')
),

answers_told_otherwise as (
    select events.file_key, events.record_position
    from (
        select file_key, record_position, trimmed(codex_answer(text)) as text, placeholders(text) <> [] as is_redacted
        from assistant_events
    ) as events
    join answer_texts_of_parts as items using (file_key)
    where case when events.is_redacted or items.is_redacted then differ_by_redaction(events.text, items.text)
        else false end
),

answer_steps as (
    select file_key, record_position, 'assistant' as role, 'text' as kind, 'model' as author, text, phase,
        coalesce(phase, 'text') as label,
    from assistant_items
    union all
    -- An event without its item: only where a response was cut or a file has no items.
    select file_key, record_position, 'assistant', 'text', 'model', codex_answer(text), phase, coalesce(phase, 'text')
    from assistant_events
    where (file_key, trimmed(codex_answer(text))) not in (select (file_key, text) from answer_texts)
        and (file_key, record_position) not in (select (file_key, record_position) from answers_told_otherwise)
),

reasoning_texts as materialized (
    select *, placeholders(text) <> [] as is_redacted
    from (
        select file_key, trim(unnest(string_split(reasoning, chr(10) || chr(10)))) as text
        from records
        where type = 'response_item' and item_type = 'reasoning'
    )
),

reasoning_events as materialized (
    select file_key, record_position, coalesce(text, '') as text, placeholders(text) <> [] as is_redacted
    from records
    where type = 'event_msg' and item_type = 'agent_reasoning'
),

thoughts_told_otherwise as (
    select events.file_key, events.record_position
    from reasoning_events as events
    join reasoning_texts as items using (file_key)
    where case when events.is_redacted or items.is_redacted then differ_by_redaction(trim(events.text), items.text)
        else false end
),

reasoning_steps as (
    select file_key, record_position, 'assistant' as role, 'reasoning' as kind, 'model' as author,
        coalesce(reasoning, '') as text, 'reasoning' as label,
    from records
    where type = 'response_item' and item_type = 'reasoning'
    union all
    -- agent_reasoning repeats the items' summaries (0.39 to 0.106), but for responses that were cut.
    select file_key, record_position, 'assistant', 'reasoning', 'model', text, 'agent_reasoning'
    from reasoning_events as records
    where (file_key, trim(text)) not in (select (file_key, text) from reasoning_texts)
        and not exists (
            select 1 from reasoning_texts
            where reasoning_texts.file_key = records.file_key
                and reasoning_texts.text <> ''
                and contains(records.text, reasoning_texts.text)
        )
        and (file_key, record_position) not in (select (file_key, record_position) from thoughts_told_otherwise)
        -- A review writes them twice (0.77).
        and not exists (
            select 1 from records as previous
            where previous.file_key = records.file_key
                and previous.record_position = records.record_position - 1
                and previous.item_type = 'agent_reasoning'
                and previous.text = records.text
        )
),

call_names as (
    select file_key, tool_call_id, any_value(tool_name) as tool_name
    from records
    where type = 'response_item' and tool_call_id is not null and tool_name is not null
    group by all
),

tool_steps as (
    select
        records.file_key,
        records.record_position,
        case when output is null then 'assistant' else 'tool' end as role,
        case when output is null then 'tool_call' else 'tool_result' end as kind,
        case when output is null then 'model' else 'machine' end as author,
        coalesce(codex_output_text(output), '') as text,
        coalesce(records.tool_name, call_names.tool_name,
            case item_type when 'local_shell_call' then 'local_shell' when 'web_search_call' then 'web_search'
                when 'image_generation_call' then 'image_generation' end) as tool_name,
        coalesce(records.tool_call_id, records.item_id) as tool_call_id,
        case when output is null then coalesce(arguments, '{}') end as arguments,
        output is not null and codex_output_failed(call_names.tool_name, output) as is_error,
        case
            when output is null then item_type
            when is_codex_rejection(output) then 'rejected'
            when is_codex_abort(output) then 'interrupted'
            else item_type end as label,
    from records
    left join call_names using (file_key, tool_call_id)
    where type = 'response_item'
        and item_type in ('function_call', 'custom_tool_call', 'local_shell_call', 'web_search_call',
            'tool_search_call', 'image_generation_call', 'function_call_output', 'custom_tool_call_output',
            'local_shell_call_output', 'tool_search_output')
),

rejection_steps as (
    select file_key, record_position, 'user' as role, 'rejection' as kind, 'human' as author, '' as text,
        tool_name, tool_call_id, 'plain_rejection' as label, 1 as block_no,
    from tool_steps
    where label = 'rejected'
),

notice_steps as (
    select
        file_key,
        record_position,
        coalesce(role, 'system') as role,
        case
            when item_type = 'turn_aborted' and coalesce(reason, 'interrupted') in ('interrupted', 'replaced')
                then 'interrupt'
            when type = 'compacted' then 'compaction'
            else 'notice' end as kind,
        case when item_type = 'turn_aborted' and coalesce(reason, 'interrupted') in ('interrupted', 'replaced')
            then 'human' else 'machine' end as author,
        case
            when item_type = 'message' then array_to_string(list_transform(parts, lambda part: part.text), chr(10))
            when item_type = 'task_complete' then ''
            else coalesce(text, reason, '') end as text,
        item_type = 'task_complete' and last_agent_message is null as is_error,
        case
            when item_type = 'message' and role = 'developer'
                and starts_with(coalesce(parts[1].text, ''), 'Approved command prefix saved:') then 'approved_prefix'
            when item_type = 'message' then role || '_context'
            when type = 'compacted' then 'compacted'
            else item_type end as label,
    from records
    where type = 'compacted'
        or item_type in ('task_complete', 'turn_aborted', 'thread_rolled_back', 'entered_review_mode',
            'exited_review_mode', 'error')
        or (type = 'response_item' and item_type = 'message' and role in ('developer', 'system'))
        or (type = 'response_item' and item_type = 'message' and role = 'user'
            and (file_key, record_position) in (
                select (file_key, record_position) from user_items where trim(text) = ''))
),

steps as (
    select *, 0 as block_no from prompt_steps
    union all by name
    select *, 0 as block_no from promptless_tasks
    union all by name
    select *, 0 as block_no from answer_steps
    union all by name
    select *, 0 as block_no from reasoning_steps
    union all by name
    select *, 0 as block_no from tool_steps
    union all by name
    select * from rejection_steps
    union all by name
    select *, 0 as block_no from notice_steps
),

-- total_token_usage is cumulative, repeats, and restarts when a session is resumed in its file: what counts is its
-- growth, and all of it after a fall (trap 41). A fork's may go on from its parent's. During a review the counter is the
-- reviewing thread's. From 0.153 token_usage_record says it better, also where a file grew under several versions.
counted as (
    select
        records.file_key,
        records.record_position,
        records.total_usage,
        records.last_usage,
        lag(records.total_usage) over (
            partition by records.file_key order by records.record_position) as previous_usage,
    from records
    left join (
        select file_key, min(record_position) as record_position
        from records
        where type = 'token_usage_record'
        group by file_key
    ) as recorded using (file_key)
    where records.item_type = 'token_count' and records.total_usage is not null and not records.is_in_review
        and coalesce(records.record_position < recorded.record_position, true)
),

spent as (
    select
        file_key,
        record_position,
        case
            when total_usage.total_tokens < previous_usage.total_tokens
                or total_usage.total_tokens = last_usage.total_tokens
                or (previous_usage is null and last_usage is null) then
            {'input': total_usage.input_tokens, 'cached': coalesce(total_usage.cached_input_tokens, 0),
             'cache_write': coalesce(total_usage.cache_write_input_tokens, 0),
             'output': total_usage.output_tokens, 'reasoning': coalesce(total_usage.reasoning_output_tokens, 0)}
            when previous_usage is null then
            {'input': last_usage.input_tokens, 'cached': coalesce(last_usage.cached_input_tokens, 0),
             'cache_write': coalesce(last_usage.cache_write_input_tokens, 0),
             'output': last_usage.output_tokens, 'reasoning': coalesce(last_usage.reasoning_output_tokens, 0)}
        else
            {'input': total_usage.input_tokens - previous_usage.input_tokens,
             'cached': coalesce(total_usage.cached_input_tokens, 0) - coalesce(previous_usage.cached_input_tokens, 0),
             'cache_write': coalesce(total_usage.cache_write_input_tokens, 0)
                - coalesce(previous_usage.cache_write_input_tokens, 0),
             'output': total_usage.output_tokens - previous_usage.output_tokens,
             'reasoning': coalesce(total_usage.reasoning_output_tokens, 0)
                - coalesce(previous_usage.reasoning_output_tokens, 0)}
        end as usage,
    from counted
    where previous_usage is null or total_usage.total_tokens <> previous_usage.total_tokens
    union all
    select
        file_key,
        record_position,
        {'input': response_usage.input_tokens, 'cached': coalesce(response_usage.cached_input_tokens, 0),
         'cache_write': coalesce(response_usage.cache_write_input_tokens, 0), 'output': response_usage.output_tokens,
         'reasoning': coalesce(response_usage.reasoning_output_tokens, 0)} as usage,
    from records
    where type = 'token_usage_record'
    qualify row_number() over (partition by file_key, coalesce(response_id, record_position::varchar)
        order by record_position) = 1
),

step_places as (
    select
        steps.file_key,
        steps.record_position,
        steps.block_no,
        row_number() over (
            partition by placed.session_id
            order by placed.file_no, steps.record_position, steps.block_no)::integer as position,
        lead(steps.record_position) over (
            partition by placed.file_key order by steps.record_position, steps.block_no) as next_record_position,
        first_value(case when steps.kind in ('prompt', 'interrupt') then steps.kind end ignore nulls) over (
            partition by placed.file_key
            order by steps.record_position, steps.block_no
            rows between 1 following and unbounded following) as next_end,
    from steps
    join (select file_key, record_position, session_id, file_no from placed) as placed using (file_key, record_position)
),

-- A count belongs to the last step before it.
step_usage as (
    select
        step_places.file_key,
        step_places.record_position,
        step_places.block_no,
        token_count(sum(usage.input - usage.cached - usage.cache_write)::bigint) as input_tokens,
        token_count(sum(usage.cached)::bigint) as cache_read_tokens,
        token_count(sum(usage.cache_write)::bigint) as cache_write_tokens,
        token_count(sum(usage.output)::bigint) as output_tokens,
        token_count(sum(usage.reasoning)::bigint) as reasoning_tokens,
    from spent
    asof join (
        select * from step_places where next_record_position is distinct from record_position
    ) as step_places
        on step_places.file_key = spent.file_key and step_places.record_position <= spent.record_position
    group by all
),

-- thread_rolled_back voids the last N prompts that still stand (trap 37). With +1 for a prompt and -N for a rollback,
-- a prompt is void from the first rollback that takes the sum below its own.
depths as (
    select
        file_key,
        position,
        step,
        sum(step) over (partition by file_key order by position rows unbounded preceding) as depth,
    from (
        select step_places.file_key, step_places.position, 1 as step
        from step_places
        join prompt_steps using (file_key, record_position)
        where prompt_steps.kind = 'prompt' and step_places.block_no = 0
        union all
        select step_places.file_key, step_places.position, -records.num_turns as step
        from step_places
        join records using (file_key, record_position)
        where records.item_type = 'thread_rolled_back'
    )
),

voided as (
    select opened.file_key, opened.position, min(rolled_back.position) as voided_position
    from depths as opened
    join depths as rolled_back
        on rolled_back.file_key = opened.file_key
        and rolled_back.position > opened.position
        and rolled_back.step < 0
        and rolled_back.depth < opened.depth
    where opened.step = 1
    group by all
),

shaped as (
    select
        placed.session_id || case when placed.file_no > 1 then '+' || placed.file_no else '' end || '@' || placed.byte_offset || '.' || placed.record_no || '#' || steps.block_no as step_id,
        'codex' as agent,
        placed.session_id,
        placed.session_kind,
        placed.parent_session_id,
        step_places.position,
        steps.role,
        steps.kind,
        steps.author,
        steps.label,
        steps.prompt_kind,
        voided.voided_position,
        steps.text,
        -- With phases only the final answer is one; before 0.104 any text may be (trap 38).
        -- There a turn that was cut off has none: what was said last announced more work.
        steps.kind = 'text' and coalesce(steps.phase, '') <> 'commentary'
            and not (steps.phase is null and coalesce(step_places.next_end = 'interrupt', false)) as can_be_final,
        steps.tool_name,
        steps.tool_call_id,
        steps.arguments,
        coalesce(steps.is_error, false) as is_error,
        null::varchar as message_id,
        case when steps.author = 'model' and steps.role = 'assistant' then placed.current_model end as model,
        -- Lines of the bare era have no time, only its session has.
        coalesce(placed.occurred_at, case when step_places.position = 1 then placed.first_at end) as occurred_at,
        step_usage.input_tokens,
        step_usage.cache_read_tokens,
        step_usage.cache_write_tokens,
        step_usage.output_tokens,
        step_usage.reasoning_tokens,
        placed.current_policy as permission_mode,
        placed.current_version as version,
        placed.current_cwd as project_path,
        placed.session_git_branch as git_branch,
        placed.session_git_commit as git_commit,
        placed.source_path,
        placed.file_key,
        placed.line_no,
        placed.byte_offset,
        placed.byte_length,
    from steps
    join placed using (file_key, record_position)
    join step_places using (file_key, record_position, block_no)
    left join step_usage using (file_key, record_position, block_no)
    left join voided on voided.file_key = placed.file_key and voided.position = step_places.position
)

select * from shaped
order by session_id, position, step_id
