-- One row per question/answer pair that repeats an older one word for word (normalised), with the pair it repeats.
-- @key qa_id
with

repeated as (
    select content_hash from model_pair_hashes group by content_hash having count() > 1
),

ranked as (
    select
        day,
        qa_id,
        first_value(qa_id) over (partition by content_hash order by asked_at asc nulls last, qa_id) as duplicate_of
    from model_pair_hashes
    where content_hash in (select content_hash from repeated)
)

select * from ranked
where qa_id <> duplicate_of
