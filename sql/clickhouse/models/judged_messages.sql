-- One row per assistant message of which the log tells what a person made of it, with the conversation before it.
-- @key session_id, message_position, verdict
with

-- Answers to the same words after the same words. People judge in main sessions only.
twins as (
    select
        turn_id,
        agent,
        is_undone,
        is_standing and max(is_undone) over same_prompt as is_kept,
        first_position < max(first_position) over same_prompt as is_sent_again
    from (
        select
            turn_id,
            agent,
            session_id,
            segment_no,
            first_position,
            prompt_hash,
            context_hash,
            not is_abandoned and end_reason = 'answered' as is_standing,
            is_abandoned
                and end_reason in ('answered', 'rolled_back')
                and has_words(final_answer)
                -- Nobody judged an answer that was cut off.
                and turn_id not in (
                    select assumeNotNull(turn_id) from steps where kind = 'interrupt' and turn_id is not null
                ) as is_undone
        from model_turns
        where session_kind = 'main'
    )
    window same_prompt as (partition by session_id, segment_no, prompt_hash, context_hash)
),

feedback as (
    select
        signals.kind as kind,
        signals.turn_id as turn_id,
        signals.words as words,
        steps.session_id as session_id,
        steps.tool_call_id as tool_call_id,
        steps.turn_id as step_turn_id
    from signals
    join steps on steps.step_id = signals.step_id
    where signals.kind in ('rejection', 'rejection_with_reason', 'plan_approved')
),

-- A refused call and an approved plan stand in the message that made the call.
called as (
    select
        session_id,
        message_position,
        step.step_id as step_id,
        step.tool_call_id as tool_call_id
    from model_messages
    array join steps as step
    where call_count > 0 and not is_after_cut
),

judged_calls as (
    select
        called.session_id as session_id,
        called.message_position as message_position,
        max(feedback.kind) as verdict,
        arraySort(groupArray(called.step_id)) as call_step_ids,
        if(
            countIf(feedback.words is not null) > 0,
            arrayStringConcat(arrayMap(
                one -> one.2,
                arraySort(groupArrayIf((called.step_id, feedback.words), feedback.words is not null))), '\n'),
            null) as reason
    from feedback
    join called on called.session_id = feedback.session_id and called.tool_call_id = feedback.tool_call_id
    group by called.session_id, called.message_position
),

-- Codex undoes by a command of its own; in Claude the same words sent again open another branch.
judged_answers as (
    select
        turn_id,
        multiIf(is_kept, 'kept', agent = 'claude' and is_sent_again, 'retry', 'rollback') as verdict
    from twins
    where is_undone or is_kept
    union all
    -- A plan that was the answer comes back as the next prompt.
    select assumeNotNull(feedback.turn_id) as turn_id, 'plan_approved' as verdict
    from feedback
    join model_turns as plans on plans.turn_id = feedback.step_turn_id
    join model_turns as turns on turns.turn_id = feedback.turn_id
    where plans.prompt_kind = 'plan' and is_plan_of(turns.final_answer, plans.question)
),

judged as (
    select
        messages.session_id as session_id,
        messages.message_position as message_position,
        coalesce(judged_calls.verdict, judged_answers.verdict) as verdict,
        judged_calls.call_step_ids as call_step_ids,
        judged_calls.reason as reason,
        messages.segment_no as segment_no,
        messages.turn_id as turn_id,
        messages.group_id as group_id,
        messages.message as message,
        turns.agent as agent,
        turns.model as model,
        turns.project_path as project_path,
        turns.started_at as started_at,
        turns.permission_mode as permission_mode,
        turns.first_position as first_position,
        turns.final_answer as final_answer,
        turns.ended_at as ended_at,
        -- A turn that has not come to its end has no event of it: then the call's own is what was judged.
        coalesce(
            turn_output_event(turns.turn_id, turns.end_reason, turns.is_ended),
            if(empty(call_step_ids), null, derived_event_id('attempt.span_recorded', call_step_ids[1]))
        ) as output_event,
        turns.prompt_hash as prompt_hash,
        turns.context_hash as context_hash,
        turns.steer_count as steer_count,
        turns.rejection_count as rejection_count,
        messages.day as day
    from model_messages as messages
    join model_turns as turns on turns.turn_id = messages.turn_id
    left join judged_calls
        on judged_calls.session_id = messages.session_id and judged_calls.message_position = messages.message_position
    left join judged_answers on judged_answers.turn_id = if(messages.is_final, messages.turn_id, null)
    where messages.result_no = 0
        and not messages.is_after_cut
        and turns.session_kind = 'main'
        and verdict is not null
),

-- What the model had before it: the earlier turns of the segment that stood when this one began, and the turn so far.
-- What each turn has from each file, first; then all of it.
places as (
    select
        judged.session_id as session_id,
        judged.message_position as message_position,
        judged.verdict as verdict,
        min(earlier.message_position) as begin_position,
        (
            earlier.source_path, min(earlier.byte_offset), max(earlier.byte_end)
        )::Tuple(source_path Nullable(String), byte_offset Nullable(Int64), byte_end Nullable(Int64)) as source,
        groupArray((
            earlier.message_position,
            earlier.result_no,
            earlier.turn_id <> judged.turn_id or earlier.is_question,
            earlier.is_question,
            earlier.turn_id,
            if(
                earlier.turn_id = judged.turn_id,
                judged.output_event,
                -- A turn that another follows has ended.
                turn_output_event(earlier.turn_id, earlier.end_reason, true)),
            earlier.message,
            earlier.tools,
            earlier.steps
        )::Tuple(
            position Int32, result_no Int32, is_context Bool, is_question Bool, turn_id String,
            output_event Nullable(String), message String, tools Array(String),
            steps Array(Tuple(
                step_id String, kind String, tool_call_id Nullable(String), tool_name Nullable(String),
                outcome Nullable(String), duration_ms Nullable(Int64), result_step_id Nullable(String)
            ))
        )) as messages
    from judged
    join model_messages as earlier
        on earlier.session_id = judged.session_id and earlier.segment_no = judged.segment_no
    where (earlier.message_position < judged.message_position
            or (earlier.message_position = judged.message_position and earlier.result_no = 0))
        and (earlier.turn_id = judged.turn_id
            or coalesce(earlier.voided_position > judged.first_position, true))
    group by judged.session_id, judged.message_position, judged.verdict, earlier.turn_id, earlier.source_path
),

conversations as (
    select
        session_id,
        message_position,
        verdict,
        arraySort(one -> (one.position, one.result_no), groupArrayArray(messages)) as before,
        arrayMap(one -> one.3, arraySort(one -> (one.1, one.2), groupArray((
            begin_position, source.source_path, source
        )))) as sources
    from places
    group by session_id, message_position, verdict
),

parted as (
    select
        *,
        arrayFilter(one -> one.is_context, before) as earlier,
        arrayFilter(one -> not one.is_context, before) as so_far,
        arrayFilter(one -> one.is_question, before) as questions,
        arraySort(arrayDistinct(arrayFlatten(arrayMap(one -> one.tools, earlier)))) as used_tools
    from conversations
)

select
    judged.session_id as session_id,
    judged.message_position as message_position,
    assumeNotNull(judged.verdict) as verdict,
    if(verdict = 'kept', null, verdict = 'plan_approved')::Nullable(Bool) as label,
    judged.turn_id as turn_id,
    judged.segment_no as segment_no,
    judged.group_id as group_id,
    judged.call_step_ids as call_step_ids,
    judged.reason as reason,
    arrayMap(one -> one.message, parted.earlier) as context,
    arrayMap(
        one -> one.message, arrayFilter(one -> one.position < message_position, parted.so_far)) as turn_messages,
    judged.message as completion,
    judged.final_answer as final_answer,
    arrayFlatten(arrayMap(one -> one.steps, parted.so_far)) as turn_steps,
    if(empty(parted.used_tools), null, concat('[', arrayStringConcat(parted.used_tools, ','), ']')) as tools,
    judged.agent as agent,
    judged.model as model,
    judged.project_path as project_path,
    judged.started_at as started_at,
    judged.ended_at as ended_at,
    judged.permission_mode as permission_mode,
    judged.prompt_hash as prompt_hash,
    judged.context_hash as context_hash,
    judged.steer_count as steer_count,
    judged.rejection_count as rejection_count,
    turn_input_event(judged.turn_id) as input_event,
    judged.output_event as output_event,
    arrayMap(one -> one.turn_id, parted.questions) as turn_ids,
    arrayFlatten(arrayMap(
        one -> [turn_input_event(one.turn_id), one.output_event], parted.questions)) as source_events,
    parted.sources as sources,
    judged.day as day
from judged
join parted
    on parted.session_id = judged.session_id
    and parted.message_position = judged.message_position
    and parted.verdict = judged.verdict
