-- One row per event told by the session logs: each turn an attempt, each step a span, each answered question a pair.
-- @partition day
-- @key event_id
-- @not_null origin, event_type, schema_version, is_known, tags, payload, payload_hash, payload_size
-- @column event_id   32 hex digits of the SHA-256 of the event's type and of what it tells of
--     (turn, step, pair, or agent and version): the same at every build.
-- @column origin   Always log.
-- @column occurred_at   When the prompt was given (attempt.started; agent.created: the first one),
--     the step was logged (span) or the turn ended (UTC); of a line without a time the start of its
--     turn or session. Null where a log has no times at all.
-- @column event_type   attempt.started, and attempt.completed (the turn was answered) or
--     attempt.failed (it ended otherwise) or neither (it may go on), for a turn;
--     attempt.span_recorded for a text, reasoning, tool call or tool result; agent.qa.pair for an
--     answered question of a human; agent.created for an agent seen first.
-- @column schema_version   Always 1.
-- @column is_known   Always true.
-- @column session_id   The session of core.sessions; null for agent.created. Copies of other
--     sessions (replays) tell nothing.
-- @column lineage_id   Always null: logs know no lineages.
-- @column agent_id   The harness: claude-code or codex.
-- @column artifact_id   Always null: logs know no artifacts.
-- @column attempt_id   The turn_id of core.turns, as each turn is an attempt; null for
--     agent.created.
-- @column tags   Sorted: tool_use (a span that is a tool call; a completed attempt with one),
--     multi_step (a completed attempt of more than 3 spans), error (a failed attempt; a span that
--     says so). [] where there are none.
-- @column payload   What a recorded event of this type would say, as canonical JSON (RFC 8785),
--     made from core's clean texts; what is not known is left out. The input of a tool call is the
--     text of its arguments. Failed attempts have core's end_reason as error.
-- @column payload_hash   SHA-256 (hex) of payload.
-- @column payload_size   Bytes of payload in UTF-8.
-- @column source_path   The log file, relative to the folder of its harness's logs.
-- @column file_key   One generation of that file, also after it has moved: 32 hex digits, as in
--     core.steps.
-- @column byte_offset   Where the line begins that tells it, in bytes from the start of the file:
--     the step's; the prompt's (start, pair and agent); for the end of an attempt the line of the
--     final answer, else of the last step.
-- @column byte_length   Bytes of that line with its newline.
with

-- Logs of the bare era stamp their sessions, not their lines.
turns as (
    select
        turns.* replace (
            coalesce(turns.started_at, sessions.started_at) as started_at,
            coalesce(turns.ended_at, turns.started_at, sessions.started_at) as ended_at
        ),
        harness_name(turns.agent) as agent_id,
        log_agent_version(turns.version, turns.model, sessions.setup_hash) as agent_version,
        attempt_end_type(turns.end_reason, turns.is_ended) as end_type,
        sessions.instructions,
        sessions.offered_tools,
    from core.turns
    join core.sessions using (session_id)
    where not sessions.is_replay
),

results as (
    select result_step_id as step_id, step_id as call_step_id, tool_name, duration_ms
    from core.tool_calls
    where result_step_id is not null
),

steps as (
    select
        steps.step_id,
        steps.turn_id,
        steps.session_id,
        steps.position,
        steps.is_final,
        case steps.kind when 'text' then 'output' else steps.kind end as kind,
        steps.text,
        steps.arguments,
        coalesce(steps.tool_name, results.tool_name) as tool_name,
        results.call_step_id,
        results.duration_ms,
        steps.is_error,
        steps.input_tokens,
        steps.output_tokens,
        coalesce(steps.occurred_at, turns.started_at) as occurred_at,
        turns.agent_id,
        steps.source_path,
        steps.file_key,
        steps.byte_offset,
        steps.byte_length,
    from core.steps
    join (select turn_id, agent_id, started_at from turns) as turns using (turn_id)
    left join results using (step_id)
    where steps.kind in ('text', 'reasoning', 'tool_call', 'tool_result')
),

-- Keys stand in canonical order; a field that is null is left out. Arguments stay the text that the model wrote.
spans as (
    select
        'attempt.span_recorded' as event_type,
        step_id as subject_id,
        turn_id,
        session_id,
        agent_id,
        occurred_at,
        case when kind = 'tool_call' then ['tool_use'] when is_error then ['error'] else [] end as tags,
        '{' || concat_ws(',',
            '"duration_ms":' || duration_ms,
            '"input":' || to_json(arguments::varchar)::varchar,
            case when kind = 'tool_result' then '"is_error":' || is_error end,
            '"kind":"' || kind || '"',
            case when kind <> 'tool_call' then '"output":' || to_json(text)::varchar end,
            '"parent_span_id":' || to_json(call_step_id)::varchar,
            '"span_id":' || to_json(step_id)::varchar,
            '"tokens":{' || nullif(concat_ws(',', '"input":' || input_tokens, '"output":' || output_tokens), '') || '}',
            '"tool_name":' || to_json(tool_name)::varchar)
            || '}' as payload,
        source_path,
        file_key,
        byte_offset,
        byte_length,
    from steps
),

-- Where a turn ended, and what it took to get there.
paths as (
    select
        turn_id,
        count(*) as span_count,
        list(step_id order by position) as span_ids,
        arg_max(
            {'source_path': source_path, 'file_key': file_key, 'byte_offset': byte_offset, 'byte_length': byte_length},
            (coalesce(is_final, false), position)) as last_place,
    from steps
    group by turn_id
),

attempts as (
    select
        turns.*,
        coalesce(paths.last_place, {
            'source_path': turns.source_path, 'file_key': turns.file_key,
            'byte_offset': turns.byte_offset, 'byte_length': turns.byte_length}) as last_place,
        coalesce(paths.span_count, 0) as span_count,
        '"duration_ms":' || turns.duration_ms as duration,
        '"spans":' || to_json(paths.span_ids)::varchar as spans,
        '"tokens":{' || nullif(concat_ws(',',
            '"cache_read":' || turns.cache_read_tokens,
            '"cache_write":' || turns.cache_write_tokens,
            '"input":' || turns.input_tokens,
            '"output":' || turns.output_tokens,
            '"reasoning":' || turns.reasoning_tokens), '') || '}' as tokens,
    from turns
    left join paths using (turn_id)
),

starts as (
    select
        'attempt.started' as event_type,
        turn_id as subject_id,
        turn_id,
        session_id,
        agent_id,
        started_at as occurred_at,
        [] as tags,
        '{' || concat_ws(',',
            '"agent":{' || concat_ws(',',
                '"model":' || to_json(model)::varchar,
                '"version":' || to_json(agent_version)::varchar) || '}',
            '"input":{"need":' || to_json(question)::varchar || '}',
            '"model":' || to_json(model)::varchar,
            '"prompt_kind":"' || prompt_kind || '"') || '}' as payload,
        source_path,
        file_key,
        byte_offset,
        byte_length,
    from attempts
),

ends as (
    select
        end_type as event_type,
        turn_id as subject_id,
        turn_id,
        session_id,
        agent_id,
        ended_at as occurred_at,
        list_concat(
            case when end_type = 'attempt.failed' then ['error'] else [] end,
            case when end_type = 'attempt.completed' and span_count > 3 then ['multi_step'] else [] end,
            case when end_type = 'attempt.completed' and tool_call_count > 0 then ['tool_use'] else [] end) as tags,
        '{' || concat_ws(',',
            duration,
            case when end_type = 'attempt.failed' then '"error":"' || end_reason || '"' end,
            case
                when end_type = 'attempt.failed' then '"partial_output":' || to_json(all_text)::varchar
                else '"output":' || to_json(final_answer)::varchar end,
            spans,
            tokens) || '}' as payload,
        last_place.source_path as source_path,
        last_place.file_key as file_key,
        last_place.byte_offset as byte_offset,
        last_place.byte_length as byte_length,
    from attempts
    where end_type is not null
),

-- Not from core.qa_pairs: that knows of near duplicates, which are looked for among recorded answers as well.
pairs as (
    select
        'agent.qa.pair' as event_type,
        pair_hashes.qa_id as subject_id,
        pair_hashes.turn_id,
        attempts.session_id,
        attempts.agent_id,
        attempts.ended_at as occurred_at,
        [] as tags,
        '{' || concat_ws(',',
            '"answer":' || to_json(attempts.final_answer)::varchar,
            '"answer_hash":"' || pair_hashes.answer_hash || '"',
            '"content_hash":"' || pair_hashes.content_hash || '"',
            '"qa_id":"' || pair_hashes.qa_id || '"',
            '"question":' || to_json(attempts.question)::varchar,
            '"question_hash":"' || pair_hashes.question_hash || '"',
            '"turn_id":"' || pair_hashes.turn_id || '"') || '}' as payload,
        attempts.source_path,
        attempts.file_key,
        attempts.byte_offset,
        attempts.byte_length,
    from core.pair_hashes
    join attempts using (turn_id)
),

agents as (
    select
        'agent.created' as event_type,
        turns.agent_id || '|' || turns.agent_version as subject_id,
        null as turn_id,
        null as session_id,
        turns.agent_id,
        turns.started_at as occurred_at,
        [] as tags,
        '{' || concat_ws(',',
            '"config":{' || concat_ws(',',
                '"model":' || to_json(turns.model)::varchar,
                '"system_prompt":' || to_json(turns.instructions)::varchar,
                '"tools":' || to_json(turns.offered_tools)::varchar) || '}',
            '"name":"' || turns.agent_id || '"',
            '"version":' || to_json(turns.agent_version)::varchar) || '}' as payload,
        turns.source_path,
        turns.file_key,
        turns.byte_offset,
        turns.byte_length,
    from events.log_agents
    join turns using (turn_id)
),

told as (
    select * from spans
    union all by name
    select * from starts
    union all by name
    select * from ends
    union all by name
    select * from pairs
    union all by name
    select * from agents
),

-- Of the canonical form only the escapes are missing.
canonical as (
    select * replace (lower_case_escapes(payload) as payload) from told
)

select
    derived_event_id(event_type, subject_id) as event_id,
    'log' as origin,
    occurred_at,
    event_type,
    1 as schema_version,
    is_known_event(event_type, 1) as is_known,
    session_id,
    null::varchar as lineage_id,
    agent_id,
    null::varchar as artifact_id,
    turn_id as attempt_id,
    tags,
    payload,
    sha256(payload) as payload_hash,
    strlen(payload) as payload_size,
    source_path,
    file_key,
    byte_offset,
    byte_length,
from canonical
where is_in_force(occurred_at)
order by event_id
