-- One row per recorded step of an attempt: a model's call, a tool's call or result, reasoning or output.
-- @partition day
-- @key span_event_id
-- @not_null span_id, origin
with

events as (
    select event_id, origin, occurred_at, attempt_id, payload, payload_hash
    from events.recorded_events
    where is_known and event_type = 'attempt.span_recorded'
    union all
    select event_id, origin, occurred_at, attempt_id, payload, payload_hash
    from events.log_events
    where is_known and event_type = 'attempt.span_recorded'
),

read as (
    select
        * exclude (payload),
        json_transform(payload, '{
            "span_id": "JSON", "parent_span_id": "JSON", "kind": "JSON", "tool_name": "JSON", "is_error": "JSON",
            "duration_ms": "JSON", "tokens": {"input": "JSON", "output": "JSON"}, "cost_usd": "JSON", "model": "JSON"
        }') as fields,
    from events
)

select
    event_id as span_event_id,
    -- Of a program that numbers no spans, the event itself is the span.
    coalesce(name_field(fields.span_id), event_id) as span_id,
    attempt_id,
    name_field(fields.parent_span_id) as parent_span_id,
    text_field(fields.kind) as kind,
    text_field(fields.tool_name) as tool_name,
    flag_field(fields.is_error) as is_error,
    occurred_at,
    milliseconds_field(fields.duration_ms) as duration_ms,
    integer_field(fields.tokens.input) as input_tokens,
    integer_field(fields.tokens.output) as output_tokens,
    number_field(fields.cost_usd) as cost_usd,
    text_field(fields.model) as model,
    payload_hash,
    origin,
from read
order by span_event_id
