-- One row per document that others repeat or nearly repeat, with its cluster and the older document that it repeats.
-- @key document_id
with

matches as (
    select
        pairs.text_no as text_no,
        argMax(texts.document_id, (pairs.jaccard, -pairs.older_no)) as duplicate_of,
        max(pairs.jaccard) as jaccard
    from model_near_pairs as pairs
    join model_near_texts as texts on texts.text_no = pairs.older_no
    group by pairs.text_no
),

clustered as (
    select
        texts.text_key as text_key,
        texts.document_id as document_id,
        texts.kind as kind,
        texts.conversation_id as conversation_id,
        coalesce(clusters.cluster_no, texts.text_no) as cluster_no,
        matches.duplicate_of as duplicate_of,
        matches.jaccard as jaccard
    from model_near_texts as texts
    left join model_near_clusters as clusters on clusters.text_no = texts.text_no
    left join matches on matches.text_no = texts.text_no
    where clusters.text_no is not null or texts.is_in_many or texts.pair_count > 1
),

members as (
    select
        documents.day as day,
        documents.document_id as document_id,
        min(documents.document_id) over (partition by clustered.cluster_no) as near_duplicate_cluster,
        documents.document_id <> clustered.document_id
            and (documents.conversation_id <> clustered.conversation_id or documents.kind = clustered.kind) as is_copy,
        clustered.document_id as original_id,
        clustered.duplicate_of as older_id,
        clustered.jaccard as likeness
    from model_signatures as documents
    join clustered on clustered.text_key = documents.text_key
)

select
    day,
    document_id,
    near_duplicate_cluster,
    if(is_copy, original_id, older_id) as duplicate_of,
    if(is_copy, 1.0, likeness) as jaccard
from members
