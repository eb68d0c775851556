-- One row per row of a training set, by its hashes.
create table if not exists training_examples (
    day LowCardinality(String),
    id String,
    dataset LowCardinality(String),
    example_type LowCardinality(String),
    session_id String,
    group_id String,
    split LowCardinality(String),
    prompt_hash Nullable(String),
    content_hash String,
    input_hash Nullable(String),
    output_hash Nullable(String),
    chosen_hash Nullable(String),
    rejected_hash Nullable(String),
    score Nullable(Float64),
    score_delta Nullable(Float64),
    harness LowCardinality(Nullable(String)),
    created_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    source_events Array(String),
    document_ids Array(String),
    index by_content content_hash type bloom_filter granularity 1,
    index by_prompt prompt_hash type bloom_filter granularity 1,
    index by_session session_id type bloom_filter granularity 1,
)
engine = MergeTree
partition by day
order by (dataset, id)
