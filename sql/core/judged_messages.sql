-- One row per assistant message of which the log tells what a person made of it, with the conversation before it.
-- @partition day
-- @key session_id, message_position, verdict
-- @not_null turn_id, group_id, context, completion, sources
-- @check verdict in ('rejection', 'rejection_with_reason', 'retry', 'rollback', 'kept', 'plan_approved')
-- @check len(context) > 0
-- @column verdict   What a person made of it: rejection or rejection_with_reason (of a call in it), plan_approved,
--     retry (Claude: the prompt was sent again), rollback (undone), kept (the answer that stands in the place of one
--     undone).
-- @column label   true for plan_approved, false for refused and undone, null for kept: standing is no praise.
-- @column call_step_ids   Steps of the calls that were judged; null where the answer was.
-- @column reason   What the person said of the calls, a line each; null where nothing.
-- @column context   The messages before it that stood when its turn began, and the turn's prompt.
-- @column turn_messages   The messages of its turn between prompt and it, results too; empty where it is the first.
-- @column completion   The message that was judged.
-- @column final_answer   Final answer of its turn; null where it had none.
-- @column turn_steps   Steps of its turn behind the prompt, up to and with its own, in the shape of steps in
--     core.messages.
-- @column tools   JSON array text of the schemas of the tools that context calls; null where it calls none.
-- @column input_event   Id of the event that began its turn's attempt.
-- @column output_event   Id of the event that ended it; where the turn is not over that of the first judged call.
-- @column turn_ids   The turns of context and its own, in order.
-- @column source_events   Ids of the events that began and ended these turns' attempts, in order.
-- @column sources   Where the lines of context, turn and message stand: source_path, byte_offset and byte_end for each
--     turn and file.
with

-- Nobody judged an answer that was cut off.
cut_off as (
    select turn_id from core.steps
    where kind = 'interrupt' and turn_id is not null
),

-- Answers to the same words after the same words. People judge in main sessions only.
twins as (
    select
        turn_id,
        agent,
        is_undone,
        is_standing and bool_or(is_undone) over same_prompt as is_kept,
        first_position < max(first_position) over same_prompt as is_sent_again,
    from (
        select
            turn_id, agent, session_id, segment_no, first_position, prompt_hash, context_hash,
            not is_abandoned and end_reason = 'answered' as is_standing,
            is_abandoned and end_reason in ('answered', 'rolled_back') and has_words(final_answer)
                and turn_id not in (from cut_off) as is_undone,
        from core.turns
        where session_kind = 'main'
    )
    window same_prompt as (partition by session_id, segment_no, prompt_hash, context_hash)
),

feedback as (
    select signals.kind, signals.turn_id, steps.session_id, steps.tool_call_id, steps.turn_id as step_turn_id, signals.words
    from core.signals as signals
    join core.steps as steps using (step_id)
    where signals.kind in ('rejection', 'rejection_with_reason', 'plan_approved')
),

-- A refused call and an approved plan stand in the message that made the call.
called as (
    select session_id, message_position, step.step_id, step.tool_call_id
    from (
        select session_id, message_position, unnest(steps) as step
        from core.messages
        where call_count > 0 and not is_after_cut and session_id in (select session_id from feedback)
    )
),

judged_calls as (
    select
        session_id,
        called.message_position,
        max(feedback.kind) as verdict,
        list(called.step_id order by called.step_id) as call_step_ids,
        string_agg(feedback.words, chr(10) order by called.step_id) as reason,
    from feedback
    join called using (session_id, tool_call_id)
    group by all
),

-- Codex undoes by a command of its own; in Claude the same words sent again open another branch.
judged_answers as (
    select
        turn_id,
        case
            when is_kept then 'kept'
            when agent = 'claude' and is_sent_again then 'retry'
            else 'rollback' end as verdict,
    from twins
    where is_undone or is_kept
    union all
    -- A plan that was the answer comes back as the next prompt.
    select feedback.turn_id, 'plan_approved'
    from feedback
    join core.turns as plans on plans.turn_id = feedback.step_turn_id
    join core.turns as turns on turns.turn_id = feedback.turn_id
    where plans.prompt_kind = 'plan' and is_plan_of(turns.final_answer, plans.question)
),

judged as (
    select
        messages.session_id,
        messages.message_position,
        coalesce(judged_calls.verdict, judged_answers.verdict) as verdict,
        judged_calls.call_step_ids,
        judged_calls.reason,
        messages.segment_no,
        messages.turn_id,
        messages.group_id,
        messages.message,
        turns.agent,
        turns.model,
        turns.project_path,
        turns.started_at,
        turns.permission_mode,
        turns.first_position,
        turns.final_answer,
        turns.ended_at,
        -- A turn that has not come to its end has no event of it: then the call's own is what was judged.
        coalesce(
            turn_output_event(turns.turn_id, turns.end_reason, turns.is_ended),
            derived_event_id('attempt.span_recorded', judged_calls.call_step_ids[1])) as output_event,
        turns.prompt_hash,
        turns.context_hash,
        turns.steer_count,
        turns.rejection_count,
    from core.messages as messages
    join core.turns as turns on turns.turn_id = messages.turn_id
    left join judged_calls
        on judged_calls.session_id = messages.session_id and judged_calls.message_position = messages.message_position
    left join judged_answers on judged_answers.turn_id = messages.turn_id and messages.is_final
    where messages.result_no = 0
        and not messages.is_after_cut
        and turns.session_kind = 'main'
        and coalesce(judged_calls.verdict, judged_answers.verdict) is not null
),

-- What the model had before it: the earlier turns of the segment that stood when this one began, and the turn so far.
before as (
    select
        judged.session_id,
        judged.message_position,
        judged.verdict,
        earlier.turn_id,
        earlier.turn_id <> judged.turn_id or earlier.is_question as is_context,
        earlier.is_question,
        case
            when earlier.turn_id = judged.turn_id then judged.output_event
            -- A turn that another follows has ended.
            else turn_output_event(earlier.turn_id, earlier.end_reason, true) end as output_event,
        earlier.message_position as earlier_position,
        earlier.result_no,
        earlier.message,
        earlier.tools,
        earlier.steps,
        earlier.source_path,
        earlier.byte_offset,
        earlier.byte_end,
    from judged
    join core.messages as earlier
        on earlier.session_id = judged.session_id
        and earlier.segment_no = judged.segment_no
        and (earlier.message_position < judged.message_position
            or (earlier.message_position = judged.message_position and earlier.result_no = 0))
        and (earlier.turn_id = judged.turn_id
            or coalesce(earlier.voided_position > judged.first_position, true))
),

conversations as (
    select
        session_id,
        message_position,
        verdict,
        list(message order by earlier_position, result_no) filter (where is_context) as context,
        list(message order by earlier_position, result_no)
            filter (where not is_context and earlier_position < message_position) as turn_messages,
        list_sort(list_distinct(flatten(list(tools) filter (where is_context and len(tools) > 0)))) as tools,
        flatten(list(steps order by earlier_position)
            filter (where not is_context and steps is not null)) as turn_steps,
        list(turn_id order by earlier_position) filter (where is_question) as turn_ids,
        flatten(list([turn_input_event(turn_id), output_event] order by earlier_position) filter (where is_question))
            as source_events,
    from before
    group by all
),

sources as (
    select
        session_id,
        message_position,
        verdict,
        list(
            {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_end} order by begin_position, source_path
        ) as sources,
    from (
        select
            session_id,
            message_position,
            verdict,
            source_path,
            min(earlier_position) as begin_position,
            min(byte_offset) as byte_offset,
            max(byte_end) as byte_end,
        from before
        group by session_id, message_position, verdict, turn_id, source_path
    )
    group by all
)

select
    session_id,
    message_position,
    verdict,
    case verdict when 'kept' then null else verdict = 'plan_approved' end as label,
    judged.turn_id,
    judged.segment_no,
    judged.group_id,
    judged.call_step_ids,
    judged.reason,
    conversations.context,
    coalesce(conversations.turn_messages, []) as turn_messages,
    judged.message as completion,
    judged.final_answer,
    conversations.turn_steps,
    '[' || nullif(array_to_string(conversations.tools, ','), '') || ']' as tools,
    judged.agent,
    judged.model,
    judged.project_path,
    judged.started_at,
    judged.ended_at,
    judged.permission_mode,
    judged.prompt_hash,
    judged.context_hash,
    judged.steer_count,
    judged.rejection_count,
    turn_input_event(judged.turn_id) as input_event,
    judged.output_event,
    conversations.turn_ids,
    conversations.source_events,
    sources.sources,
from judged
join conversations using (session_id, message_position, verdict)
join sources using (session_id, message_position, verdict)
order by session_id, message_position, verdict
