-- One row per question/answer pair that repeats an older one word for word (normalised), with the pair it repeats.
-- @split day
-- @key qa_id
-- @not_null duplicate_of
-- @column duplicate_of   qa_id of the oldest pair with the same content_hash.
with

repeated as (
    select content_hash from core.pair_hashes group by content_hash having count(*) > 1
),

ranked as (
    select
        pair_hashes.day,
        pair_hashes.qa_id,
        first_value(pair_hashes.qa_id) over oldest_first as duplicate_of,
    from core.pair_hashes
    join repeated using (content_hash)
    window oldest_first as (
        partition by pair_hashes.content_hash
        order by pair_hashes.asked_at nulls last, pair_hashes.qa_id
    )
)

select * from ranked
where qa_id <> duplicate_of
order by qa_id
