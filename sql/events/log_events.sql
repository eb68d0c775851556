-- One row per event told by the session logs: each turn an attempt, each step a span, each answered question a pair.
-- @partition day
-- @key event_id
-- @not_null origin, event_type, schema_version, is_known, tags, payload, payload_hash, payload_size
with

sessions as (
    select session_id, started_at
    from core.sessions
    where not is_replay
),

-- Logs of the bare era stamp their sessions, not their lines.
turns as (
    select
        turns.* replace (
            coalesce(turns.started_at, sessions.started_at) as started_at,
            coalesce(turns.ended_at, turns.started_at, sessions.started_at) as ended_at
        ),
        turn_agents.agent_id,
        turn_agents.agent_version,
        turn_agents.model as asked_model,
        attempt_end_type(turns.end_reason, turns.is_ended) as end_type,
    from core.turns
    join sessions using (session_id)
    join events.turn_agents using (turn_id)
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

-- Keys stand in canonical order; a field that is null is left out.
spans as (
    select
        'attempt.span_recorded' as event_type,
        step_id as subject_id,
        turn_id,
        session_id,
        agent_id,
        occurred_at,
        case when kind = 'tool_call' then ['tool_use'] when is_error then ['error'] else [] end as tags,
        '{' || coalesce('"duration_ms":' || duration_ms || ',', '')
            || coalesce('"input":' || canonical_string(arguments) || ',', '')
            || coalesce('"is_error":' || is_error::varchar || ',', '')
            || '"kind":"' || kind || '"'
            || case when kind = 'tool_call' then '' else coalesce(',"output":' || canonical_string(text), '') end
            || coalesce(',"parent_span_id":"' || call_step_id || '"', '')
            || ',"span_id":"' || step_id || '"'
            || coalesce(',"tokens":' || nullif(counts_object([
                ('input', input_tokens),
                ('output', output_tokens)]), '{}'), '')
            || coalesce(',"tool_name":' || canonical_string(tool_name), '')
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
            (is_final, position)) as last_place,
    from steps
    group by turn_id
),

openers as (
    select turn_id, file_key
    from core.steps
    where prompt_kind is not null
),

attempts as (
    select
        turns.*,
        openers.file_key,
        coalesce(paths.last_place, {
            'source_path': turns.source_path, 'file_key': openers.file_key,
            'byte_offset': turns.byte_offset, 'byte_length': turns.byte_length}) as last_place,
        coalesce(paths.span_count, 0) as span_count,
        '"duration_ms":' || turns.duration_ms as duration,
        '"spans":[' || array_to_string(
            list_transform(paths.span_ids, lambda span_id: '"' || span_id || '"'), ',') || ']' as spans,
        '"tokens":' || nullif(counts_object([
            ('cache_read', turns.cache_read_tokens),
            ('cache_write', turns.cache_write_tokens),
            ('input', turns.input_tokens),
            ('output', turns.output_tokens),
            ('reasoning', turns.reasoning_tokens)]), '{}') as tokens,
    from turns
    join openers using (turn_id)
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
        '{"agent":{' || coalesce('"model":' || canonical_string(asked_model) || ',', '')
            || '"version":' || canonical_string(agent_version) || '},"input":{"need":' || canonical_string(question)
            || '}' || coalesce(',"model":' || canonical_string(asked_model), '')
            || ',"prompt_kind":' || canonical_string(prompt_kind) || '}' as payload,
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
        case
            when end_type = 'attempt.failed' then ['error']
            else tags_where([('tool_use', tool_call_count > 0), ('multi_step', span_count > 3)]) end as tags,
        '{' || array_to_string(list_filter(
            case
                when end_type = 'attempt.failed' then
                    [duration, '"error":' || canonical_string(end_reason),
                        '"partial_output":' || canonical_string(all_text), spans, tokens]
                else [duration, '"output":' || canonical_string(final_answer), spans, tokens] end,
            lambda field: field is not null), ',') || '}' as payload,
        last_place.source_path as source_path,
        last_place.file_key as file_key,
        last_place.byte_offset as byte_offset,
        last_place.byte_length as byte_length,
    from attempts
    where end_type is not null
),

pairs as (
    select
        'agent.qa.pair' as event_type,
        qa_pairs.qa_id as subject_id,
        qa_pairs.turn_id,
        qa_pairs.session_id,
        attempts.agent_id,
        attempts.ended_at as occurred_at,
        [] as tags,
        '{"answer":' || canonical_string(qa_pairs.answer)
            || ',"answer_hash":"' || qa_pairs.answer_hash
            || '","content_hash":"' || qa_pairs.content_hash
            || '","qa_id":"' || qa_pairs.qa_id
            || '","question":' || canonical_string(qa_pairs.question)
            || ',"question_hash":"' || qa_pairs.question_hash
            || '","turn_id":"' || qa_pairs.turn_id || '"}' as payload,
        attempts.source_path,
        attempts.file_key,
        attempts.byte_offset,
        attempts.byte_length,
    from core.qa_pairs
    join attempts using (turn_id)
),

agents as (
    select
        'agent.created' as event_type,
        log_agents.definition_id as subject_id,
        null as turn_id,
        null as session_id,
        log_agents.agent_id,
        log_agents.occurred_at,
        [] as tags,
        turn_agents.definition as payload,
        attempts.source_path,
        attempts.file_key,
        attempts.byte_offset,
        attempts.byte_length,
    from events.log_agents
    join events.turn_agents using (turn_id)
    join attempts using (turn_id)
),

all_events as (
    select * from spans
    union all by name
    select * from starts
    union all by name
    select * from ends
    union all by name
    select * from pairs
    union all by name
    select * from agents
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
    list_sort(tags) as tags,
    payload,
    sha256(payload) as payload_hash,
    strlen(payload) as payload_size,
    source_path,
    file_key,
    byte_offset,
    byte_length,
from all_events
where is_in_force(occurred_at)
order by event_id
