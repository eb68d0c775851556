-- One row per decision of a task router, with its outcome and override.
create table if not exists router_decisions (
    day LowCardinality(String),
    decision_id String,
    session_id Nullable(String),
    decided_at DateTime64(6, 'UTC') codec(Delta, ZSTD(1)),
    chosen_task LowCardinality(Nullable(String)),
    confidence Nullable(Float64),
    user_intent Nullable(String) codec(ZSTD(3)),
    candidates Array(String),
    context Nullable(String) codec(ZSTD(3)),
    project_path LowCardinality(Nullable(String)),
    git_branch LowCardinality(Nullable(String)),
    git_commit Nullable(String),
    outcome LowCardinality(Nullable(String)),
    task_executed LowCardinality(Nullable(String)),
    time_to_resolution_ms Nullable(Int64),
    error_kind LowCardinality(Nullable(String)),
    manual_override_task LowCardinality(Nullable(String)),
    outcome_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    override_task LowCardinality(Nullable(String)),
    override_reason Nullable(String),
    overridden_at Nullable(DateTime64(6, 'UTC')) codec(Delta, ZSTD(1)),
    is_overridden Bool,
    reward Nullable(Float64),
    decision_event String,
    outcome_event Nullable(String),
    override_event Nullable(String),
    redaction_policy LowCardinality(Nullable(String)),
    index by_task chosen_task type set(100) granularity 1,
)
engine = MergeTree
partition by day
order by (decision_id)
