-- One row per training event; its payload is in payload_blobs.
create table if not exists training_events (
    day LowCardinality(String),
    id String,
    occurred_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    event_type LowCardinality(String),
    schema_version Int32,
    origin LowCardinality(String),
    session_id Nullable(String),
    lineage_id Nullable(String),
    agent_id Nullable(String),
    artifact_id Nullable(String),
    attempt_id Nullable(String),
    payload_hash String,
    payload_size Int64,
    tags Array(String),
    source_path Nullable(String),
    byte_offset Nullable(Int64) codec(Delta, ZSTD(1)),
    byte_length Nullable(Int64),
    redaction_policy LowCardinality(Nullable(String)),
    index by_id id type bloom_filter granularity 1,
    index by_session session_id type bloom_filter granularity 1,
    index by_payload payload_hash type bloom_filter granularity 1,
    index by_attempt attempt_id type bloom_filter granularity 1,
)
engine = MergeTree
partition by day
order by (event_type, id)
