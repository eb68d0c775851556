-- One row per tool call, side by side with its result.
create table if not exists tool_calls (
    day LowCardinality(String),
    step_id String,
    tool_call_id Nullable(String),
    agent LowCardinality(String),
    session_id String,
    turn_id Nullable(String),
    result_step_id Nullable(String),
    position Int32 codec(Delta, ZSTD(1)),
    tool_name LowCardinality(Nullable(String)),
    arguments Nullable(String) codec(ZSTD(3)),
    result Nullable(String) codec(ZSTD(3)),
    outcome LowCardinality(String),
    is_error Nullable(Bool),
    called_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    returned_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    duration_ms Nullable(Int64),
    model LowCardinality(Nullable(String)),
    source_path Nullable(String),
    byte_offset Nullable(Int64) codec(Delta, ZSTD(1)),
    byte_length Nullable(Int64),
    redaction_policy LowCardinality(Nullable(String)),
    index by_tool tool_name type set(100) granularity 1,
    index by_outcome outcome type set(10) granularity 1,
)
engine = MergeTree
partition by day
order by (session_id, position, step_id)
