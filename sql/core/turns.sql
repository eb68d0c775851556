-- One row per prompt that opened a turn, with what followed until the next one.
-- @partition day
-- @key turn_id
-- @not_null session_id, turn_no, prompt_kind, question, end_reason
-- @check is_human = (prompt_kind = 'human')
-- @check end_reason <> 'answered' or final_answer is not null
-- @column turn_id   Hash of agent and step_id of the prompt: the same in every build.
-- @column turn_no   Which turn of its session it is, from 1.
-- @column segment_no   Compactions of the session before its prompt, from 0.
-- @column voided_position   Position in core.steps of what undid it (retry, edit, rewind, rollback); null where it
--     stands.
-- @column prompt_kind   What opened the turn: human (a person's own words), command (slash command, custom prompt),
--     suggestion (of the model, accepted), script, plan (accepted), agent (order to a subagent or reviewer) or machine
--     (notifications, schedules, summaries, other agents).
-- @column is_human   Whether a person's own words opened it.
-- @column question   Text of the prompt; what came in while the turn ran (steers) is not in it. Empty for custom
--     prompts without arguments and for tasks without a prompt.
-- @column final_answer   What the model said behind its last tool call, messages with a blank line between them; of
--     Codex the last message alone. Null where there is none; interrupted and failed turns may have one.
-- @column all_text   All text of the model in the turn, progress notes too, with blank lines between; null where there
--     is none.
-- @column step_count   Steps of the turn, its prompt and notices too.
-- @column tool_call_count   Tool calls of the turn, refused ones too.
-- @column error_count   Tool results that failed or were refused.
-- @column steer_count   Messages that went into the turn while it ran.
-- @column rejection_count   Tool calls that a person refused, without those set aside to talk first.
-- @column end_reason   answered (with a final answer); rejected (a plain refusal stopped it); interrupted (Esc);
--     rolled_back (undone by Codex's command, whatever came before); error (limit, API error, failed task behind all
--     answers); tool (broke off at a tool call, refusal or steer); open (no answer and none of these, such as local
--     commands).
-- @column is_ended   Whether the log shows that it is over: a mark of its end or a turn behind it. False on last turns
--     of logs without such marks, so on a running one.
-- @column is_abandoned   Whether it was undone: by a retry, edit, rewind or rollback. In Claude end_reason does not say
--     so.
-- @column started_at   When the prompt was written (UTC); null where the log has no time.
-- @column ended_at   Time (UTC) of the last step that is the human's, the model's or a tool's result; null where none
--     has one.
-- @column duration_ms   Milliseconds from started_at to ended_at, with the waiting for approvals; null where one is
--     null.
-- @column model   Model that wrote last in the turn; null where none wrote or the log names none.
-- @column models   All models that wrote in the turn, by name; null where there are none.
-- @column permission_mode   When a person was asked before tools ran: the prompt's (Claude), or that in force when the
--     model began to answer (Codex). Values as in core.steps; null where the log does not say.
-- @column input_tokens   Sum over the turn, cached input not included; null where no count is in it.
-- @column cache_read_tokens   Sum over the turn of input that the prompt cache had; null where no count is in it.
-- @column cache_write_tokens   Sum over the turn of input put into the prompt cache; null where no count is in it.
-- @column output_tokens   Sum over the turn, reasoning included; null where no count is in it. Subagents count in their
--     own sessions.
-- @column reasoning_tokens   Sum over the turn of output that was reasoning; null in Claude and where no count is in
--     it.
-- @column first_position   Position of its prompt in core.steps.
-- @column last_position   Position of its last step in core.steps.
-- @column byte_offset   Where the prompt's line begins in the file.
-- @column byte_length   Bytes of the prompt's line with its newline.
-- @column prompt_hash   SHA-256 of the question as it is. Not normalised, as question_hash of core.qa_pairs is.
-- @column context_hash   Hash over question and all_text of the earlier turns of the segment that stood when this
--     one began. Turns with the same have the same words before them; in forks and behind compactions it begins anew.
with

steps as (
    select * from core.steps where turn_id is not null
),

openers as (
    select * from steps where prompt_kind is not null
),

-- Steps that say how far the turn got: what the model or the human did, not what the machine noted.
lived as (
    select
        *,
        lag(kind) over (partition by turn_id order by position) as previous_kind,
        lag(label) over (partition by turn_id order by position) as previous_label,
    from (
        select turn_id, position, kind, label, is_error, prompt_kind
        from steps
        -- What an interrupt or a rejection cut off beside it says nothing of its own.
        where (kind in ('text', 'tool_call', 'tool_result', 'interrupt', 'rejection', 'steer')
                and not (kind = 'tool_result' and coalesce(label, '') = 'interrupted'))
            or (kind = 'notice' and is_error and label in ('synthetic', 'task_complete', 'error', 'api_error'))
    )
),

ends as (
    select
        turn_id,
        max_by(kind, position) as last_kind,
        max_by(label, position) as last_label,
        -- Codex ends a failed task without a last message; a plan's task too, but there the plan is the answer.
        bool_or(kind = 'notice' and label = 'task_complete') as has_failed_task,
        max(position) filter (where kind = 'notice' and label in ('synthetic', 'error')) as error_position,
        bool_or(kind = 'interrupt') as has_interrupt,
        -- A plain rejection stops the turn; one with a reason does not (session-formats 1.9).
        bool_or(kind = 'interrupt' and previous_label = 'plain_rejection') as is_stopped_by_rejection,
    from lived
    group by turn_id
),

answers as (
    select
        turn_id,
        string_agg(text, chr(10) || chr(10) order by position)
            filter (where is_final) as final_answer,
        string_agg(text, chr(10) || chr(10) order by position)
            filter (where kind = 'text' and not is_blank(text)) as all_text,
        max(position) filter (where is_final) as final_position,
    from steps
    where kind = 'text'
    group by turn_id
),

totals as (
    select
        turn_id,
        count(*) as step_count,
        count(*) filter (where kind = 'tool_call') as tool_call_count,
        count(*) filter (where is_error and kind = 'tool_result') as error_count,
        count(*) filter (where kind = 'steer') as steer_count,
        count(*) filter (where kind = 'rejection' and label is distinct from 'clarification') as rejection_count,
        bool_or(label in ('turn_duration', 'stop_hook_summary', 'task_complete', 'turn_aborted') or kind = 'interrupt')
            as has_end_marker,
        max(occurred_at) filter (where author in ('model', 'human') or kind = 'tool_result') as ended_at,
        list_sort(list_distinct(list(model) filter (where model is not null))) as models,
        arg_max(model, position) filter (where model is not null) as model,
        -- Codex up to 0.106 writes the policy of a turn after its prompt.
        arg_min(permission_mode, position) filter (where agent = 'codex' and author = 'model') as answering_mode,
        sum(input_tokens)::bigint as input_tokens,
        sum(cache_read_tokens)::bigint as cache_read_tokens,
        sum(cache_write_tokens)::bigint as cache_write_tokens,
        sum(output_tokens)::bigint as output_tokens,
        sum(reasoning_tokens)::bigint as reasoning_tokens,
        max(position) as last_position,
    from steps
    group by turn_id
),

last_turns as (
    select session_id, max(turn_no) as last_turn_no from openers group by session_id
),

described as (
    select
        openers.turn_id,
        openers.agent,
        openers.session_id,
        openers.session_kind,
        openers.turn_no,
        openers.segment_no,
        openers.prompt_kind,
        openers.prompt_kind = 'human' as is_human,
        openers.text as question,
        answers.final_answer,
        answers.all_text,
        totals.step_count::integer as step_count,
        totals.tool_call_count::integer as tool_call_count,
        totals.error_count::integer as error_count,
        totals.steer_count::integer as steer_count,
        totals.rejection_count::integer as rejection_count,
        case
            when openers.voided_position is not null and openers.agent = 'codex' then 'rolled_back'
            when ends.is_stopped_by_rejection or coalesce(ends.last_label = 'plain_rejection', false) then 'rejected'
            when ends.has_interrupt then 'interrupted'
            when ends.error_position > coalesce(answers.final_position, 0) then 'error'
            when ends.has_failed_task and answers.final_answer is null then 'error'
            when answers.final_answer is not null then 'answered'
            when ends.last_kind in ('tool_call', 'tool_result', 'rejection', 'steer') then 'tool'
            else 'open' end as end_reason,
        -- Undone is over too, where a crash kept its end out of the log.
        totals.has_end_marker or openers.turn_no < last_turns.last_turn_no or openers.voided_position is not null
            as is_ended,
        openers.voided_position is not null as is_abandoned,
        openers.voided_position,
        openers.occurred_at as started_at,
        -- Lines are not always in the order of their times (trap 20).
        case when totals.ended_at is not null then greatest(openers.occurred_at, totals.ended_at) end as ended_at,
        not_negative(date_diff('millisecond', openers.occurred_at, totals.ended_at)) as duration_ms,
        totals.model,
        totals.models,
        openers.version,
        coalesce(totals.answering_mode, openers.permission_mode) as permission_mode,
        openers.project_path,
        openers.git_branch,
        totals.input_tokens,
        totals.cache_read_tokens,
        totals.cache_write_tokens,
        totals.output_tokens,
        totals.reasoning_tokens,
        openers.position as first_position,
        totals.last_position,
        openers.source_path,
        openers.file_key,
        openers.byte_offset,
        openers.byte_length,
    from openers
    join totals using (turn_id)
    left join ends using (turn_id)
    left join answers using (turn_id)
    join last_turns using (session_id)
),

-- What the model had seen: the earlier turns of the segment that still stood when this one began. Turns share a context
-- where these are the same words. A turn comes into the context of later ones and goes out of it where it is undone, the
-- last that stood always first: so its place among them stays, and a running sum of what each puts in, by its words and
-- its place, is the same for the same contexts.
changes as (
    select
        *,
        coalesce(sum(change) over earlier, 0) as standing_count,
    from (
        select
            turn_id,
            session_id,
            segment_no,
            unnest([first_position, voided_position]) as position,
            unnest([1, -1]) as change,
            sha256(question || chr(31) || coalesce(all_text, '')) as words_hash,
        from described
    )
    where position is not null
    window earlier as (
        partition by session_id, segment_no order by position, change rows between unbounded preceding and 1 preceding
    )
),

parts as (
    select
        *,
        context_part(first(standing_count) over (partition by turn_id order by position), words_hash) as part,
    from changes
),

contexts as (
    select
        turn_id,
        context_hash(
            sum(change * hash_lane(part, 1)) over earlier,
            sum(change * hash_lane(part, 2)) over earlier) as context_hash,
    from parts
    window earlier as (
        partition by session_id, segment_no order by position, change rows between unbounded preceding and 1 preceding
    )
    qualify change = 1
)

select
    described.*,
    sha256(described.question) as prompt_hash,
    contexts.context_hash,
from described
join contexts using (turn_id)
order by turn_id
