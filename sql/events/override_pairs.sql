-- One row per router decision that a person overrode with another task: the task taken is preferred to the one chosen.
-- @split day
-- @key decision_id
-- @not_null session_id, group_id, prompt, chosen, rejected, created_at, source_events, sources
-- @check normal_text(chosen) <> normal_text(rejected)
-- @column group_id   The session family: the root of the session's forks and resumes, else the
--     session itself.
-- @column prompt   The user's intent that the router read.
-- @column chosen   The task that the person chose: of an override event, else of the outcome.
-- @column rejected   The task that the router chose; in other words than chosen.
-- @column prompt_hash   SHA-256 (hex) of the normalised prompt.
-- @column context_hash   SHA-256 (hex) of the router's context as canonical JSON, of '' where there
--     is none.
-- @column chosen_hash   SHA-256 (hex) of the normalised chosen task.
-- @column rejected_hash   SHA-256 (hex) of the normalised rejected task.
-- @column chosen_event   Id of the event that tells the person's choice: the override, or the
--     outcome where there is none.
-- @column source_events   Ids of the decision's event and of chosen_event.
-- @column sources   The lines of both: source_path, byte_offset and byte_end, the first byte behind
--     it.
-- @column created_at   When the router decided (UTC).
with

-- An override is an event of its own, or an outcome that names the task a person took instead.
overridden as (
    select
        decision_id,
        session_id,
        user_intent as prompt,
        coalesce(override_task, manual_override_task) as chosen,
        chosen_task as rejected,
        override_reason,
        context,
        project_path,
        decided_at as created_at,
        decision_event,
        case when override_task is null then outcome_event else override_event end as chosen_event,
        day,
    from events.router_decisions
    where is_overridden and session_id is not null
),

places as (
    select
        event_id,
        {'source_path': source_path, 'byte_offset': byte_offset, 'byte_end': byte_offset + byte_length} as place,
    from events.recorded_events
    where starts_with(event_type, 'flow.router.')
)

select
    overridden.decision_id,
    overridden.session_id,
    coalesce(session_roots.root_session_id, overridden.session_id) as group_id,
    overridden.prompt,
    overridden.chosen,
    overridden.rejected,
    text_hash(overridden.prompt) as prompt_hash,
    sha256(coalesce(overridden.context, '')) as context_hash,
    text_hash(overridden.chosen) as chosen_hash,
    text_hash(overridden.rejected) as rejected_hash,
    overridden.override_reason,
    overridden.project_path,
    overridden.decision_event,
    overridden.chosen_event,
    [overridden.decision_event, overridden.chosen_event] as source_events,
    [decision_places.place, chosen_places.place] as sources,
    overridden.created_at,
    overridden.day,
from overridden
join places as decision_places on decision_places.event_id = overridden.decision_event
join places as chosen_places on chosen_places.event_id = overridden.chosen_event
left join core.session_roots as session_roots using (session_id)
where has_words(overridden.prompt)
    and has_words(overridden.chosen)
    and has_words(overridden.rejected)
    and normal_text(overridden.chosen) <> normal_text(overridden.rejected)
order by overridden.decision_id
