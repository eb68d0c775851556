-- One row per text that near duplicates are looked for among, however many documents hold it, numbered from the oldest.
-- @key text_key
with

documents as (
    select
        document_id,
        kind,
        conversation_id,
        text_key,
        (created_at is null, coalesce(created_at, toDateTime64(0, 6, 'UTC')), kind = 'conversation', document_id) as age
    from model_signatures
),

-- Documents of the same words are one text, of which the oldest stands for all (a pair before its own conversation): a
-- prompt sent a thousand times is looked at once.
texts as (
    select
        text_key,
        min(age) as least_age,
        argMin(documents.document_id, age) as document_id,
        argMin(documents.kind, age) as kind,
        argMin(documents.conversation_id, age) as conversation_id,
        uniqExact(documents.conversation_id) > 1 as is_in_many,
        countIf(documents.kind = 'pair') as pair_count
    from documents
    group by text_key
)

select * except (least_age), toInt64(row_number() over (order by least_age)) as text_no from texts
