-- The id of an event that tracemill derives itself: the same for the same turn, step or pair, however often it is built.
create or replace function derived_event_id as (event_type, subject_id) ->
    left(sha256(concat('event|', event_type, '|', subject_id)), 32);

-- The event that ends the attempt of a turn of a session log; null while the turn may still go on.
create or replace function attempt_end_type as (end_reason, is_ended) -> multiIf(
    end_reason = 'answered', 'attempt.completed',
    is_ended, 'attempt.failed',
    null);

-- The event types and schema versions that the models read.
create or replace function is_known_event as (event_type, schema_version) -> schema_version = 1 and event_type in (
    'session.created', 'lineage.created', 'lineage.locked', 'lineage.unlocked', 'directive.added',
    'agent.created', 'agent.evolved', 'agent.qa.pair',
    'attempt.started', 'attempt.span_recorded', 'attempt.completed', 'attempt.failed',
    'artifact.created', 'artifact.scored', 'artifact.compared',
    'evolution.outcome', 'insight.discovered', 'insight.applied', 'insight.outcome', 'data.forgotten',
    'flow.router.decision.v1', 'flow.router.outcome.v1', 'flow.router.override.v1');

-- The names of those (name, condition) pairs whose condition holds.
create or replace function tags_where as (pairs) ->
    arrayMap(tags_pair -> tags_pair.1, arrayFilter(tags_pair -> tags_pair.2, pairs));
