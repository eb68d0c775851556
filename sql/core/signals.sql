-- One row per piece of feedback found in the logs: what a person did or said about the agent's work.
-- @partition day
-- @key signal_id
-- @not_null session_id, kind, polarity, strength
-- @check polarity in (-1, 0, 1)
-- @check strength in ('strong', 'medium', 'weak')
-- @column signal_id   Hash of kind, turn_id and step_id.
-- @column turn_id   The turn it is about: the one undone, retried or reset, not the one that did it.
-- @column step_id   The step that shows it: refusal, interrupt, steer, answer or result; of a prompt_edit, retry or
--     reset the later prompt, of a rollback the one undone. For a plan accepted by prompt that prompt.
-- @column kind   rejection or rejection_with_reason (of a tool call), clarification (asked to talk first), interrupt,
--     prompt_edit (sent again changed, before an answer), rollback (undone after an answer), retry (same prompt again
--     after an answer), steer, plan_approved, command_approved (for good), choice (among options on offer),
--     file_changed (behind the model's back), reset (/clear, /rewind or /undo after an answer).
-- @column polarity   -1 against the agent's work, 1 for it, 0 says neither.
-- @column strength   strong, medium or weak, by what it tells of the work: refusals and rollbacks are strong,
--     interrupts medium, resets weak.
-- @column words   What the person said with it: reason, steer, choice, the next prompt (prompt_edit, rollback) or the
--     command. Of file_changed path and snippet, of command_approved the harness's note. Null for the others.
-- @column occurred_at   When the step's line was written (UTC).
-- @column permission_mode   permission_mode of that step, in Claude on few; null where the log does not say. Where
--     nobody is asked, no rejection means nothing.
-- @column byte_offset   Where the step's line begins in the file.
-- @column byte_length   Bytes of the step's line with its newline.
with

-- People judge in main sessions only; an approval policy that never asks cannot be rejected (trap 49).
steps as (
    select * from core.steps where session_kind = 'main' and turn_id is not null
),

-- Turns in which the model did anything at all.
worked as (
    select distinct turn_id, true as has_worked
    from steps
    where kind in ('text', 'reasoning', 'tool_call')
),

turns as (
    select
        turns.*,
        coalesce(worked.has_worked, false) as has_worked,
        lag(turn_id) over in_order as previous_turn_id,
        lag(end_reason) over in_order as previous_end_reason,
        lead(turn_id) over in_order as next_turn_id,
        lead(question) over in_order as next_question,
    from core.turns
    left join worked using (turn_id)
    where session_kind = 'main'
    window in_order as (partition by session_id order by turn_no)
),

rejections as (
    select
        case label
            when 'reasoned_rejection' then 'rejection_with_reason'
            when 'clarification' then 'clarification'
            else 'rejection' end as kind,
        case label when 'clarification' then 0 else -1 end as polarity,
        case label when 'clarification' then 'medium' else 'strong' end as strength,
        nullif(text, '') as words,
        turn_id,
        step_id,
    from steps
    where kind = 'rejection'
),

interrupts as (
    select
        'interrupt' as kind,
        -1 as polarity,
        'medium' as strength,
        null as words,
        interrupted.turn_id,
        interrupted.step_id,
    from steps as interrupted
    join turns using (turn_id)
    -- After a rejection the marker only repeats it.
    where interrupted.kind = 'interrupt' and turns.end_reason <> 'rejected'
        -- Stopped before the model did anything, or sent again with a change: the prompt was not yet right, "I forgot to
        -- add", which says nothing of the answer (session-formats 1.9).
        and turns.has_worked
        and not (turns.is_abandoned and turns.final_answer is null)
        and not is_edited_prompt(turns.question, turns.next_question)
),

prompt_edits as (
    select
        'prompt_edit' as kind,
        0 as polarity,
        'weak' as strength,
        turns.next_question as words,
        turns.turn_id,
        edited.step_id,
    from turns
    join steps as edited on edited.turn_id = turns.next_turn_id and edited.prompt_kind is not null
    where case when turns.is_abandoned then turns.final_answer is null
        -- What it had said by then is no answer.
        else turns.end_reason = 'interrupted'
            and (not turns.has_worked or is_edited_prompt(turns.question, turns.next_question)) end
),

-- Undone after it was finished: the answer was not wanted. After an abort it is a prompt edit (session-formats 4).
rollbacks as (
    select
        'rollback' as kind,
        -1 as polarity,
        'strong' as strength,
        turns.next_question as words,
        turns.turn_id,
        opened.step_id,
    from turns
    join steps as opened on opened.turn_id = turns.turn_id and opened.prompt_kind is not null
    where turns.is_abandoned and turns.final_answer is not null
),

-- The same prompt again after an answer: on another branch, or at once and long enough not to be a "yes" or a menu letter.
retries as (
    select
        'retry' as kind,
        -1 as polarity,
        case when bool_or(earlier.is_abandoned) then 'strong' else 'medium' end as strength,
        null as words,
        arg_max(earlier.turn_id, earlier.turn_no) as turn_id,
        any_value(opened.step_id) as step_id,
    from turns as later
    join turns as earlier
        on earlier.session_id = later.session_id
        and earlier.turn_no < later.turn_no
        and trimmed(earlier.question) = trimmed(later.question)
        and earlier.final_answer is not null
        and (earlier.is_abandoned
            or (earlier.turn_no = later.turn_no - 1 and length(trimmed(later.question)) >= 30))
    join steps as opened on opened.turn_id = later.turn_id and opened.prompt_kind is not null
    where later.is_human and has_words(later.question)
    group by later.turn_id
),

steers as (
    select 'steer' as kind, 0 as polarity, 'medium' as strength, text as words, turn_id, step_id
    from steps
    where kind = 'steer' and author = 'human'
),

plan_approvals as (
    select
        'plan_approved' as kind,
        1 as polarity,
        'medium' as strength,
        null as words,
        turn_id,
        step_id,
    from steps
    where kind = 'tool_result' and starts_with(text, 'User has approved your plan')
    union all
    select 'plan_approved', 1, 'medium', null, turns.previous_turn_id, opened.step_id
    from turns
    join steps as opened on opened.turn_id = turns.turn_id and opened.prompt_kind = 'plan'
    where turns.previous_turn_id is not null
),

-- A choice among options the model offered, or the human's own words in their place.
choices as (
    select
        'choice' as kind,
        0 as polarity,
        'medium' as strength,
        answered.text as words,
        answered.turn_id,
        answered.step_id,
    from steps as answered
    join (
        select distinct session_id, tool_call_id
        from steps
        where kind = 'tool_call' and tool_name in ('AskUserQuestion', 'request_user_input')
    ) as questions using (session_id, tool_call_id)
    where answered.kind = 'tool_result' and not answered.is_error
),

-- A file the model had read changed on disk: by the human's hand, or by a command that the model ran.
changed_files as (
    select 'file_changed' as kind, 0 as polarity, 'weak' as strength, text as words, turn_id, step_id
    from steps
    where label = 'edited_text_file'
),

approved_prefixes as (
    select 'command_approved' as kind, 1 as polarity, 'weak' as strength, text as words, turn_id, step_id
    from steps
    where label = 'approved_prefix'
),

-- Commands that throw the conversation away right after an answer.
resets as (
    select
        'reset' as kind,
        -1 as polarity,
        'weak' as strength,
        turns.question as words,
        turns.previous_turn_id as turn_id,
        opened.step_id,
    from turns
    join steps as opened on opened.turn_id = turns.turn_id and opened.prompt_kind is not null
    where turns.prompt_kind = 'command'
        and regexp_matches(turns.question, '^/(clear|rewind|undo)\b')
        and turns.previous_end_reason = 'answered'
),

-- Failures are the machine's word, never a person's reward.
found as (
    select * from rejections
    union all select * from interrupts
    union all select * from prompt_edits
    union all select * from rollbacks
    union all select * from retries
    union all select * from steers
    union all select * from plan_approvals
    union all select * from choices
    union all select * from changed_files
    union all select * from approved_prefixes
    union all select * from resets
)

select
    left(sha256('signal|' || found.kind || '|' || found.turn_id || '|' || found.step_id), 32) as signal_id,
    steps.agent,
    steps.session_id,
    found.turn_id,
    found.step_id,
    found.kind,
    found.polarity,
    found.strength,
    found.words,
    steps.occurred_at,
    steps.permission_mode,
    steps.source_path,
    steps.byte_offset,
    steps.byte_length,
from found
join steps using (step_id)
order by signal_id
