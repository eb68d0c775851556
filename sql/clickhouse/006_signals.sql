-- One row per piece of feedback that the logs tell.
create table if not exists signals (
    day LowCardinality(String),
    signal_id String,
    agent LowCardinality(Nullable(String)),
    session_id String,
    turn_id Nullable(String),
    step_id Nullable(String),
    kind LowCardinality(String),
    polarity Int32,
    strength LowCardinality(String),
    words Nullable(String) codec(ZSTD(3)),
    occurred_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    permission_mode LowCardinality(Nullable(String)),
    source_path Nullable(String),
    byte_offset Nullable(Int64) codec(Delta, ZSTD(1)),
    byte_length Nullable(Int64),
    redaction_policy LowCardinality(Nullable(String)),
    index by_session session_id type bloom_filter granularity 1,
)
engine = MergeTree
partition by day
order by (kind, session_id, signal_id)
