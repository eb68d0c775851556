-- One row per prompt that opened a turn, with what followed until the next one.
-- @key turn_id
with

-- Columns under other names: an alias of a select would else stand for the column that an aggregate reads.
session_steps as (
    select
        *,
        assumeNotNull(turn_id) as of_turn,
        occurred_at as step_at,
        model as step_model,
        position as place
    from steps
    where turn_id is not null
),

openers as (
    select * from session_steps where prompt_kind is not null
),

-- Steps that say how far the turn got: what the model or the human did, not what the machine noted.
lived as (
    select
        of_turn,
        place,
        kind,
        label,
        lag(label) over (partition by of_turn order by place) as previous_label
    from session_steps
    -- What an interrupt or a rejection cut off beside it says nothing of its own.
    where (kind in ('text', 'tool_call', 'tool_result', 'interrupt', 'rejection', 'steer')
            and not (kind = 'tool_result' and coalesce(label, '') = 'interrupted'))
        or (kind = 'notice' and coalesce(is_error, false)
            and coalesce(label, '') in ('synthetic', 'task_complete', 'error', 'api_error'))
),

-- The last label is that of the last step that has one.
ends as (
    select
        of_turn,
        argMax(kind, place) as last_kind,
        argMaxIf(label, place, label is not null) as last_label,
        -- Codex ends a failed task without a last message; a plan's task too, but there the plan is the answer.
        max(kind = 'notice' and coalesce(label, '') = 'task_complete') as has_failed_task,
        maxOrNullIf(place, kind = 'notice' and coalesce(label, '') in ('synthetic', 'error')) as error_position,
        max(kind = 'interrupt') as has_interrupt,
        -- A plain rejection stops the turn; one with a reason does not.
        max(kind = 'interrupt' and coalesce(previous_label, '') = 'plain_rejection') as is_stopped_by_rejection
    from lived
    group by of_turn
),

answers as (
    select
        of_turn,
        arrayStringConcat(arrayMap(one -> one.2, arraySort(groupArrayIf(
            (place, assumeNotNull(text)), coalesce(is_final, false) and text is not null))), '\n\n') as final_text,
        countIf(coalesce(is_final, false) and text is not null) as final_count,
        arrayStringConcat(arrayMap(one -> one.2, arraySort(groupArrayIf(
            (place, assumeNotNull(text)), trimmed(coalesce(text, '')) <> ''))), '\n\n') as said_text,
        countIf(trimmed(coalesce(text, '')) <> '') as said_count,
        maxOrNullIf(place, coalesce(is_final, false)) as final_position
    from session_steps
    where kind = 'text'
    group by of_turn
),

totals as (
    select
        of_turn,
        count() as steps_in_all,
        countIf(kind = 'tool_call') as calls_in_all,
        countIf(coalesce(is_error, false) and kind = 'tool_result') as errors_in_all,
        countIf(kind = 'steer') as steers_in_all,
        countIf(kind = 'rejection' and coalesce(label, '') <> 'clarification') as rejections_in_all,
        -- Null, not false, for a turn without labels: nothing says whether it goes on.
        max(if(label is null, null, label in ('turn_duration', 'stop_hook_summary', 'task_complete', 'turn_aborted'))
            or kind = 'interrupt') as has_end_marker,
        maxOrNullIf(step_at, author in ('model', 'human') or kind = 'tool_result') as last_at,
        arraySort(groupUniqArray(step_model)) as models_in_all,
        argMaxIf(step_model, place, step_model is not null) as last_model,
        -- Codex up to 0.106 writes the policy of a turn after its prompt.
        argMinIf(
            permission_mode, place, agent = 'codex' and author = 'model' and permission_mode is not null
        ) as answering_mode,
        sumOrNull(input_tokens) as input_sum,
        sumOrNull(cache_read_tokens) as cache_read_sum,
        sumOrNull(cache_write_tokens) as cache_write_sum,
        sumOrNull(output_tokens) as output_sum,
        sumOrNull(reasoning_tokens) as reasoning_sum,
        max(place) as last_place
    from session_steps
    group by of_turn
),

last_turns as (
    select session_id, max(turn_no) as last_turn_no from openers group by session_id
),

described as (
    select
        openers.of_turn as turn_id,
        openers.agent as agent,
        openers.session_id as session_id,
        openers.session_kind as session_kind,
        openers.turn_no as turn_no,
        openers.segment_no as segment_no,
        openers.prompt_kind as prompt_kind,
        openers.prompt_kind = 'human' as is_human,
        openers.text as question,
        if(answers.final_count > 0, answers.final_text, null) as final_answer,
        if(answers.said_count > 0, answers.said_text, null) as all_text,
        totals.steps_in_all as step_count,
        totals.calls_in_all as tool_call_count,
        totals.errors_in_all as error_count,
        totals.steers_in_all as steer_count,
        totals.rejections_in_all as rejection_count,
        case
            when openers.voided_position is not null and openers.agent = 'codex' then 'rolled_back'
            when coalesce(ends.is_stopped_by_rejection, 0) = 1 or coalesce(ends.last_label, '') = 'plain_rejection'
                then 'rejected'
            when coalesce(ends.has_interrupt, 0) = 1 then 'interrupted'
            when coalesce(ends.error_position > coalesce(answers.final_position, 0), 0) = 1 then 'error'
            when coalesce(ends.has_failed_task, 0) = 1 and final_answer is null then 'error'
            when final_answer is not null then 'answered'
            when coalesce(ends.last_kind, '') in ('tool_call', 'tool_result', 'rejection', 'steer') then 'tool'
            else 'open' end as end_reason,
        totals.has_end_marker or openers.turn_no < last_turns.last_turn_no or openers.voided_position is not null
            as is_ended,
        openers.voided_position is not null as is_abandoned,
        openers.voided_position as voided_position,
        openers.step_at as started_at,
        if(openers.step_at > totals.last_at, openers.step_at, totals.last_at) as ended_at,
        not_negative(toUnixTimestamp64Milli(totals.last_at) - toUnixTimestamp64Milli(openers.step_at)) as duration_ms,
        totals.last_model as model,
        totals.models_in_all as models,
        openers.version as version,
        coalesce(totals.answering_mode, openers.permission_mode) as permission_mode,
        openers.project_path as project_path,
        openers.git_branch as git_branch,
        totals.input_sum as input_tokens,
        totals.cache_read_sum as cache_read_tokens,
        totals.cache_write_sum as cache_write_tokens,
        totals.output_sum as output_tokens,
        totals.reasoning_sum as reasoning_tokens,
        openers.place as first_position,
        totals.last_place as last_position,
        openers.source_path as source_path,
        openers.file_key as file_key,
        openers.byte_offset as byte_offset,
        openers.byte_length as byte_length,
        openers.day as day
    from openers
    join totals on totals.of_turn = openers.of_turn
    left join ends on ends.of_turn = openers.of_turn
    left join answers on answers.of_turn = openers.of_turn
    join last_turns on last_turns.session_id = openers.session_id
),

-- A turn comes into the context of later ones and goes out of it where it is undone, the last that stood always first:
-- so its place among them stays, and a running sum of what each puts in is the same for the same contexts.
changes as (
    select
        *,
        coalesce(sum(change) over (
            partition by session_id, segment_no order by position, change
            rows between unbounded preceding and 1 preceding
        ), 0) as standing_count
    from (
        select
            turn_id,
            session_id,
            segment_no,
            arrayJoin([(first_position, 1), (voided_position, -1)]) as step,
            step.1 as position,
            step.2 as change,
            sha256(concat(question, '\x1F', coalesce(all_text, ''))) as words_hash
        from described
    )
    where position is not null
),

parts as (
    select
        turn_id,
        session_id,
        segment_no,
        position,
        change,
        context_part(first_value(standing_count) over (partition by turn_id order by position), words_hash) as part
    from changes
),

-- What the model had seen: the earlier turns of the segment that still stood when this one began.
contexts as (
    select
        turn_id,
        change,
        context_hash(
            sum(change * hash_lane(part, 1)) over earlier,
            sum(change * hash_lane(part, 2)) over earlier) as hash_before
    from parts
    window earlier as (
        partition by session_id, segment_no order by position, change rows between unbounded preceding and 1 preceding
    )
)

select
    described.*,
    sha256(described.question) as prompt_hash,
    contexts.hash_before as context_hash
from described
join contexts on contexts.turn_id = described.turn_id and contexts.change = 1
