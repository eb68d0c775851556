-- One row per payload, under the SHA-256 of its canonical JSON.
create table if not exists payload_blobs (
    day LowCardinality(String),
    hash String,
    content Nullable(String) codec(ZSTD(3)),
    size Int64,
    redaction_policy LowCardinality(Nullable(String)),
)
engine = MergeTree
partition by day
order by (hash)
