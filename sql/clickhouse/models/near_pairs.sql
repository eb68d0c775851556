-- One row per pair of texts that share four fifths of their shingles or more, of those that share a band.
-- @key text_no, older_no
with

banded as (
    select texts.text_no as text_no, placed.1 as band_no, placed.2 as band
    from model_near_texts as texts
    join model_signatures as signatures on signatures.document_id = texts.document_id
    array join arrayZip(range(20), signatures.bands) as placed
),

-- In a band that thousands share (boilerplate), each is compared with the oldest and the eight before it, not with all:
-- the work grows with their number, not with its square.
compared as (
    select
        text_no,
        arrayJoin(arrayPushBack(
            groupArray(text_no) over (
                partition by band_no, band order by text_no rows between 8 preceding and 1 preceding
            ),
            min(text_no) over (partition by band_no, band))) as older_no
    from banded
),

met as (
    select text_no, older_no from compared where older_no < text_no group by text_no, older_no
),

-- That a conversation is like its own pairs says nothing.
candidates as (
    select met.text_no as text_no, met.older_no as older_no
    from met
    join model_near_texts as newer on newer.text_no = met.text_no
    join model_near_texts as older on older.text_no = met.older_no
    where newer.conversation_id <> older.conversation_id
        or newer.is_in_many
        or older.is_in_many
        or (newer.pair_count > 0 and older.pair_count > 0)
),

sets as (
    select texts.text_no as text_no, arrayDistinct(word_shingles(signatures.words)) as shingles
    from model_near_texts as texts
    join model_signatures as signatures on signatures.document_id = texts.document_id
    where texts.text_no in (select text_no from candidates union all select older_no from candidates)
),

-- Sets whose sizes differ by more than a fifth cannot share enough.
intersections as (
    select
        candidates.text_no as text_no,
        candidates.older_no as older_no,
        length(arrayIntersect(newer.shingles, older.shingles)) as shared_count,
        length(newer.shingles) + length(older.shingles) - shared_count as shingle_count
    from candidates
    join sets as newer on newer.text_no = candidates.text_no
    join sets as older on older.text_no = candidates.older_no
    where least(length(newer.shingles), length(older.shingles)) * 5
        >= greatest(length(newer.shingles), length(older.shingles)) * 4
)

select text_no, older_no, shared_count / shingle_count as jaccard
from intersections
where shared_count * 5 >= shingle_count * 4
