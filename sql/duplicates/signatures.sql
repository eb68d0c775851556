-- One row per text that near duplicates are looked for among: a question with its answer, or a conversation.
-- @partition day
-- @key document_id
-- @not_null kind, conversation_id, content_hash, bands, shingles
-- @column document_id   Of a pair its qa_id, of a conversation a hash of session and segment.
-- @column kind   pair (an answered human turn) or conversation (the turns of a segment that stand).
-- @column conversation_id   The document of the conversation that a pair is a part of; of any other document its own id.
-- @column created_at   When the (first) question was asked.
-- @column content_hash   SHA-256 of the normalised text, questions and answers in their order.
-- @column bands   20 MinHash bands: texts that share one are compared.
-- @column shingles   The hashes of all five words in a row, each once; of a text under five words one hash.
with

turns as (
    select
        turn_id,
        conversation_document_id(session_id, segment_no) as conversation_id,
        first_position,
        started_at,
        concat_ws(' ', normal_text(question), nullif(normal_text(final_answer), '')) as words,
    from core.turns
    where prompt_kind = (case session_kind when 'subagent' then 'agent' else 'human' end)
        and session_kind in ('main', 'subagent')
        and not is_abandoned
        and end_reason <> 'rolled_back'
        and has_words(question)
),

documents as (
    select
        pair_hashes.qa_id as document_id,
        'pair' as kind,
        turns.conversation_id,
        turns.started_at as created_at,
        turns.words,
    from core.pair_hashes
    join turns using (turn_id)
    union all
    select
        conversation_id as document_id,
        'conversation' as kind,
        conversation_id,
        min(started_at) as created_at,
        string_agg(words, ' ' order by first_position) as words,
    from turns
    group by conversation_id
),

hashed as (
    select * exclude (words), sha256(words) as content_hash, words from documents
),

-- A conversation of one turn is the same text as its pair.
texts as (
    select content_hash, word_hashes(any_value(words)) as words from hashed group by content_hash
),

shingles as (
    select content_hash, shingle_hash(first, second, third, fourth, fifth) as shingle
    from (
        select
            content_hash,
            unnest(words) as first,
            unnest(words[2:]) as second,
            unnest(words[3:]) as third,
            unnest(words[4:]) as fourth,
            unnest(words[5:]) as fifth,
        from (select content_hash, list_resize(words, greatest(len(words), 5), 0) as words from texts)
    )
    where fifth is not null
),

-- Each band once more without a shingle, so that none is missing.
bands as (
    select content_hash, band, slot_minima(shingle) as minima
    from (
        select content_hash, (shingle % 20)::integer as band, shingle from shingles
        union all
        select content_hash, unnest(range(20))::integer as band, null as shingle from texts
    )
    group by content_hash, band
),

slots as (
    select content_hash, flatten(list(minima order by band)) as slots from bands group by content_hash
),

filled_once as (select content_hash, filled_slots(slots) as slots from slots),

filled_twice as (select content_hash, filled_slots(slots) as slots from filled_once),

filled_thrice as (select content_hash, filled_slots(slots) as slots from filled_twice),

numbered as (select content_hash, numbered_slots(slots, list_min(slots)) as slots from filled_thrice),

sets as (
    select content_hash, list(distinct shingle order by shingle) as shingles from shingles group by content_hash
)

select
    hashed.* exclude (words),
    band_hashes(numbered.slots) as bands,
    sets.shingles,
from hashed
join numbered using (content_hash)
join sets using (content_hash)
order by document_id
