-- One row per day of a table that was loaded, written after the day was swapped in; the last load_no of a day counts.
create table if not exists loads (
    load_no UInt64,
    table_name LowCardinality(String),
    day LowCardinality(String),
    sha256 String,
    shape String,
    rows UInt64,
    loaded_at DateTime64(3, 'UTC'),
    version LowCardinality(String),
)
engine = MergeTree
order by (table_name, day, load_no)
