-- One row per event that starts or ends an attempt or defines an agent, and one for an attempt's spans of a day.
-- @partition day
-- @key event_id
-- @not_null event_type, origin
with

events as (
    select event_id, origin, occurred_at, event_type, session_id, lineage_id, agent_id, attempt_id, tags, payload, payload_hash
    from events.recorded_events
    where is_known
        and event_type in ('attempt.started', 'attempt.completed', 'attempt.failed', 'agent.created', 'agent.evolved')
    union all
    select event_id, origin, occurred_at, event_type, session_id, lineage_id, agent_id, attempt_id, tags, payload, payload_hash
    from events.log_events
    where is_known and event_type in ('attempt.started', 'attempt.completed', 'attempt.failed', 'agent.created')
),

read as (
    select
        * exclude (payload),
        json_transform(payload, '{
            "agent": "JSON", "input": {"need": "JSON"}, "cycle": "JSON", "rollout_id": "JSON", "model": "JSON",
            "error": "JSON", "tokens": {"input": "JSON", "output": "JSON"}, "duration_ms": "JSON", "cost_usd": "JSON",
            "version": "JSON", "to_version": "JSON", "config": "JSON", "name": "JSON"
        }') as fields,
    from events
),

-- An attempt carries what its agent was; a definition of an agent, what it shall be.
with_agents as (
    select
        *,
        object_field(case event_type when 'attempt.started' then fields.agent else fields.config end) as config,
        name_field(case event_type
            when 'attempt.started' then json_extract(fields.agent, '$.version')
            when 'agent.created' then fields.version
            when 'agent.evolved' then fields.to_version end) as agent_version,
    from read
),

with_parts as (
    select
        *,
        json_transform(config, '{"system_prompt": "JSON", "tools": "JSON", "flow": "JSON", "model": "JSON"}') as parts,
    from with_agents
),

hashed as (
    select
        *,
        list_transform(
            [parts.system_prompt, parts.tools, parts.flow, without_name(config)],
            lambda part: part_hash(part)) as hashes,
    from with_parts
),

single_events as (
    select
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
        agent_version,
        -- An attempt that names a version and no more says nothing of its configuration.
        nullif(hashes[4], case event_type when 'attempt.started' then sha256('{}') else '' end) as agent_config_hash,
        hashes[1] as system_prompt_hash,
        hashes[2] as tools_hash,
        hashes[3] as flow_hash,
        text_field(parts.model) as agent_model,
        case when event_type = 'agent.created' then text_field(fields.name) end as agent_name,
        case when event_type = 'attempt.started' then text_field(fields.model) end as model,
        sha256(text_field(fields.input.need)) as need_hash,
        try_cast(integer_field(fields.cycle) as integer) as cycle,
        name_field(fields.rollout_id) as rollout_id,
        -- Where a failure is told at length, its payload tells it.
        left(text_field(fields.error), 200) as error,
        milliseconds_field(fields.duration_ms) as duration_ms,
        integer_field(fields.tokens.input) as input_tokens,
        integer_field(fields.tokens.output) as output_tokens,
        number_field(fields.cost_usd) as cost_usd,
        0 as span_count,
        false as has_tool_use,
        false as has_error,
    from hashed
),

spans as (
    select
        min(span_event_id) as event_id,
        'attempt.span_recorded' as event_type,
        min(occurred_at) as occurred_at,
        min(origin) as origin,
        attempt_id,
        -- Of an attempt whose end says nothing of it.
        try_cast(sum(input_tokens) as bigint) as input_tokens,
        try_cast(sum(output_tokens) as bigint) as output_tokens,
        -- A sum of floating numbers would depend on their order.
        sum(try_cast(cost_usd as decimal(30, 12)))::double as cost_usd,
        count(*)::integer as span_count,
        bool_or(coalesce(kind in ('tool_call', 'tool_result'), false)) as has_tool_use,
        bool_or(coalesce(is_error, false)) as has_error,
    from events.execution_spans
    where attempt_id is not null
    group by attempt_id
)

select * from single_events
union all by name
select * from spans
order by event_id
