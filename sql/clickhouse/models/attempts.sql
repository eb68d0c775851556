-- One row per attempt that recorded events name: what it began with and how it ended.
-- @key attempt_id
with

facts as (
    select * from model_attempt_events where attempt_id is not null
),

starts as (
    select *
    from facts
    where event_type = 'attempt.started'
    qualify row_number() over (partition by attempt_id order by occurred_at desc, event_id desc) = 1
),

ends as (
    select *
    from facts
    where event_type in ('attempt.completed', 'attempt.failed')
    qualify row_number() over (partition by attempt_id order by occurred_at desc, event_id desc) = 1
),

spans as (
    select
        attempt_id,
        toInt32(sum(facts.span_count)) as span_count,
        max(facts.has_tool_use) as has_tool_use,
        max(facts.has_error) as has_error,
        sum(facts.input_tokens) as input_tokens,
        sum(facts.output_tokens) as output_tokens
    from facts
    where event_type = 'attempt.span_recorded'
    group by attempt_id
),

first_days as (
    select attempt_id, argMin(facts.day, (occurred_at, event_id)) as day from facts group by attempt_id
)

select
    first_days.day as day,
    starts.attempt_id as attempt_id,
    starts.session_id as session_id,
    coalesce(starts.lineage_id, agent_definitions.lineage_id) as lineage_id,
    starts.agent_id as agent_id,
    starts.agent_version as agent_version,
    -- Where the version was defined, that is the whole of it; what attempts say of themselves may be a part.
    if(
        ifNull(agent_definitions.is_defined, false),
        agent_definitions.config_hash,
        coalesce(starts.agent_config_hash, agent_definitions.config_hash)) as agent_config_hash,
    starts.cycle as cycle,
    coalesce(starts.rollout_id, concat(starts.session_id, '/cycle-', toString(starts.cycle))) as rollout_id,
    coalesce(starts.model, starts.agent_model, agent_definitions.model) as model,
    multiIf(
        ends.event_type = 'attempt.completed', 'completed', ends.event_type = 'attempt.failed', 'failed', 'started'
    ) as status,
    ends.error as error,
    starts.occurred_at as started_at,
    ends.occurred_at as ended_at,
    if(
        ends.event_id is null,
        null,
        coalesce(
            ends.duration_ms, not_negative(dateDiff('millisecond', starts.occurred_at, ends.occurred_at)))
    ) as duration_ms,
    coalesce(ends.input_tokens, spans.input_tokens) as input_tokens,
    coalesce(ends.output_tokens, spans.output_tokens) as output_tokens,
    coalesce(spans.span_count, 0) as span_count,
    arraySort(arrayDistinct(arrayConcat(
        starts.tags,
        ends.tags,
        if(ifNull(spans.has_tool_use, false), ['tool_use'], []),
        if(ifNull(spans.span_count > 3, false), ['multi_step'], []),
        if(ifNull(spans.has_error, false) or ifNull(ends.event_type = 'attempt.failed', false), ['error'], [])
    ))) as tags,
    starts.event_id as input_event,
    ends.event_id as output_event,
    starts.payload_hash as input_payload_hash,
    ends.payload_hash as output_payload_hash,
    starts.origin as origin
from starts
join first_days on first_days.attempt_id = starts.attempt_id
left join model_agent_definitions as agent_definitions
    on agent_definitions.agent_id = starts.agent_id and agent_definitions.agent_version = starts.agent_version
left join ends on ends.attempt_id = starts.attempt_id
left join spans on spans.attempt_id = starts.attempt_id
order by attempt_id
