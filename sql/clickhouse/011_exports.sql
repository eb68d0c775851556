-- One row per export of the training sets.
create table if not exists exports (
    id String,
    export_type LowCardinality(String),
    query_params Map(String, String),
    first_event_at Nullable(DateTime64(6, 'UTC')),
    last_event_at Nullable(DateTime64(6, 'UTC')),
    event_count UInt64,
    example_count UInt64,
    file_path String,
    parent_id Nullable(String),
    created_at DateTime64(3, 'UTC'),
)
engine = MergeTree
order by (created_at, id)
