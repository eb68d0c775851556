-- One row per step of a recorded attempt: a model's call, a tool's call or result, reasoning or output.
-- @key span_event_id
with

recorded as (
    select * from model_recorded_events where is_known
),

-- What the session logs tell of an attempt that a recorded event names too.
told as (
    select *
    from training_events
    where origin = 'log'
        and event_type = 'attempt.span_recorded'
        and attempt_id in (select attempt_id from recorded)
),

payloads as (
    select hash, content from payload_blobs where hash in (select payload_hash from told)
),

events as (
    select day, event_id, origin, occurred_at, attempt_id, payload, payload_hash
    from recorded
    where event_type = 'attempt.span_recorded'
    union all
    select told.day, told.id, told.origin, told.occurred_at, told.attempt_id, payloads.content, told.payload_hash
    from told
    join payloads on payloads.hash = told.payload_hash
),

read as (
    select *, json_fields(payload) as fields, json_fields(fields['tokens']) as tokens from events
)

select
    day,
    event_id as span_event_id,
    -- Of a program that numbers no spans, the event itself is the span.
    coalesce(name_field(fields['span_id']), event_id) as span_id,
    attempt_id,
    name_field(fields['parent_span_id']) as parent_span_id,
    text_field(fields['kind']) as kind,
    text_field(fields['tool_name']) as tool_name,
    flag_field(fields['is_error']) as is_error,
    occurred_at,
    milliseconds_field(fields['duration_ms']) as duration_ms,
    integer_field(tokens['input']) as input_tokens,
    integer_field(tokens['output']) as output_tokens,
    number_field(fields['cost_usd']) as cost_usd,
    text_field(fields['model']) as model,
    payload_hash,
    origin
from read
order by span_event_id
