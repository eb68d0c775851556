-- One row per content block of a session, in one shape for both agents, with the turn it belongs to.
-- @partition day
-- @key step_id
-- @not_null agent, session_id, position, kind, author
-- @column step_id   Names the block by its place in the log, the same in every build. Claude: the line's uuid, # and
--     the number of the block (0: the whole line; over 1000: the refusal inside a result). Codex, and lines without a
--     uuid: session_id@byte_offset.record_no#block.
-- @column agent   claude or codex.
-- @column session_id   The session, key of core.sessions. A Claude subagent's is that of its parent, a slash and
--     agent-<id> or sidechain-<id>.
-- @column session_kind   main (a person's chat), subagent, review (Codex reviews and guardians) or exec (scripts:
--     claude -p, the SDKs, codex exec, MCP).
-- @column parent_session_id   Session it was started by or forked from, where its own log says so; null else.
--     core.sessions knows more of them.
-- @column turn_id   The turn it belongs to, key of core.turns: hash of the step that opened it. Null before the first
--     prompt of the session.
-- @column turn_no   Turns opened in the session up to here, from 1; 0 before the first.
-- @column segment_no   Compactions of the session up to here, from 0: behind each the model sees a summary of what was
--     before.
-- @column position   Place in the session, from 1, through all its files.
-- @column role   user, assistant, system, developer (Codex) or tool (results in Codex; in Claude they ride in user
--     messages).
-- @column kind   prompt (opens a turn), steer (a person's words into a running turn), text, reasoning, tool_call,
--     tool_result, image, interrupt, rejection (a person refused a call), compaction, or notice (the harness's own
--     words).
-- @column author   Whose doing it is: human, model or machine (tools and the harness). Orders to a subagent and
--     accepted suggestions are the model's, scripts the human's; accepted plans are the machine's in Claude, the
--     human's in Codex.
-- @column label   The kind more closely, in words of each agent: command or custom_prompt of a prompt, commentary or
--     final_answer of a text, plain_rejection, reasoned_rejection or clarification of a rejection, rejected,
--     machine_denied or interrupted of a result; all of them stand in core.claude_steps and core.codex_steps.
-- @column prompt_kind   On the step that opens a turn what opened it: human, command (slash command, custom prompt),
--     suggestion (of the model, accepted), script, plan (accepted), agent (order to a subagent or reviewer) or machine;
--     null on all others.
-- @column voided_position   On the opening step of a turn that was undone (retry, edit, rewind or rollback): position
--     of the step that undid it. Null where the turn stands.
-- @column is_final   Whether it is part of its turn's final answer: text behind the last tool call of the turn; of
--     Codex the last such message that is no commentary.
-- @column text   The words, secrets in them replaced, pictures named only. A prompt as the person wrote it, without
--     what harness and IDE put in. Empty for tool calls, plain refusals and reasoning that the log keeps no text of.
-- @column tool_name   Name of the tool on calls, of Codex on results too; null elsewhere.
-- @column tool_call_id   Joins a call with its result and its refusal; null elsewhere and where the log has no id, as
--     for Codex web searches.
-- @column arguments   Arguments of a call as a JSON object; null elsewhere.
-- @column is_error   Whether a result failed or was refused, or the harness notes an error: a limit, an API error, a
--     Codex task without a last message.
-- @column message_id   API response that the block is part of, which joins blocks on several lines; null on all that is
--     no response, and in Codex.
-- @column model   Model that wrote it; null on steps of others, and of Codex up to 0.38, which names none.
-- @column occurred_at   When its line was written (UTC); null in Codex logs up to 0.31 but for the first step.
-- @column input_tokens   Input tokens, cached ones not included. On one step of a response only, so that sums are
--     right; null on all others.
-- @column cache_read_tokens   Input tokens that the prompt cache had; beside input_tokens, null elsewhere.
-- @column cache_write_tokens   Input tokens that were put into the prompt cache; beside input_tokens, null elsewhere.
-- @column output_tokens   Output tokens, reasoning included; beside input_tokens, null elsewhere.
-- @column reasoning_tokens   Those of output_tokens that were reasoning; Codex only, null in Claude.
-- @column permission_mode   When a person is asked before tools run. Claude: default, acceptEdits, plan,
--     bypassPermissions, auto, dontAsk, on some prompts from 2.1.15. Codex: untrusted, on-failure, on-request, never or
--     a JSON text {"granular": …}, on all steps behind the first turn_context. Null elsewhere.
-- @column version   Version of the agent's program that wrote the line; null on few lines of Claude.
-- @column project_path   Working folder, the home folder written ~; may change in a session. Null where the log names
--     none.
-- @column git_branch   Branch of the working folder: of Claude at this line, of Codex when the session began. Null
--     where the log names none.
-- @column git_commit   Commit of the working folder when the session began; Codex only.
-- @column entrypoint   What Claude Code ran in (from 2.1.78): cli, claude-vscode, claude-desktop, sdk-cli, sdk-ts and
--     others; null before and for Codex.
with

steps as (
    select * from core.claude_steps
    union all by name
    select * from core.codex_steps
),

-- A compaction's boundary and its summary are one cut; up to 1.0 there is a summary only.
marked as (
    select
        step_id,
        agent,
        session_id,
        position,
        kind,
        prompt_kind,
        can_be_final and not is_blank(text) as can_be_final,
        kind = 'compaction' and coalesce(last_value(case when kind <> 'notice' then kind end ignore nulls) over (
            partition by session_id order by position rows between unbounded preceding and 1 preceding
        ) <> 'compaction', true) as is_cut,
    from steps
),

numbered as (
    select
        step_id,
        agent,
        session_id,
        position,
        kind,
        prompt_kind,
        can_be_final,
        count(prompt_kind) over so_far as turn_no,
        count(case when is_cut then 1 end) over so_far as segment_no,
    from marked
    window so_far as (partition by session_id order by position rows unbounded preceding)
),

turn_openers as (
    select
        session_id,
        turn_no,
        left(sha256('turn|' || agent || '|' || step_id), 32) as turn_id,
    from numbered
    where prompt_kind is not null
),

-- The final answer is the model's text after the last tool call of the turn (session-formats 1.10); in Codex the last
-- message alone (2.8), as those before it are progress notes, which have no phase up to 0.103.
last_places as (
    select
        session_id,
        turn_no,
        max(position) filter (where kind = 'tool_call') as call_position,
        max(position) filter (where can_be_final) as message_position,
    from numbered
    group by all
),

placed as (
    select
        numbered.step_id,
        turn_openers.turn_id,
        numbered.turn_no,
        numbered.segment_no,
        numbered.can_be_final
            and numbered.position > coalesce(last_places.call_position, 0)
            and (numbered.agent <> 'codex' or numbered.position = last_places.message_position) as is_final,
    from numbered
    left join turn_openers using (session_id, turn_no)
    left join last_places using (session_id, turn_no)
)

select
    steps.step_id,
    steps.agent,
    steps.session_id,
    steps.session_kind,
    steps.parent_session_id,
    placed.turn_id,
    placed.turn_no::integer as turn_no,
    placed.segment_no::integer as segment_no,
    steps.position,
    steps.role,
    steps.kind,
    steps.author,
    steps.label,
    steps.prompt_kind,
    steps.voided_position,
    placed.is_final and placed.turn_id is not null as is_final,
    steps.text,
    steps.tool_name,
    steps.tool_call_id,
    steps.arguments,
    steps.is_error,
    steps.message_id,
    steps.model,
    steps.occurred_at,
    steps.input_tokens,
    steps.cache_read_tokens,
    steps.cache_write_tokens,
    steps.output_tokens,
    steps.reasoning_tokens,
    steps.permission_mode,
    steps.version,
    home_as_tilde(steps.project_path) as project_path,
    steps.git_branch,
    steps.git_commit,
    steps.entrypoint,
    steps.source_path,
    steps.file_key,
    steps.line_no,
    steps.byte_offset,
    steps.byte_length,
from steps
join placed using (step_id)
order by session_id, position, step_id
