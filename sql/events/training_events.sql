-- One row per training event, recorded or told by the session logs; its payload is in events.payload_blobs.
-- @partition day
-- @key id
-- @not_null event_type, schema_version, origin, payload_hash, payload_size, tags
-- @column id   The event's id, unique over all days: as its program gave it (tracemill's recorder:
--     a UUIDv7), or 32 hex digits derived from what a log tells, the same at every build.
-- @column occurred_at   When it happened (UTC); null only for events of a log that has no times.
-- @column event_type   What happened: attempt.completed, artifact.scored, agent.qa.pair and the
--     like; also types that nothing here knows.
-- @column schema_version   By which rule the payload is read, from 1; log events have 1.
-- @column origin   Who told it: recorded (the spool), seq (seq's memory log) or log (derived from a
--     session log).
-- @column session_id   The session it belongs to: that of the log, or the one that the event names;
--     null where it names none.
-- @column lineage_id   The lineage of agents that the event names; null where it names none, as
--     always with log.
-- @column agent_id   The agent that the event names; with log the harness, claude-code or codex.
--     Null where it names none.
-- @column artifact_id   The artifact that the event names; null where it names none, as always with
--     log.
-- @column attempt_id   The attempt that the event names, in events.attempts once it was started;
--     with log the turn_id of core.turns. Null where it names none.
-- @column payload_hash   SHA-256 (hex) of the canonical payload: the hash under which
--     events.payload_blobs has its content.
-- @column payload_size   Bytes of the canonical payload in UTF-8.
-- @column tags   Sorted: tool_use, multi_step, error, high_score, low_score, comparison,
--     preference_signal (see events.recorded_events and events.log_events) and what its writer
--     gave. [] where there are none.
-- @column source_path   The file that tells it, relative to the folder it was found in: of the
--     spool, of seq or of a harness.
-- @column byte_offset   Where the line that tells it begins: bytes from the start of the file. Many
--     events can come from one line.
-- @column byte_length   Bytes of that line with its newline.
with

all_events as (
    select * exclude (payload) from events.recorded_events
    union all by name
    select * exclude (payload) from events.log_events
)

select
    event_id as id,
    occurred_at,
    event_type,
    schema_version,
    origin,
    session_id,
    lineage_id,
    agent_id,
    artifact_id,
    attempt_id,
    payload_hash,
    payload_size,
    tags,
    source_path,
    byte_offset,
    byte_length,
from all_events
order by id
