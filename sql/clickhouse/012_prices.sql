-- One row per model and the day from which its price holds; US dollars for a million tokens.
create table if not exists prices (
    model String,
    valid_from Date,
    input Nullable(Float64),
    cache_read Nullable(Float64),
    cache_write Nullable(Float64),
    output Nullable(Float64),
)
engine = MergeTree
order by (model, valid_from)
