-- One row per event that starts or ends an attempt or defines an agent, and one for an attempt's spans of a day.
-- @partition day
-- @key event_id
-- @not_null event_type, origin
-- @column event_id   The event's id; of the spans of a day the least of theirs.
-- @column event_type   attempt.started, attempt.completed, attempt.failed, agent.created or
--     agent.evolved; attempt.span_recorded for all spans that one attempt has in the day.
-- @column occurred_at   When it happened (UTC); of spans when the first of them did.
-- @column origin   log, recorded or seq; of spans the least of theirs.
-- @column attempt_id   The attempt, with log the turn_id of core.turns; null where an agent is
--     defined outside of one.
-- @column session_id   The session that the event names; null where it names none, and for spans.
-- @column lineage_id   The lineage that the event names; null where it names none, and for spans
--     and log.
-- @column agent_id   The agent that the event names; null where it names none, and for spans.
-- @column tags   The event's tags; null for spans.
-- @column payload_hash   SHA-256 (hex) of the event's payload; null for spans.
-- @column agent_version   Of an attempt the version of the agent that ran, of a definition the
--     version that it defines: a number in recorded events, in logs a text such as 0.55.0/gpt-5
--     (events.log_agents). Null for ends of attempts and for spans.
-- @column agent_config_hash   SHA-256 (hex) of the agent's configuration as canonical JSON, its
--     name and version left out: equal for equal configurations. Null where the event tells none,
--     as ends of attempts, spans, and attempts that name a version alone.
-- @column system_prompt_hash   SHA-256 (hex) of the system prompt of that configuration as
--     canonical JSON (a text in its quotes); null where there is none.
-- @column tools_hash   The same of its tools.
-- @column flow_hash   The same of its flow.
-- @column agent_model   The model that the configuration names.
-- @column agent_name   The agent's name, from agent.created alone.
-- @column model   The model that attempt.started names beside its agent.
-- @column need_hash   SHA-256 (hex) of the need's very characters, of '' for an empty prompt. Null
--     but for attempt.started.
-- @column cycle   Round of the session's work, counted by the recording program; null where
--     attempt.started tells none, as with log.
-- @column rollout_id   The rollout that attempt.started names; null where it names none, as with
--     log.
-- @column error   Why attempt.failed: its first 200 characters; with log the turn's end_reason:
--     interrupted, rejected, tool, error, rolled_back or open.
-- @column duration_ms   Milliseconds the attempt took, as its end says; with log from the prompt to
--     the turn's last step. Null where the end does not say, and for all other rows.
-- @column input_tokens   Input tokens, with log without those read from or written to a cache: of
--     the attempt where its end tells them, of spans their sum. Null where not told.
-- @column output_tokens   Output tokens, told in the same way.
-- @column cost_usd   US dollars, told in the same way; always null with log.
-- @column span_count   Spans of the attempt in this day; 0 in rows of other events.
-- @column has_tool_use   Whether one of the spans is a tool call or its result; false in rows of
--     other events.
-- @column has_error   Whether one of the spans is an error; false in rows of other events.
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
