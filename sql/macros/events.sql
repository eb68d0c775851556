-- The id of an event that tracemill derives itself: the same for the same turn, step or pair, however often it is built.
create or replace macro derived_event_id(event_type, subject_id) as
    left(sha256('event|' || event_type || '|' || subject_id), 32);

-- Whether an event belongs to the state being folded: all of them, or those up to the moment of `build --as-of`.
create or replace macro is_in_force(occurred_at) as
    coalesce(occurred_at <= getvariable('as_of')::timestamp, getvariable('as_of') is null);

-- The event that ends the attempt of a turn of a session log; null while the turn may still go on.
create or replace macro attempt_end_type(end_reason, is_ended) as
    case
        when end_reason = 'answered' then 'attempt.completed'
        when is_ended then 'attempt.failed' end;

-- The version of an agent of the session logs: one version of a harness runs with several models and instructions.
create or replace macro log_agent_version(version, model, setup_hash) as
    concat_ws('/', coalesce(version, 'unknown'), model) || coalesce('#' || left(setup_hash, 12), '');

-- The event types and schema versions that the views read. A version 2 of a type gets its own branch here and, where its
-- fields differ, in event_problem and inferred_tags below; version 1 keeps being read by its own.
create or replace macro is_known_event(event_type, schema_version) as
    case schema_version
        when 1 then event_type in (
            'session.created', 'lineage.created', 'lineage.locked', 'lineage.unlocked', 'directive.added',
            'agent.created', 'agent.evolved', 'agent.qa.pair',
            'attempt.started', 'attempt.span_recorded', 'attempt.completed', 'attempt.failed',
            'artifact.created', 'artifact.scored', 'artifact.compared',
            'evolution.outcome', 'insight.discovered', 'insight.applied', 'insight.outcome', 'data.forgotten',
            'flow.router.decision.v1', 'flow.router.outcome.v1', 'flow.router.override.v1')
        else false end;

-- A time of an event: ISO 8601 with date and time, from 1970 on, as ingest reads it for the partition day. A time without
-- a zone is UTC. DuckDB wants seconds before a zone, and Z in upper case.
create or replace macro event_time(value) as
    case
        when regexp_full_match(
            value, '(?i)(19[7-9]|[2-9]\d\d)\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?')
            then try_cast(regexp_replace(upper(value), '^(.{16})(Z|[+-].*)$', '\1:00\2') as timestamptz)::timestamp
        end;

create or replace macro is_score(payload) as coalesce(
    json_type(payload, '$.score') in ('UBIGINT', 'BIGINT', 'DOUBLE')
        and (payload ->> '$.score')::double between 1 and 10,
    false);

create or replace macro is_ranking(payload) as coalesce(
    json_type(payload, '$.ranking') = 'ARRAY'
        and json_array_length(payload, '$.ranking') >= 2
        and len(list_distinct(json_extract_string(payload, '$.ranking[*]')))
            = json_array_length(payload, '$.ranking'),
    false);

create or replace macro is_tombstone(payload) as coalesce(json_array_length(payload, '$.sessions') > 0, false)
    or coalesce(json_array_length(payload, '$.places') > 0, false);

-- The longest line, in bytes, that is read as an event.
create or replace macro longest_event() as 8388608;

-- What keeps an event of a known type from being read at all; null where nothing does. A field that a view can do without
-- is no reason: the event stays and the view says null.
create or replace macro event_problem(
    event_type, schema_version, session_id, lineage_id, agent_id, artifact_id, attempt_id, payload
) as
    case
        when not is_known_event(event_type, schema_version) then null
        when event_type like 'attempt.%' and attempt_id is null then 'no attempt_id'
        when event_type in ('agent.created', 'agent.evolved') and agent_id is null then 'no agent_id'
        when event_type in ('artifact.created', 'artifact.scored') and artifact_id is null then 'no artifact_id'
        when event_type in ('lineage.created', 'lineage.locked', 'lineage.unlocked', 'directive.added')
            and lineage_id is null then 'no lineage_id'
        when event_type = 'session.created' and session_id is null then 'no session_id'
        when event_type = 'evolution.outcome' and coalesce(payload ->> '$.evolution_id', '') = ''
            then 'no evolution_id in payload'
        when event_type like 'insight.%' and coalesce(payload ->> '$.insight_id', '') = ''
            then 'no insight_id in payload'
        when event_type like 'flow.router.%' and coalesce(payload ->> '$.decision_id', '') = ''
            then 'no decision_id in payload'
        when event_type = 'data.forgotten' and not is_tombstone(payload) then 'no sessions, no places'
        when event_type = 'artifact.scored' and not is_score(payload) then 'score is no number from 1 to 10'
        when event_type = 'artifact.compared' and not is_ranking(payload)
            then 'ranking is no list of two or more different artifacts'
        end;

-- The names of those (name, condition) pairs whose condition holds.
create or replace macro tags_where(pairs) as
    list_transform(list_filter(pairs, lambda pair: coalesce(pair[2], false)), lambda pair: pair[1]);

-- The tags that an event of a known type earns by what it says itself, whatever arrived before or after it.
create or replace macro inferred_tags(event_type, schema_version, payload) as
    case
        when not is_known_event(event_type, schema_version) then []::varchar[]
        when event_type = 'attempt.span_recorded' then tags_where([
            ('tool_use', payload ->> '$.kind' = 'tool_call'),
            ('error', (payload -> '$.is_error')::varchar = 'true')])
        when event_type = 'attempt.completed' then tags_where([
            ('multi_step', json_array_length(payload, '$.spans') > 3)])
        when event_type = 'attempt.failed' then ['error']
        when event_type = 'artifact.scored' then tags_where([
            ('high_score', (payload ->> '$.score')::double >= 8),
            ('low_score', (payload ->> '$.score')::double <= 3)])
        when event_type = 'artifact.compared' then ['comparison', 'preference_signal']
        when event_type in ('lineage.locked', 'flow.router.override.v1') then ['preference_signal']
        when event_type = 'flow.router.outcome.v1' then tags_where([
            ('error', payload ->> '$.outcome' = 'failure')])
        else []::varchar[] end;
