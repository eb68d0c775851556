-- One row per human question with the final answer.
create table if not exists qa_pairs (
    day LowCardinality(String),
    qa_id String,
    turn_id String,
    agent LowCardinality(Nullable(String)),
    session_id String,
    project_path LowCardinality(Nullable(String)),
    question String codec(ZSTD(3)),
    answer String codec(ZSTD(3)),
    question_hash String,
    answer_hash String,
    content_hash String,
    duplicate_of Nullable(String),
    near_duplicate_cluster Nullable(String),
    question_chars Nullable(Int64),
    answer_chars Nullable(Int64),
    is_ended Nullable(Bool),
    model LowCardinality(Nullable(String)),
    version LowCardinality(Nullable(String)),
    asked_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    answered_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    ts_ms Nullable(Int64) codec(Delta, ZSTD(1)),
    source_path Nullable(String),
    source_offset Nullable(Int64) codec(Delta, ZSTD(1)),
    redaction_policy LowCardinality(Nullable(String)),
    index by_pair qa_id type bloom_filter granularity 1,
    index by_content content_hash type bloom_filter granularity 1,
    index by_question question_hash type bloom_filter granularity 1,
    index by_project project_path type bloom_filter granularity 4,
)
engine = MergeTree
partition by day
order by (session_id, qa_id)
