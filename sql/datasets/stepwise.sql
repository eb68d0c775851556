-- One row per turn or attempt whose steps can be told right from wrong: all up to the first wrong one.
-- @partition day
-- @key id
-- @not_null prompt, completions, labels, step_ids, group_id, split, session_id, content_hash, source_events, metadata
-- @check has_words(prompt) and len(completions) > 0
-- @check len(completions) = len(labels) and len(completions) = len(step_ids)
-- @check len(list_filter(completions, lambda completion: not has_words(completion))) = 0
-- @check not labels[-1] and len(list_filter(labels, lambda label: not label)) = 1
-- @column prompt   What was to be done. The question alone where nothing stands before it in its segment; else the conversation as
--     text, each message under who said it, up to the person's last words before the steps. Recorded: the prompt.
-- @column completions   The steps in order. Session logs: the name of the tool and its arguments as JSON, under the words the
--     model said right before. Recorded: the same for tool calls, else the span's text. What tools gave back is in none.
-- @column labels   Whether each step was right: those that ran before the refused call are, the refused one is not, what follows is
--     cut. Recorded: those before the first span that failed are, it is not.
-- @column step_ids   Ids of the steps in core.steps, or of the spans.
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family (forks, resumes and subagents of one root); all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session of the turn or attempt.
-- @column project   Project folder, the home folder written ~; null for recorded attempts.
-- @column harness   claude-code or codex; of recorded attempts the agent's id.
-- @column teacher_model   The model of the turn, or of the attempt.
-- @column created_at   When the turn began, or the attempt ended (UTC).
-- @column num_tokens   o200k tokens of prompt and completions; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised prompt and completions.
-- @column source_events   Ids of the training events it comes from.
-- @column metadata   Where it comes from: rule (with or without a reason), origin, permission mode, events, documents, turns or
--     attempt, byte ranges of their lines, the person's reason.
with

-- Only the first refusal of a turn counts, and the rest is cut.
refusals as (
    select
        *,
        list_append(turn_messages, completion) as told,
        list_filter(turn_steps, lambda step: list_contains(call_step_ids, step.step_id))[1] as refused,
        -- What the person said while the agent worked belongs to the prompt, and so does all before it.
        coalesce(list_max(list_transform(
            turn_messages,
            lambda message, place: case when json_extract_string(message, '$.role') = 'user' then place end
        )), 0) as last_words,
    from core.judged_messages
    where verdict in ('rejection', 'rejection_with_reason')
    qualify row_number() over (partition by turn_id order by message_position) = 1
),

-- Whoever is never asked cannot refuse, so nobody let pass what ran there. Before 2.1.15 Claude does not log its mode, nor
-- Codex before 0.39: there the refusal of a call that is not run unasked shows that it asked.
asked as (
    select *
    from refusals
    where coalesce(asks_permission(agent, permission_mode), agent = 'codex' or not runs_unasked(refused.tool_name))
),

outcomes as (
    select turn_id, step.tool_call_id, step.step_id, step.outcome
    from (
        select turn_id, unnest(turn_steps) as step from asked
    )
    where step.kind = 'tool_call'
),

calls as (
    select turn_id, message_no, content, call_no, call.id as tool_call_id, call.function as call
    from (
        select turn_id, message_no, content, generate_subscripts(calls, 1) as call_no, unnest(calls) as call
        from (
            select
                turn_id,
                message_no,
                json_extract_string(message, '$.content') as content,
                json_transform(
                    json_extract(message, '$.tool_calls'),
                    '[{"id":"VARCHAR","function":{"name":"VARCHAR","arguments":"JSON"}}]') as calls,
            from (
                select turn_id, last_words, generate_subscripts(told, 1) as message_no, unnest(told) as message from asked
            )
            where message_no > last_words
        )
    )
),

-- What a machine denied, or a person stopped, did not run: no step at all.
refused_steps as (
    select
        calls.turn_id,
        list(
            case when calls.call_no = 1 and has_words(calls.content) then calls.content || chr(10) || chr(10) else '' end
                || call_text(calls.call.name, calls.call.arguments)
            order by calls.message_no, calls.call_no) as completions,
        list(outcomes.step_id <> asked.refused.step_id order by calls.message_no, calls.call_no) as labels,
        list(outcomes.step_id order by calls.message_no, calls.call_no) as step_ids,
    from calls
    join asked using (turn_id)
    join outcomes using (turn_id, tool_call_id)
    where outcomes.outcome in ('ok', 'error') or outcomes.step_id = asked.refused.step_id
    group by calls.turn_id
),

refused_turns as (
    select
        case
            when last_words = 0 and len(context) = 1 then json_extract_string(context[1], '$.content')
            else array_to_string(
                list_transform(list_concat(context, turn_messages[:last_words]), lambda message: message_text(message)),
                chr(10) || chr(10)) end as prompt,
        -- In parallel calls others of the message may stand behind the refused one.
        completions[:list_position(labels, false)] as completions,
        labels[:list_position(labels, false)] as labels,
        step_ids[:list_position(labels, false)] as step_ids,
        group_id,
        session_id,
        project_path as project,
        harness_name(agent) as harness,
        model as teacher_model,
        started_at as created_at,
        source_events,
        to_json({
            'rule': 'steps before a tool call that a person refused, '
                || case verdict when 'rejection' then 'without a reason' else 'with a reason' end,
            'origin': 'log',
            'events': {'input': input_event, 'output': output_event},
            'documents': [conversation_document_id(session_id, segment_no)],
            'segment_no': segment_no,
            'turn_ids': turn_ids,
            'reason': reason,
            'permission_mode': permission_mode,
            'sources': sources
        }) as metadata,
    from asked
    join refused_steps using (turn_id)
),

failures as (
    select *
    from events.answers
    where status = 'failed' and prompt is not null
),

spans as (
    select answer_id, span_no, unnest(span)
    from (
        select answer_id, generate_subscripts(spans, 1) as span_no, unnest(spans) as span
        from (
            select
                answer_id,
                json_transform(spans, '[{
                    "span_id": "VARCHAR", "parent_span_id": "VARCHAR", "kind": "VARCHAR", "tool_name": "VARCHAR",
                    "input": "JSON", "output": "JSON", "is_error": "BOOLEAN", "event_id": "VARCHAR",
                    "source_path": "VARCHAR", "byte_offset": "BIGINT", "byte_end": "BIGINT"
                }]') as spans,
            from failures
        )
    )
),

-- A model call whose thoughts, calls and words are spans of their own is no step beside them.
parents as (
    select distinct answer_id, parent_span_id as span_id, true as is_parent
    from spans
    where parent_span_id is not null
),

-- What a result says of itself it says of its call.
span_steps as (
    select
        spans.answer_id,
        spans.span_no,
        spans.span_id,
        spans.event_id,
        {'source_path': spans.source_path, 'byte_offset': spans.byte_offset, 'byte_end': spans.byte_end} as source,
        case
            when spans.kind = 'tool_call' then call_text(safe_tool_name(spans.tool_name), object_arguments(spans.input))
            -- The output of an llm_call is how it ended; what it said are spans of their own.
            when spans.kind in ('reasoning', 'output') then json_string(spans.output) end as text,
        coalesce(bool_or(spans.is_error), false) or coalesce(bool_or(children.is_error), false) as is_wrong,
    from spans
    left join spans as children
        on children.answer_id = spans.answer_id
        and children.parent_span_id = spans.span_id
        and children.kind = 'tool_result'
    left join parents on parents.answer_id = spans.answer_id and parents.span_id = spans.span_id
    where spans.kind <> 'tool_result'
        and not (spans.kind = 'llm_call' and coalesce(parents.is_parent, false))
    group by all
),

failed_steps as (
    select
        answer_id,
        list(text order by span_no) as completions,
        list(not is_wrong order by span_no) as labels,
        list(span_id order by span_no) as step_ids,
        list(event_id order by span_no) as span_events,
        list(source order by span_no) as span_sources,
    from span_steps
    join (
        select answer_id, min(span_no) as wrong_no from span_steps where is_wrong group by all
    ) using (answer_id)
    where span_no <= wrong_no and has_words(text) and span_id is not null
    group by all
    -- What failed must be among them: an error without words cannot be told.
    having not bool_and(not is_wrong)
),

failed_attempts as (
    select
        failures.prompt,
        failed_steps.completions,
        failed_steps.labels,
        failed_steps.step_ids,
        failures.group_id,
        failures.session_id,
        failures.agent_id as harness,
        failures.model as teacher_model,
        failures.created_at,
        list_concat(failures.source_events, failed_steps.span_events) as source_events,
        to_json({
            'rule': 'spans of a failed attempt up to the first that failed',
            'origin': 'recorded',
            'events': {'input': failures.input_event, 'output': failures.output_event},
            'documents': [answer_document_id(failures.answer_id)],
            'attempt_id': failures.attempt_id,
            'artifact_id': failures.artifact_id,
            'prompt_hash': failures.prompt_hash,
            'sources': list_concat(failures.sources, failed_steps.span_sources)
        }) as metadata,
    from failures
    join failed_steps using (answer_id)
),

examples as (
    select * from refused_turns
    union all by name
    select * from failed_attempts
),

identified as (
    select
        row_id('stepwise', {
            'prompt': prompt, 'completions': completions, 'labels': labels, 'step_ids': step_ids
        }) as id,
        *,
    from examples
)

-- Exact copies within the day go here; copies of another day's rows are left to the models of duplicates.
select
    prompt,
    completions,
    labels,
    step_ids,
    id,
    group_id,
    split_of(group_id) as split,
    session_id,
    project,
    harness,
    teacher_model,
    created_at::timestamp_ms as created_at,
    null::integer as num_tokens,
    text_hash(prompt || chr(10) || array_to_string(completions, chr(10))) as content_hash,
    source_events,
    metadata,
from identified
qualify row_number() over (partition by id order by created_at, session_id, metadata::varchar) = 1
order by id
