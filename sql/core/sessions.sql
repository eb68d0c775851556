-- One row per session of an agent: a main chat, a subagent's part, a review, or a script's run.
-- @partition day
-- @key session_id
-- @not_null agent, kind, root_session_id
-- @column agent   claude or codex.
-- @column kind   main (a person's chat), subagent, review (Codex reviews and guardians) or exec (scripts: claude -p,
--     the SDKs, codex exec, MCP).
-- @column parent_session_id   Session it came from (fork, resume or subagent); null for the first of a family. The
--     parent may not be in the lake.
-- @column parent_tool_call_id   Of a subagent the tool_call_id in its parent that started it: the one whose result
--     names it, else the one with its words as prompt. Null where neither is found, and for Codex.
-- @column root_session_id   First session of its family (forks, resumes, subagents), its own id where it has no parent.
--     All rows of a family go to one split.
-- @column project_path   Working folder of its first step that names one, the home folder written ~; null where none.
-- @column git_branch   Branch that its last step names; of Codex that when it began. Null where none.
-- @column git_commit   Commit of the working folder when the session began; Codex only.
-- @column versions   All versions of the agent's program in it, in the order of their letters; null where none.
-- @column models   All models that wrote in it, by name; null where none is named.
-- @column entrypoint   What Claude Code ran in (from 2.1.78), by the first line that says so: cli, claude-vscode,
--     claude-desktop, sdk-cli, sdk-ts and others; null before and for Codex.
-- @column title   Last title that a person gave it, else the last that the model did; Claude only, null where none.
-- @column instructions   In the head of a Codex log base_instructions, the system prompt (from 0.88), or instructions,
--     the user's own (up to 0.81); null where neither is, and for Claude.
-- @column offered_tools   Dynamic tools that the head of a Codex log offers, namespace.name; null where none, and for
--     Claude.
-- @column setup_hash   SHA-256 of instructions and offered_tools: the same for sessions set up alike. Null where both
--     are.
-- @column started_at   Time (UTC) of its earliest step; what it copied from an older session is not its own.
-- @column ended_at   Time (UTC) of its latest step.
-- @column turn_count   Turns of any prompt_kind; 0 where nothing was asked.
-- @column human_turn_count   Turns that a person's own words opened.
-- @column prompt_count   Steps of kind prompt. Turns opened without one (a summary, a ! command) are not in it.
-- @column tool_call_count   Tool calls, refused ones too.
-- @column error_count   Tool results that failed or were refused.
-- @column input_tokens   Sum over the session, cached input not included; null where no count is in it. Its subagents
--     count on their own.
-- @column cache_read_tokens   Sum over the session of input that the prompt cache had; null where no count is in it.
-- @column cache_write_tokens   Sum over the session of input put into the prompt cache; null where no count is in it.
-- @column output_tokens   Sum over the session, reasoning included; null where no count is in it.
-- @column reasoning_tokens   Sum over the session of output that was reasoning; null in Claude and where no count is in
--     it.
-- @column is_replay   Whether it is a copy of the main chat that Claude Code made for an errand of its own (compaction,
--     side question, guess of the next prompt). Nothing is trained on it.
-- @column source_path   Log file with its first step, relative to its root.
with

steps as (
    select * from core.steps
),

turns as (
    select
        session_id,
        count(*) as turn_count,
        count(*) filter (where is_human) as human_turn_count,
    from core.turns
    group by session_id
),

-- Titles are written again and again; the last one holds. `summary` lines mostly name other sessions (trap 23).
titles as (
    select session_id, arg_max(title, (type = 'custom-title', byte_offset)) as title
    from staging.claude_records
    where type in ('ai-title', 'custom-title') and title is not null
    group by session_id
),

-- What a Codex log says in its head of the model's setup. Copies of a parent's head come behind a fork's own.
heads as (
    select
        files.session_id,
        arg_min(records.instructions, (records.byte_offset, records.record_no)) as instructions,
        arg_min(records.offered_tools, (records.byte_offset, records.record_no)) as offered_tools,
    from staging.codex_records as records
    join (
        select session_id, min(file_key) as file_key from steps where agent = 'codex' group by session_id
    ) as files using (file_key)
    where records.type = 'session_meta'
    group by files.session_id
),

-- A subagent's first prompt is the prompt of the call that started it (183 of 183 in 1.0.x); newer results also name it.
subagent_prompts as (
    select session_id, parent_session_id, text
    from core.steps
    where session_kind = 'subagent' and prompt_kind = 'agent'
    qualify row_number() over (partition by session_id order by position) = 1
),

spawning_calls as (
    select subagent_prompts.session_id, min(calls.tool_call_id) as tool_call_id
    from subagent_prompts
    join (
        select session_id, tool_call_id, json_extract_string(arguments, '$.prompt') as prompt
        from core.steps
        where kind = 'tool_call' and json_exists(arguments, '$.prompt')
    ) as calls
        on calls.session_id = subagent_prompts.parent_session_id and calls.prompt = subagent_prompts.text
    group by subagent_prompts.session_id
),

naming_results as (
    select steps.session_id || '/agent-' || records.result_agent_id as session_id, min(steps.tool_call_id) as tool_call_id
    from staging.claude_records as records
    join (
        select session_id, file_key, byte_offset, tool_call_id from core.steps where kind = 'tool_result'
    ) as steps using (file_key, byte_offset)
    where records.result_agent_id is not null
    group by all
),

gathered as (
    select
        session_id,
        any_value(agent) as agent,
        any_value(session_kind) as kind,
        any_value(parent_session_id) as parent_session_id,
        arg_min(project_path, position) filter (where project_path is not null) as project_path,
        arg_max(git_branch, position) filter (where git_branch is not null) as git_branch,
        any_value(git_commit) as git_commit,
        list_sort(list_distinct(list(version) filter (where version is not null))) as versions,
        list_sort(list_distinct(list(model) filter (where model is not null))) as models,
        arg_min(entrypoint, position) filter (where entrypoint is not null) as entrypoint,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) filter (where kind = 'prompt') as prompt_count,
        count(*) filter (where kind = 'tool_call') as tool_call_count,
        count(*) filter (where kind = 'tool_result' and is_error) as error_count,
        sum(input_tokens)::bigint as input_tokens,
        sum(cache_read_tokens)::bigint as cache_read_tokens,
        sum(cache_write_tokens)::bigint as cache_write_tokens,
        sum(output_tokens)::bigint as output_tokens,
        sum(reasoning_tokens)::bigint as reasoning_tokens,
        arg_min(source_path, position) as source_path,
    from steps
    group by session_id
)

select
    gathered.session_id,
    gathered.agent,
    gathered.kind,
    -- Files of one session may name different parents: the one that the family goes by holds.
    coalesce(session_roots.parent_session_id, gathered.parent_session_id) as parent_session_id,
    coalesce(naming_results.tool_call_id, spawning_calls.tool_call_id) as parent_tool_call_id,
    coalesce(session_roots.root_session_id, gathered.session_id) as root_session_id,
    gathered.project_path,
    gathered.git_branch,
    gathered.git_commit,
    gathered.versions,
    gathered.models,
    gathered.entrypoint,
    titles.title,
    nullif(heads.instructions, '') as instructions,
    nullif(heads.offered_tools, []) as offered_tools,
    -- One hash for instructions and tools, null where the log tells neither, as Claude's do not.
    sha256(nullif(concat_ws('|', nullif(heads.instructions, ''), nullif(heads.offered_tools, [])::varchar), ''))
        as setup_hash,
    gathered.started_at,
    gathered.ended_at,
    coalesce(turns.turn_count, 0)::integer as turn_count,
    coalesce(turns.human_turn_count, 0)::integer as human_turn_count,
    gathered.prompt_count::integer as prompt_count,
    gathered.tool_call_count::integer as tool_call_count,
    gathered.error_count::integer as error_count,
    gathered.input_tokens,
    gathered.cache_read_tokens,
    gathered.cache_write_tokens,
    gathered.output_tokens,
    gathered.reasoning_tokens,
    -- Copies of the main chat that the CLI makes for its own errands: next-prompt guesses, compaction, side questions.
    gathered.kind = 'subagent'
        and regexp_matches(gathered.source_path, '/agent-a(compact|side_question|prompt_suggestion)-') as is_replay,
    gathered.source_path,
from gathered
left join turns using (session_id)
left join titles using (session_id)
left join heads using (session_id)
left join spawning_calls using (session_id)
left join naming_results using (session_id)
left join core.session_roots using (session_id)
order by gathered.session_id
