-- One row per recorded step of an attempt: a model's call, a tool's call or result, reasoning or output.
-- @partition day
-- @key span_event_id
-- @not_null span_id, origin
-- @column span_event_id   Id of the event that recorded the span (events.training_events.id). A
--     span recorded twice has two rows.
-- @column span_id   The span's own id, unique in its attempt; the event's id where the program
--     numbers no spans. With log the step_id of core.steps.
-- @column attempt_id   The attempt it is a step of (events.attempts, once that was started).
-- @column parent_span_id   The span_id it stands under: with log the tool call of a result. Null at
--     the root, and where nothing is told.
-- @column kind   llm_call (recorded only), tool_call, tool_result, reasoning or output, which in
--     logs is any text of the model, not only the answer. Null where the program says no text.
-- @column tool_name   The tool called or answering; null for other kinds.
-- @column is_error   Whether it failed; null where nothing is told, with log for all but tool
--     results.
-- @column occurred_at   When it was recorded or logged (UTC).
-- @column duration_ms   Milliseconds, rounded, as the program measured; with log only of tool
--     results: from call to result, 0 for unknown in Codex up to 0.63. Null where not told.
-- @column input_tokens   Input tokens of the model's call; with log those of a whole response on
--     one step near it, cached ones left out, so that an attempt can have more than its spans. Null
--     where not told.
-- @column output_tokens   Output tokens, told in the same way.
-- @column cost_usd   US dollars, as the program counts; null where not told, always with log.
-- @column model   The model called; null where not told, always with log (the attempt has it).
-- @column payload_hash   SHA-256 (hex) of the event's payload, which holds input and output in full
--     (events.payload_blobs).
-- @column origin   log, recorded or seq.
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
