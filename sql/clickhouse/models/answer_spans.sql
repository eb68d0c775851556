-- One row per span of a recorded attempt that handed something in, what it says last of itself.
-- @key attempt_id, span_no
with

told as (
    select
        attempt_id,
        event_id,
        occurred_at,
        json_fields(payload) as fields,
        source_path,
        byte_offset,
        byte_length
    from model_recorded_events
    where is_known and event_type = 'attempt.span_recorded' and attempt_id is not null
),

-- A span recorded again is the same span, told better; of a program that numbers no spans, the event itself is the span.
last_told as (
    select *
    from told
    qualify row_number() over (
        partition by attempt_id, coalesce(name_field(fields['span_id']), event_id)
        order by occurred_at desc, event_id desc
    ) = 1
)

select
    assumeNotNull(attempt_id) as attempt_id,
    row_number() over (partition by attempt_id order by occurred_at, event_id) as span_no,
    coalesce(name_field(fields['span_id']), event_id) as span_id,
    name_field(fields['parent_span_id']) as parent_span_id,
    text_field(fields['kind']) as kind,
    text_field(fields['tool_name']) as tool_name,
    plain_json(fields['input']) as input,
    plain_json(fields['output']) as output,
    flag_field(fields['is_error']) as is_error,
    event_id,
    milliseconds_field(fields['duration_ms']) as duration_ms,
    source_path,
    byte_offset,
    byte_offset + byte_length as byte_end
from last_told
order by attempt_id, span_no
