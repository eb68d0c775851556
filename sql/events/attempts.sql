-- One row per attempt that was started, recorded or read from logs: what it began with and how it ended.
-- @split day
-- @key attempt_id
-- @not_null status, origin, input_event, input_payload_hash
-- @check status in ('started', 'completed', 'failed')
-- @check (status = 'started') = (output_event is null)
-- @column attempt_id   The program's id of one run of an agent on one need; with log the turn_id of
--     core.turns. Started twice, the last start counts.
-- @column session_id   The session that its start names; null where it names none.
-- @column lineage_id   The lineage that its start names, else that of its agent's version; null
--     where neither is known, as with log.
-- @column agent_id   The agent that its start names; with log claude-code or codex.
-- @column agent_version   The version of the agent that ran, as text: a number in recorded events,
--     in logs such as 0.55.0/gpt-5.
-- @column agent_config_hash   SHA-256 (hex) of the configuration that its agent's version was
--     defined with; of an undefined version what the attempt itself tells, which may be a part.
--     Null where nothing is told.
-- @column rollout_id   The rollout that its start names, else <session>/cycle-<cycle>; null where
--     there is neither, as with log.
-- @column model   The model that its start names, else that of its agent, else that of the agent's
--     version; null where none is known.
-- @column status   started (no end is known), completed or failed; where several ends are recorded
--     the last holds.
-- @column error   Why it failed, the first 200 characters; with log interrupted, rejected, tool,
--     error, rolled_back or open. Null unless failed.
-- @column started_at   When it was started (UTC); with log when the prompt was given.
-- @column ended_at   When it ended (UTC); null while it has not.
-- @column duration_ms   Milliseconds, as its end says, else from start to end; null while it has
--     not ended.
-- @column input_tokens   Input tokens as its end tells them, else the sum of its spans; with log
--     without cached ones. Null where neither tells.
-- @column output_tokens   Output tokens, from the same place.
-- @column cost_usd   US dollars, from the same place; null where neither tells, always with log.
-- @column span_count   Its spans, recorded twice counted twice; 0 where none is known.
-- @column tags   Tags of its start and its end and, by its spans, tool_use, multi_step (more than
--     3) and error (one of them, or its end, failed); sorted, [] where there are none.
-- @column need_hash   SHA-256 (hex) of the very characters of what was asked for, of '' where that
--     is empty; unlike a prompt_hash, nothing is normalised.
-- @column input_event   Id of the event that started it.
-- @column output_event   Id of the event that ended it; null while none did.
-- @column input_payload_hash   SHA-256 (hex) of the start's payload: what the agent was given.
-- @column output_payload_hash   SHA-256 (hex) of the end's payload: its output, or what there was
--     of it. Null while it has not ended.
-- @column origin   Who told its start: log, recorded or seq.
with

facts as (
    select * from events.attempt_events where attempt_id is not null
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
        sum(span_count)::integer as span_count,
        bool_or(has_tool_use) as has_tool_use,
        bool_or(has_error) as has_error,
        try_cast(sum(input_tokens) as bigint) as input_tokens,
        try_cast(sum(output_tokens) as bigint) as output_tokens,
        sum(try_cast(cost_usd as decimal(30, 12)))::double as cost_usd,
    from facts
    where event_type = 'attempt.span_recorded'
    group by attempt_id
),

first_days as (
    select attempt_id, arg_min(day, (occurred_at, event_id)) as day from facts group by attempt_id
)

select
    first_days.day,
    starts.attempt_id,
    starts.session_id,
    coalesce(starts.lineage_id, agent_definitions.lineage_id) as lineage_id,
    starts.agent_id,
    starts.agent_version,
    -- Where the version was defined, that is the whole of it; what attempts say of themselves may be a part.
    case
        when agent_definitions.is_defined then agent_definitions.config_hash
        else coalesce(starts.agent_config_hash, agent_definitions.config_hash) end as agent_config_hash,
    starts.cycle,
    coalesce(starts.rollout_id, starts.session_id || '/cycle-' || starts.cycle) as rollout_id,
    coalesce(starts.model, starts.agent_model, agent_definitions.model) as model,
    case ends.event_type
        when 'attempt.completed' then 'completed'
        when 'attempt.failed' then 'failed'
        else 'started' end as status,
    ends.error,
    starts.occurred_at as started_at,
    ends.occurred_at as ended_at,
    case when ends.event_id is not null then coalesce(
        ends.duration_ms,
        not_negative(date_diff('millisecond', starts.occurred_at, ends.occurred_at))) end as duration_ms,
    coalesce(ends.input_tokens, spans.input_tokens) as input_tokens,
    coalesce(ends.output_tokens, spans.output_tokens) as output_tokens,
    coalesce(ends.cost_usd, spans.cost_usd) as cost_usd,
    coalesce(spans.span_count, 0) as span_count,
    list_sort(list_distinct(list_filter(
        coalesce(starts.tags, []) || coalesce(ends.tags, []) || [
            case when spans.has_tool_use then 'tool_use' end,
            case when spans.span_count > 3 then 'multi_step' end,
            case when spans.has_error or ends.event_type = 'attempt.failed' then 'error' end,
        ],
        lambda tag: tag is not null))) as tags,
    starts.need_hash,
    starts.event_id as input_event,
    ends.event_id as output_event,
    starts.payload_hash as input_payload_hash,
    ends.payload_hash as output_payload_hash,
    starts.origin,
from starts
join first_days using (attempt_id)
left join events.agent_definitions
    on agent_definitions.agent_id = starts.agent_id
    and agent_definitions.agent_version = starts.agent_version
left join ends using (attempt_id)
left join spans using (attempt_id)
order by starts.attempt_id
