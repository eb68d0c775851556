-- One row per content block of a session, in one shape for both agents, with the turn it belongs to.
-- @partition day
-- @key step_id
-- @not_null agent, session_id, position, kind, author
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
        count(*) filter (where is_cut) over so_far as segment_no,
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
