-- One row per event that starts or ends a recorded attempt or defines its agent, and one for an attempt's spans of a day.
-- @key event_id
with

recorded as (
    select * from model_recorded_events where is_known
),

-- What the session logs tell of an attempt or agent that a recorded event names too.
told as (
    select *
    from training_events
    where origin = 'log'
        and (
            event_type in ('attempt.started', 'attempt.completed', 'attempt.failed')
                and attempt_id in (select attempt_id from recorded)
            or event_type = 'agent.created' and agent_id in (select agent_id from recorded))
),

payloads as (
    select hash, content from payload_blobs where hash in (select payload_hash from told)
),

events as (
    select
        day, event_id, origin, occurred_at, event_type, session_id, lineage_id, agent_id, attempt_id, tags, payload,
        payload_hash
    from recorded
    where event_type in ('attempt.started', 'attempt.completed', 'attempt.failed', 'agent.created', 'agent.evolved')
    union all
    select
        told.day, told.id, told.origin, told.occurred_at, told.event_type, told.session_id, told.lineage_id, told.agent_id,
        told.attempt_id, told.tags, payloads.content, told.payload_hash
    from told
    join payloads on payloads.hash = told.payload_hash
),

-- An attempt carries what its agent was; a definition of an agent, what it shall be.
read as (
    select
        *,
        json_fields(payload) as fields,
        json_fields(fields['tokens']) as tokens,
        object_field(if(event_type = 'attempt.started', fields['agent'], fields['config'])) as config,
        json_fields(config) as parts
    from events
),

single_events as (
    select
        day,
        event_id,
        event_type,
        occurred_at,
        origin,
        attempt_id,
        session_id,
        lineage_id,
        agent_id,
        tags,
        payload_hash,
        name_field(multiIf(
            event_type = 'attempt.started', json_fields(fields['agent'])['version'],
            event_type = 'agent.created', fields['version'],
            event_type = 'agent.evolved', fields['to_version'],
            null)) as agent_version,
        -- An attempt that names a version and no more says nothing of its configuration.
        nullIf(
            part_hash(without_name(config)), if(event_type = 'attempt.started', sha256('{}'), '')
        ) as agent_config_hash,
        text_field(parts['model']) as agent_model,
        if(event_type = 'agent.created', text_field(fields['name']), null) as agent_name,
        if(event_type = 'attempt.started', text_field(fields['model']), null) as model,
        accurateCastOrNull(integer_field(fields['cycle']), 'Int32') as cycle,
        name_field(fields['rollout_id']) as rollout_id,
        -- Where a failure is told at length, its payload tells it.
        leftUTF8(text_field(fields['error']), 200) as error,
        milliseconds_field(fields['duration_ms']) as duration_ms,
        integer_field(tokens['input']) as input_tokens,
        integer_field(tokens['output']) as output_tokens,
        0 as span_count,
        false as has_tool_use,
        false as has_error
    from read
),

spans as (
    select
        day,
        min(span_event_id) as event_id,
        'attempt.span_recorded' as event_type,
        min(spans.occurred_at) as occurred_at,
        min(spans.origin) as origin,
        attempt_id,
        -- Of an attempt whose end says nothing of it.
        sum(spans.input_tokens) as input_tokens,
        sum(spans.output_tokens) as output_tokens,
        toInt32(count()) as span_count,
        max(ifNull(kind in ('tool_call', 'tool_result'), false)) as has_tool_use,
        max(ifNull(is_error, false)) as has_error
    from model_execution_spans as spans
    where attempt_id is not null
    group by day, attempt_id
)

select * from single_events
union all
select
    day,
    event_id,
    event_type,
    occurred_at,
    origin,
    attempt_id,
    null as session_id,
    null as lineage_id,
    null as agent_id,
    [] as tags,
    null as payload_hash,
    null as agent_version,
    null as agent_config_hash,
    null as agent_model,
    null as agent_name,
    null as model,
    null as cycle,
    null as rollout_id,
    null as error,
    null as duration_ms,
    input_tokens,
    output_tokens,
    span_count,
    has_tool_use,
    has_error
from spans
