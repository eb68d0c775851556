-- One row per file of this folder that made something here; `load` runs this one before it looks.
create table if not exists applied_files (
    file String,
    sha256 String,
    cluster String,
    applied_at DateTime64(3, 'UTC'),
)
engine = MergeTree
order by (file)
