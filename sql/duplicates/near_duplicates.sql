-- One row per document that others repeat or nearly repeat, with its cluster and the older document that it repeats.
-- @split day
-- @key document_id
-- @not_null near_duplicate_cluster
-- @check (duplicate_of is null) = (jaccard is null)
-- @check jaccard is null or jaccard between 0.8 and 1
-- @check duplicate_of is null or duplicate_of <> document_id
-- @column document_id   The document of duplicates.signatures.
-- @column near_duplicate_cluster   The least id of all documents that are linked by pairs of 0.8 or more.
-- @column duplicate_of   The older document that is most like it; null where all that are like it are newer.
-- @column jaccard   Their Jaccard similarity: shingles in both over shingles in any.
with recursive

documents as (
    select
        document_id,
        kind,
        conversation_id,
        text_key,
        {
            'created_at': coalesce(created_at, timestamp '9999-12-31'),
            'is_conversation': kind = 'conversation',
            'document_id': document_id
        } as age,
        day,
    from duplicates.signatures
),

-- Documents of the same words are one text, of which the oldest stands for all (a pair before its own conversation): a
-- prompt sent a thousand times is looked at once.
texts as (
    select
        text_key,
        row_number() over (order by min(age)) as text_no,
        arg_min(document_id, age) as document_id,
        arg_min(kind, age) as kind,
        arg_min(conversation_id, age) as conversation_id,
        min(conversation_id) <> max(conversation_id) as is_in_many,
        count(*) filter (where kind = 'pair') as pair_count,
    from documents
    group by text_key
),

banded as (
    select texts.text_no, unnest(range(20)) as band_no, unnest(signatures.bands) as band
    from texts
    join duplicates.signatures as signatures using (document_id)
),

shared_bands as (
    select band_no, band from banded group by all having count(*) > 1
),

-- In a band that thousands share (boilerplate), each is compared with the oldest and the eight before it, not with all:
-- the work grows with their number, not with its square.
compared as (
    select
        text_no,
        unnest(list_append(
            list(text_no) over (
                partition by band_no, band order by text_no rows between 8 preceding and 1 preceding
            ),
            min(text_no) over (partition by band_no, band)
        )) as older_no,
    from banded
    semi join shared_bands using (band_no, band)
),

-- That a conversation is like its own pairs says nothing.
candidates as (
    select met.text_no, met.older_no
    from (select text_no, older_no from compared where older_no < text_no group by all) as met
    join texts as newer using (text_no)
    join texts as older on older.text_no = met.older_no
    where newer.conversation_id <> older.conversation_id
        or newer.is_in_many
        or older.is_in_many
        or (newer.pair_count > 0 and older.pair_count > 0)
),

compared_texts as (
    select texts.text_no, signatures.words
    from texts
    semi join (
        select text_no from candidates union all select older_no from candidates
    ) as named using (text_no)
    join duplicates.signatures as signatures using (document_id)
),

sets as (
    select text_no, list(distinct shingle_hash(first, second, third, fourth, fifth)) as shingles
    from (
        select
            text_no,
            unnest(words) as first,
            unnest(words[2:]) as second,
            unnest(words[3:]) as third,
            unnest(words[4:]) as fourth,
            unnest(words[5:]) as fifth,
        from (select text_no, five_or_more(words) as words from compared_texts)
    )
    where fifth is not null
    group by text_no
),

intersections as (
    select
        candidates.text_no,
        candidates.older_no,
        len(list_intersect(newer.shingles, older.shingles)) as shared_count,
        len(newer.shingles) + len(older.shingles) - shared_count as shingle_count,
    from candidates
    join sets as newer using (text_no)
    join sets as older on older.text_no = candidates.older_no
    where least(len(newer.shingles), len(older.shingles)) * 5 >= greatest(len(newer.shingles), len(older.shingles)) * 4
),

pairs as (
    select text_no, older_no, shared_count / shingle_count as jaccard
    from intersections
    where shared_count * 5 >= shingle_count * 4
),

links as (
    select text_no, older_no as other_no from pairs
    union all
    select older_no as text_no, text_no as other_no from pairs
),

-- Connected texts take the least number among them, step by step.
reached(text_no, cluster_no) using key (text_no) as (
    select text_no, min(least(text_no, other_no)) as cluster_no from links group by text_no
    union
    select links.other_no as text_no, min(reached.cluster_no) as cluster_no
    from reached
    join links using (text_no)
    join recurring.reached as known on known.text_no = links.other_no
    where reached.cluster_no < known.cluster_no
    group by links.other_no
),

matches as (
    select
        pairs.text_no,
        arg_max(texts.document_id, {'jaccard': pairs.jaccard, 'age': -pairs.older_no}) as duplicate_of,
        max(pairs.jaccard) as jaccard,
    from pairs
    join texts on texts.text_no = pairs.older_no
    group by pairs.text_no
),

clustered as (
    select
        texts.*,
        coalesce(reached.cluster_no, texts.text_no) as cluster_no,
        matches.duplicate_of,
        matches.jaccard,
    from texts
    left join reached using (text_no)
    left join matches using (text_no)
    where reached.text_no is not null or texts.is_in_many or texts.pair_count > 1
),

members as (
    select
        documents.day,
        documents.document_id,
        min(documents.document_id) over (partition by clustered.cluster_no) as near_duplicate_cluster,
        documents.document_id <> clustered.document_id
            and (documents.conversation_id <> clustered.conversation_id or documents.kind = clustered.kind) as is_copy,
        clustered.document_id as original_id,
        clustered.duplicate_of,
        clustered.jaccard,
    from documents
    join clustered using (text_key)
)

select
    day,
    document_id,
    near_duplicate_cluster,
    case when is_copy then original_id else duplicate_of end as duplicate_of,
    case when is_copy then 1.0 else jaccard end as jaccard,
from members
order by document_id
