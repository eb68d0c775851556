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

places as (
    select
        event_id,
        {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_offset + byte_length} as place,
    from events.recorded_events
    where starts_with(event_type, 'flow.router.')
),

decisions as (
    select *, coalesce(override_task, manual_override_task) as override_action
    from events.router_decisions
    where session_id is not null and has_words(user_intent) and has_words(chosen_task)
),

numbered as (
    select
        decision_id, session_id, decided_at, chosen_task, confidence,
        row_number() over (partition by session_id order by decided_at, decision_id) as place,
    from decisions
),

-- Each decision beside each of the 20 before it; a window that lists them holds every list in memory.
earlier as (
    select
        decisions.decision_id as now_id,
        decisions.decided_at as now_at,
        past.decision_id,
        past.decided_at,
        past.chosen_task,
        past.confidence,
        past.place,
    from (select *, place - unnest(range(1, 21)) as past_place from numbered) as decisions
    join numbered as past
        on past.session_id = decisions.session_id and past.place = decisions.past_place
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
known as (
    select
        earlier.*,
        outcomes.outcome,
        coalesce(overrides.override_task, outcomes.manual_override_task) as override_task,
    from earlier
    asof left join outcomes
        on outcomes.decision_id = earlier.decision_id and earlier.now_at > outcomes.occurred_at
    asof left join overrides
        on overrides.decision_id = earlier.decision_id and earlier.now_at > overrides.occurred_at
),

-- Sorted in the list itself: an aggregate with an order keeps far more in memory.
histories as (
    select
        now_id as decision_id,
        '[' || array_to_string(
            list_transform(
                list_sort(list({
                    'place': place,
                    'text': to_json({
                        'decision_id': decision_id,
                        'decided_at': strftime(decided_at, '%Y-%m-%dT%H:%M:%S.%gZ'),
                        'chosen_task': chosen_task,
                        'confidence': confidence,
                        'outcome': outcome,
                        'override_task': override_task
                    })::varchar
                })),
                lambda earlier_one: earlier_one.text),
            ',') || ']' as history,
    from known
    group by now_id
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
        coalesce(histories.history, '[]')::json as history,
        coalesce(session_roots.root_session_id, decisions.session_id) as group_id,
        decisions.session_id,
        home_as_tilde(decisions.project_path) as project,
        decisions.decided_at::timestamp_ms as created_at,
        text_hash(decisions.user_intent || chr(10) || decisions.chosen_task) as content_hash,
        list_filter(
            [decisions.decision_event, decisions.outcome_event, decisions.override_event],
            lambda event_id: event_id is not null) as source_events,
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
            'sources': list_filter(
                [decided.place, reported.place, overridden.place], lambda place: place is not null),
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
    join places as decided on decided.event_id = decisions.decision_event
    left join places as reported on reported.event_id = decisions.outcome_event
    left join places as overridden on overridden.event_id = decisions.override_event
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
    select id, decision_ids[1] as decision_id, decision_ids
    from (
        select
            id,
            list_transform(
                list_sort(list({'created_at': created_at, 'decision_id': decision_id})),
                lambda one: one.decision_id) as decision_ids,
        from identified
        group by id
    )
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
from identified
join told_once using (id, decision_id)
order by id
