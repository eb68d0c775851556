-- One row per assistant message that a person judged on its own: good or bad, with the conversation before it.
-- @partition day
-- @key id
-- @not_null prompt, completion, label, label_source, group_id, split, session_id, content_hash, source_events, metadata
-- @check len(prompt) > 0 and len(completion) = 1
-- @check json_extract_string(completion[1], '$.role') = 'assistant'
-- @check has_words(json_extract_string(completion[1], '$.content')) or json_exists(completion[1], '$.tool_calls')
-- @check label_source in ('rejection', 'rejection_with_reason', 'retry', 'rollback', 'plan_approved', 'score', 'lock')
-- @column prompt   What the model had before it, as JSON chat messages: session logs, the segment's standing turns and its own
--     turn so far; recorded answers, the prompt.
-- @column completion   The judged message. Its tool calls are open: what came back is no part of it.
-- @column label   Whether the person wanted it.
-- @column label_source   What the person did: rejection, rejection_with_reason (refused a tool call), retry, rollback (undid a finished
--     answer), plan_approved (session logs); score (8 or more, 3 or less), lock (recorded answers).
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family (forks, resumes and subagents of one root); all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session of the message.
-- @column project   Project folder, the home folder written ~; null for recorded answers.
-- @column harness   claude-code or codex; of recorded answers the agent's id.
-- @column teacher_model   The model of the turn, or of the attempt.
-- @column created_at   When the turn began, or the answer was given (UTC).
-- @column num_tokens   o200k tokens of all messages; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised messages.
-- @column source_events   Ids of the training events it comes from, what gave the label among them where it is one.
-- @column metadata   Where it comes from: rule, origin, events, documents, turns or attempt, byte ranges of their lines; of a
--     refusal the person's reason.
with

judged as (
    select
        list_concat(context, turn_messages) as prompt,
        [completion] as completion,
        label,
        verdict as label_source,
        group_id,
        session_id,
        project_path as project,
        harness_name(agent) as harness,
        model as teacher_model,
        started_at as created_at,
        source_events,
        to_json({
            'rule': case
                when verdict = 'plan_approved' then 'a plan that a person approved'
                when verdict like 'rejection%' then 'a message with a tool call that a person refused'
                else 'a finished answer that a person undid' end,
            'origin': 'log',
            'events': {'input': input_event, 'output': output_event},
            'documents': [conversation_document_id(session_id, segment_no)],
            'segment_no': segment_no,
            'turn_ids': turn_ids,
            'step_ids': call_step_ids,
            'reason': reason,
            'permission_mode': permission_mode,
            'sources': sources
        }) as metadata,
    from core.judged_messages
    where label is not null
        -- A plan kept in a file of its own is not in the message.
        and (verdict <> 'plan_approved'
            or call_step_ids is null
            or len(list_filter(
                json_extract_string(completion, '$.tool_calls[*].function.arguments.plan'),
                lambda plan: has_words(plan))) > 0)
),

-- A score speaks for itself; of the answers nobody scored, or scored in the middle, a lock says which was wanted.
scored as (
    select
        [user_message(prompt)] as prompt,
        [assistant_message(output, null, []::varchar[], true)] as completion,
        not coalesce(score <= 3, false) as label,
        case when score >= 8 or score <= 3 then 'score' else 'lock' end as label_source,
        group_id,
        session_id,
        agent_id as harness,
        model as teacher_model,
        created_at,
        list_append(source_events, case when score >= 8 or score <= 3 then score_event else lock_event end) as source_events,
        to_json({
            'rule': case when score >= 8 or score <= 3 then 'score of 8 or more, or of 3 or less' else 'locked answer' end,
            'origin': 'recorded',
            'events': {'input': input_event, 'output': output_event},
            'documents': [answer_document_id(answer_id)],
            'attempt_id': attempt_id,
            'artifact_id': artifact_id,
            'status': status,
            'score': score,
            'prompt_hash': prompt_hash,
            'sources': sources
        }) as metadata,
    from events.answers
    where prompt is not null
        and output is not null
        and (score >= 8 or score <= 3 or is_locked)
),

examples as (
    select * from judged
    union all by name
    select * from scored
),

identified as (
    select
        row_id('unpaired', {
            'prompt': prompt, 'completion': completion, 'label': label, 'label_source': label_source
        }) as id,
        *,
    from examples
)

-- Exact copies within the day go here; copies of another day's rows are left to the models of duplicates.
select
    prompt,
    completion,
    label,
    label_source,
    id,
    group_id,
    split_of(group_id) as split,
    session_id,
    project,
    harness,
    teacher_model,
    created_at::timestamp_ms as created_at,
    null::integer as num_tokens,
    text_hash(array_to_string(list_concat(prompt, completion)::varchar[], chr(10))) as content_hash,
    source_events,
    metadata,
from identified
qualify row_number() over (partition by id order by created_at, session_id, metadata::varchar) = 1
order by id
