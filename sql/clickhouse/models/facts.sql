-- One row per known recorded event, the small fields of its payload in columns: what state is folded from.
-- @key event_id
with

-- Payloads are read here and nowhere after it, each version by its own rule; so far there is one.
read as (
    select *, json_fields(payload) as fields
    from model_recorded_events
    where is_known
)

select
    day,
    event_id,
    origin,
    occurred_at,
    event_type,
    session_id,
    lineage_id,
    agent_id,
    artifact_id,
    attempt_id,
    payload_hash,
    text_field(fields['need']) as need,
    texts_field(fields['constraints']) as constraints,
    text_field(fields['title']) as title,
    text_field(fields['label']) as label,
    text_field(fields['strategy']) as strategy,
    text_field(fields['kind']) as kind,
    text_field(fields['text']) as text,
    text_field(fields['comment']) as comment,
    text_field(fields['reason']) as reason,
    name_field(fields['artifact_id']) as named_artifact_id,
    number_field(fields['score']) as score,
    text_field(fields['rater']) as rater,
    texts_field(fields['ranking']) as ranking,
    name_field(fields['evolution_id']) as evolution_id,
    name_field(fields['from_version']) as from_version,
    name_field(fields['to_version']) as to_version,
    texts_field(fields['changes']) as changes,
    text_field(fields['hypothesis']) as hypothesis,
    number_field(fields['score_delta']) as score_delta,
    flag_field(fields['validated']) as validated,
    name_field(fields['insight_id']) as insight_id,
    texts_field(fields['evidence']) as evidence,
    number_field(fields['confidence']) as confidence,
    text_field(fields['target']) as target,
    flag_field(fields['effective']) as effective,
    name_field(fields['decision_id']) as decision_id,
    text_field(fields['chosen_task']) as chosen_task,
    text_field(fields['user_intent']) as user_intent,
    texts_field(fields['candidates']) as candidates,
    canonical_part(fields['context']) as context,
    text_field(fields['project_path']) as project_path,
    text_field(fields['git_branch']) as git_branch,
    text_field(fields['git_commit']) as git_commit,
    text_field(fields['outcome']) as outcome,
    text_field(fields['task_executed']) as task_executed,
    milliseconds_field(fields['time_to_resolution_ms']) as time_to_resolution_ms,
    text_field(fields['error_kind']) as error_kind,
    text_field(fields['manual_override_task']) as manual_override_task,
    text_field(fields['original_task']) as original_task,
    text_field(fields['override_task']) as override_task
from read
order by event_id
