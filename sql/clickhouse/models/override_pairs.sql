-- One row per router decision that a person overrode with another task: the task taken is preferred to the one chosen.
-- @key decision_id
with

-- An override is an event of its own, or an outcome that names the task a person took instead.
overridden as (
    select
        day,
        decision_id,
        session_id,
        user_intent as prompt,
        cast(coalesce(override_task, manual_override_task), 'Nullable(String)') as chosen,
        cast(chosen_task, 'Nullable(String)') as rejected,
        override_reason,
        context,
        project_path,
        decided_at as created_at,
        decision_event,
        assumeNotNull(if(override_task is null, outcome_event, override_event)) as chosen_event
    from router_decisions
    where is_overridden and session_id is not null
),

places as (
    select event_id, json_place(source_path, byte_offset, byte_offset + byte_length) as place
    from model_recorded_events
    where startsWith(event_type, 'flow.router.')
)

select
    overridden.day as day,
    overridden.decision_id as decision_id,
    assumeNotNull(overridden.session_id) as session_id,
    coalesce(sessions.root_session_id, overridden.session_id) as group_id,
    overridden.prompt as prompt,
    overridden.chosen as chosen,
    overridden.rejected as rejected,
    text_hash(overridden.prompt) as prompt_hash,
    sha256(coalesce(overridden.context, '')) as context_hash,
    text_hash(overridden.chosen) as chosen_hash,
    text_hash(overridden.rejected) as rejected_hash,
    overridden.override_reason as override_reason,
    overridden.project_path as project_path,
    overridden.decision_event as decision_event,
    overridden.chosen_event as chosen_event,
    [overridden.decision_event, overridden.chosen_event] as source_events,
    [decision_places.place, chosen_places.place] as sources,
    overridden.created_at as created_at
from overridden
join places as decision_places on decision_places.event_id = overridden.decision_event
join places as chosen_places on chosen_places.event_id = overridden.chosen_event
left join sessions on sessions.session_id = overridden.session_id
where has_words(overridden.prompt)
    and has_words(overridden.chosen)
    and has_words(overridden.rejected)
    and normal_text(overridden.chosen) <> normal_text(overridden.rejected)
order by decision_id
