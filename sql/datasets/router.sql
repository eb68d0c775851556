-- One row per decision of a task router: what it could do, what it did, and what came of it.
-- @split day
-- @key id
-- @not_null prompt, candidates, logged_action, overridden, history, group_id, split, session_id, created_at, content_hash, source_events, metadata
-- @check list_contains(candidates, logged_action)
-- @check has_words(json_extract_string(prompt[1], '$.content')) and has_words(logged_action)
-- @check reward is null or reward in (1.0, 0.55, 0.0, -0.2)
-- @check len(list_filter(json_transform(history, '["JSON"]'), lambda earlier:
--     json_extract_string(earlier, '$.decided_at')::timestamp > created_at)) = 0
-- @column prompt   The user's intent as one user message.
-- @column candidates   The tasks the router could choose among, as it said, the one it chose always among them.
-- @column logged_action   The task it chose.
-- @column reward   1 success, 0.55 partial, 0 failure, -0.2 wasted; null: no outcome is known.
-- @column overridden   Whether a person chose another task.
-- @column override_action   The task the person chose.
-- @column time_to_resolution_ms   Milliseconds until the outcome.
-- @column history   The last 20 earlier decisions of the session as a JSON list, oldest first: decision_id, decided_at, chosen_task,
--     confidence and, only if they were known when this decision was made, outcome and override_task.
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family; all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session the decision was made in.
-- @column project   Project folder, the home folder written ~.
-- @column harness   Null: a decision names no agent.
-- @column teacher_model   Null: a decision names no model.
-- @column created_at   When the decision was made (UTC).
-- @column num_tokens   o200k tokens of prompt; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised intent and the chosen task.
-- @column source_events   Ids of the training events it comes from: decision, outcome and override.
-- @column metadata   Where it comes from: rule, events, byte ranges, decision, confidence, context and what the outcome said.
with

events as (
    select event_id, source_path, byte_offset, byte_offset + byte_length as byte_end
    from events.recorded_events
    where is_known and starts_with(event_type, 'flow.router.')
),

decisions as (
    select *, coalesce(override_task, manual_override_task) as override_action
    from events.router_decisions
    where session_id is not null and has_words(user_intent) and has_words(chosen_task)
),

earlier as (
    select
        decisions.decision_id,
        decisions.decided_at as now_at,
        unnest(list({
            'decision_id': decision_id, 'decided_at': decided_at, 'chosen_task': chosen_task, 'confidence': confidence
        }) over (
            partition by session_id order by decided_at, decision_id rows between 20 preceding and 1 preceding
        )) as past,
    from decisions
),

-- Of reports in one millisecond the one with the last id counts.
outcomes as (
    select decision_id, occurred_at, outcome, manual_override_task
    from events.facts
    where event_type = 'flow.router.outcome.v1'
    qualify row_number() over (partition by decision_id, occurred_at order by event_id desc) = 1
),

overrides as (
    select decision_id, occurred_at, override_task
    from events.facts
    where event_type = 'flow.router.override.v1'
    qualify row_number() over (partition by decision_id, occurred_at order by event_id desc) = 1
),

-- What was reported of an earlier decision up to this one: later words on it must not be seen.
histories as (
    select
        earlier.decision_id,
        to_json(list({
            'decision_id': earlier.past.decision_id,
            'decided_at': strftime(earlier.past.decided_at, '%Y-%m-%dT%H:%M:%S.%gZ'),
            'chosen_task': earlier.past.chosen_task,
            'confidence': earlier.past.confidence,
            'outcome': outcomes.outcome,
            'override_task': coalesce(overrides.override_task, outcomes.manual_override_task)
        } order by earlier.past.decided_at, earlier.past.decision_id)) as history,
    from earlier
    asof left join outcomes
        on outcomes.decision_id = earlier.past.decision_id and earlier.now_at > outcomes.occurred_at
    asof left join overrides
        on overrides.decision_id = earlier.past.decision_id and earlier.now_at > overrides.occurred_at
    group by earlier.decision_id
),

sources as (
    select
        decision_id,
        list(events.event_id order by events.event_id) as source_events,
        list({
            'source_path': events.source_path, 'byte_offset': events.byte_offset, 'byte_end': events.byte_end
        } order by events.event_id) as sources,
    from (
        select decision_id, decision_event as event_id from decisions
        union all
        select decision_id, outcome_event as event_id from decisions
        union all
        select decision_id, override_event as event_id from decisions
    ) as sourced
    join events using (event_id)
    group by decision_id
),

examples as (
    select
        [user_message(decisions.user_intent)] as prompt,
        -- In the order given, each once; never a task that was not among them but the chosen one.
        list_filter(
            list_append(decisions.candidates, decisions.chosen_task),
            lambda task, place: has_words(task)
                and list_position(list_append(decisions.candidates, decisions.chosen_task), task) = place
        ) as candidates,
        decisions.chosen_task as logged_action,
        decisions.reward,
        decisions.is_overridden as overridden,
        decisions.override_action,
        decisions.time_to_resolution_ms,
        coalesce(histories.history, '[]'::json) as history,
        coalesce(session_roots.root_session_id, decisions.session_id) as group_id,
        decisions.session_id,
        home_as_tilde(decisions.project_path) as project,
        decisions.decided_at::timestamp_ms as created_at,
        text_hash(decisions.user_intent || chr(10) || decisions.chosen_task) as content_hash,
        sources.source_events,
        decisions.decision_id,
        {
            'rule': 'router decision',
            'origin': 'recorded',
            'events': {
                'input': decisions.decision_event,
                'output': decisions.outcome_event,
                'override': decisions.override_event
            },
            'documents': []::varchar[],
            'sources': sources.sources,
            'decision_id': decisions.decision_id,
            'confidence': decisions.confidence,
            'context': decisions.context::json,
            'git_branch': decisions.git_branch,
            'git_commit': decisions.git_commit,
            'outcome': decisions.outcome,
            'task_executed': decisions.task_executed,
            'error_kind': decisions.error_kind,
            'override_reason': decisions.override_reason,
            'prompt_hash': text_hash(decisions.user_intent)
        } as metadata,
        decisions.day,
    from decisions
    join sources using (decision_id)
    left join histories using (decision_id)
    left join core.session_roots as session_roots on session_roots.session_id = decisions.session_id
),

identified as (
    select
        *,
        row_id('router', {
            'prompt': prompt, 'candidates': candidates, 'logged_action': logged_action, 'reward': reward,
            'overridden': overridden, 'override_action': override_action,
            'time_to_resolution_ms': time_to_resolution_ms, 'history': history
        }) as id,
    from examples
),

-- The same choice made again in the same place, with the same end, is one row, of the first time; it names the others.
told_once as (
    select
        *,
        list(decision_id) over same_row as decision_ids,
    from identified
    window same_row as (
        partition by id order by created_at, decision_id rows between unbounded preceding and unbounded following)
    qualify row_number() over (partition by id order by created_at, decision_id) = 1
)

select
    prompt,
    candidates,
    logged_action,
    reward,
    overridden,
    override_action,
    time_to_resolution_ms,
    history,
    id,
    group_id,
    split_of(group_id) as split,
    session_id,
    project,
    null::varchar as harness,
    null::varchar as teacher_model,
    created_at,
    null::integer as num_tokens,
    content_hash,
    source_events,
    to_json(struct_insert(metadata, decision_ids := decision_ids)) as metadata,
    day,
from told_once
order by id
