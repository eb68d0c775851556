-- One row per known recorded event, the small fields of its payload in columns: what state is folded from.
-- @partition day
-- @key event_id
-- @not_null occurred_at, event_type
-- @column event_type   session.created, lineage.created, lineage.locked, lineage.unlocked,
--     directive.added, agent.created, agent.evolved, agent.qa.pair, attempt.started,
--     attempt.span_recorded, attempt.completed, attempt.failed, artifact.created, artifact.scored,
--     artifact.compared, evolution.outcome, insight.discovered, insight.applied, insight.outcome,
--     data.forgotten, flow.router.decision.v1, flow.router.outcome.v1 or flow.router.override.v1.
-- @column need   What the session is for (session.created). This and each field below is null where
--     an event has no such field, or one of another type than its schema promises.
-- @column constraints   What has to be kept to (session.created), in its order. Of a list, here and
--     below, items that are no text are left out.
-- @column title   Title of a session (session.created) or of an artifact (artifact.created).
-- @column label   Short name of a lineage (lineage.created).
-- @column strategy   What a lineage tries, in words (lineage.created).
-- @column kind   Of a span llm_call, tool_call, tool_result, reasoning or output; of a directive
--     sticky (for good) or oneshot (for the next attempt); of an artifact its program's own word.
-- @column text   The words of a directive (directive.added) or an insight (insight.discovered).
-- @column comment   What the rater says beside a score, a comparison or an outcome.
-- @column reason   Why a lineage was locked or unlocked, or a router overridden.
-- @column named_artifact_id   The artifact that the payload names: the one that a lock
--     (lineage.locked) holds.
-- @column score   The judgement of an artifact, from 1 to 10 (artifact.scored).
-- @column rater   Who scored or compared, in the program's own words.
-- @column ranking   Ids of the compared artifacts, the best first (artifact.compared).
-- @column evolution_id   The evolution begun (agent.evolved, which may leave it out) or judged
--     (evolution.outcome).
-- @column from_version   The agent's version before an evolution, as text (agent.evolved).
-- @column to_version   The agent's version after it, as text (agent.evolved).
-- @column changes   What an evolution changed, in words (agent.evolved).
-- @column hypothesis   What it is hoped to do (agent.evolved).
-- @column score_delta   Points by which an evolution or an insight moved the score
--     (evolution.outcome, insight.outcome); negative: down.
-- @column validated   Whether an evolution's hypothesis held (evolution.outcome).
-- @column insight_id   The insight that is discovered, applied or judged (insight.…).
-- @column evidence   What an insight rests on, such as ids of artifacts (insight.discovered).
-- @column confidence   From 0 to 1: of an insight (insight.discovered) or of a router in its choice
--     (flow.router.decision.v1).
-- @column target   Where an insight was put to use, such as an agent's id (insight.applied).
-- @column effective   Whether an insight helped (insight.outcome).
-- @column decision_id   The router's decision that is made, has an outcome or is overridden
--     (flow.router.…).
-- @column chosen_task   The task that a router chose.
-- @column user_intent   What the user wanted, in the words that the router read.
-- @column candidates   The tasks a router could choose among, in its order.
-- @column context   What else a router knew, as canonical JSON of any type.
-- @column project_path   The project folder of a router's decision or a noted pair, the home folder
--     written ~.
-- @column git_branch   The branch checked out when a router decided.
-- @column git_commit   The commit checked out when a router decided, abbreviated or not.
-- @column outcome   How a router's decision turned out: success, partial, failure or wasted; other
--     programs may say another word.
-- @column task_executed   The task that was carried out, chosen or not (flow.router.outcome.v1).
-- @column time_to_resolution_ms   Milliseconds from a router's decision to its outcome, by the
--     router's clock, rounded.
-- @column error_kind   What went wrong, in the router's words (flow.router.outcome.v1).
-- @column manual_override_task   The task that a person took instead, told with the outcome
--     (flow.router.outcome.v1).
-- @column original_task   The task that was overridden, as the override tells it; the decision's
--     own chosen_task is what is used.
-- @column override_task   The task that a person chose instead (flow.router.override.v1).
with

-- Payloads are read here and nowhere after it, each version by its own rule; so far there is one.
read as (
    select
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
        json_transform(payload, '{
            "need": "JSON", "constraints": "JSON", "title": "JSON", "label": "JSON", "strategy": "JSON",
            "kind": "JSON", "text": "JSON", "comment": "JSON", "reason": "JSON",
            "artifact_id": "JSON", "score": "JSON", "rater": "JSON", "ranking": "JSON",
            "evolution_id": "JSON", "from_version": "JSON", "to_version": "JSON", "changes": "JSON",
            "hypothesis": "JSON", "score_delta": "JSON", "validated": "JSON",
            "insight_id": "JSON", "evidence": "JSON", "confidence": "JSON", "target": "JSON", "effective": "JSON",
            "decision_id": "JSON", "chosen_task": "JSON", "user_intent": "JSON",
            "candidates": "JSON", "context": "JSON", "project_path": "JSON", "git_branch": "JSON",
            "git_commit": "JSON", "outcome": "JSON", "task_executed": "JSON", "time_to_resolution_ms": "JSON",
            "error_kind": "JSON", "manual_override_task": "JSON", "original_task": "JSON", "override_task": "JSON"
        }') as fields,
    from events.recorded_events
    where is_known
)

select
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
    text_field(fields.need) as need,
    texts_field(fields.constraints) as constraints,
    text_field(fields.title) as title,
    text_field(fields.label) as label,
    text_field(fields.strategy) as strategy,
    text_field(fields.kind) as kind,
    text_field(fields.text) as text,
    text_field(fields.comment) as comment,
    text_field(fields.reason) as reason,
    name_field(fields.artifact_id) as named_artifact_id,
    number_field(fields.score) as score,
    text_field(fields.rater) as rater,
    texts_field(fields.ranking) as ranking,
    name_field(fields.evolution_id) as evolution_id,
    name_field(fields.from_version) as from_version,
    name_field(fields.to_version) as to_version,
    texts_field(fields.changes) as changes,
    text_field(fields.hypothesis) as hypothesis,
    number_field(fields.score_delta) as score_delta,
    flag_field(fields.validated) as validated,
    name_field(fields.insight_id) as insight_id,
    texts_field(fields.evidence) as evidence,
    number_field(fields.confidence) as confidence,
    text_field(fields.target) as target,
    flag_field(fields.effective) as effective,
    name_field(fields.decision_id) as decision_id,
    text_field(fields.chosen_task) as chosen_task,
    text_field(fields.user_intent) as user_intent,
    texts_field(fields.candidates) as candidates,
    canonical_part(fields.context) as context,
    text_field(fields.project_path) as project_path,
    text_field(fields.git_branch) as git_branch,
    text_field(fields.git_commit) as git_commit,
    text_field(fields.outcome) as outcome,
    text_field(fields.task_executed) as task_executed,
    milliseconds_field(fields.time_to_resolution_ms) as time_to_resolution_ms,
    text_field(fields.error_kind) as error_kind,
    text_field(fields.manual_override_task) as manual_override_task,
    text_field(fields.original_task) as original_task,
    text_field(fields.override_task) as override_task,
from read
order by event_id
