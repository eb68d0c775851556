-- One row per text that near duplicates are looked for among: a question with its answer, a conversation, a recorded answer.
-- @partition day
-- @key document_id
-- @not_null kind, conversation_id, text_key
-- @column document_id   Of a pair its qa_id, else a hash of what it is: session and segment, or answer_id.
-- @column kind   pair (an answered human turn), conversation (the turns of a segment that stand) or answer (recorded, with its
--     prompt).
-- @column conversation_id   The document of the conversation that a pair is a part of; of any other document its own id.
-- @column created_at   When the (first) question was asked (UTC), or the recorded answer handed in; null where unknown.
-- @column text_key   64 bits of the MD5 of the normalised text, of several turns that of their keys.
-- @column bands   20 MinHash bands: texts that share one are compared.
-- @column words   A number for each word of the normalised text, in their order: what shingles are made of again.
with

asked as (
    select
        turn_id,
        conversation_document_id(session_id, segment_no) as conversation_id,
        first_position,
        started_at as created_at,
        concat_ws(' ', normal_text(question), nullif(normal_text(final_answer), '')) as text,
    from core.turns
    where prompt_kind = (case session_kind when 'subagent' then 'agent' else 'human' end)
        and session_kind in ('main', 'subagent')
        and not is_abandoned
        and end_reason <> 'rolled_back'
        and has_words(question)
),

turns as (
    select
        * exclude (text),
        md5_bits(text) as text_key,
        word_hashes(text) as words,
    from asked
),

-- What was handed in without words says nothing, whatever was asked.
answers as (
    select document_id, created_at, md5_bits(text) as text_key, word_hashes(text) as words
    from (
        select
            answer_document_id(answer_id) as document_id,
            created_at,
            concat_ws(' ', normal_text(prompt), normal_text(output)) as text,
        from events.answers
        where output is not null
    )
),

-- A conversation of one turn is the same text as its pair.
conversations as (
    select
        conversation_id,
        min(created_at) as created_at,
        case count(*)
            when 1 then any_value(text_key)
            else md5_bits(string_agg(text_key, ',' order by first_position)) end as text_key,
        flatten(list(words order by first_position)) as words,
    from turns
    group by conversation_id
),

documents as (
    select
        pair_hashes.qa_id as document_id,
        'pair' as kind,
        turns.conversation_id,
        turns.created_at,
        turns.text_key,
        turns.words,
    from core.pair_hashes
    join turns using (turn_id)
    union all by name
    select conversation_id as document_id, 'conversation' as kind, * from conversations
    union all by name
    select document_id, 'answer' as kind, document_id as conversation_id, created_at, text_key, words from answers
),

texts as (
    select text_key, words from turns
    union all
    select text_key, words from answers
),

shingles as (
    select text_key, shingle_hash(first, second, third, fourth, fifth) as shingle
    from (
        select
            text_key,
            unnest(words) as first,
            unnest(words[2:]) as second,
            unnest(words[3:]) as third,
            unnest(words[4:]) as fourth,
            unnest(words[5:]) as fifth,
        from (select text_key, five_or_more(words) as words from texts)
    )
    where fifth is not null
),

text_bands as (
    select text_key, (shingle % 20)::integer as band, slot_minima(shingle) as minima
    from shingles
    group by text_key, band
),

-- The shingles of a conversation are those of its turns.
conversation_bands as (
    select conversations.text_key, text_bands.band, least_minima(text_bands.minima) as minima
    from conversations
    join turns using (conversation_id)
    join text_bands on text_bands.text_key = turns.text_key
    where conversations.text_key <> turns.text_key
    group by conversations.text_key, text_bands.band
),

slots as (
    select text_key, all_slots(list(band), list(minima)) as slots
    from (select * from text_bands union all select * from conversation_bands)
    group by text_key
),

filled_once as (select text_key, filled_slots(slots) as slots from slots),

filled_twice as (select text_key, filled_slots(slots) as slots from filled_once),

filled_thrice as (select text_key, filled_slots(slots) as slots from filled_twice),

numbered as (select text_key, numbered_slots(slots, list_min(slots)) as slots from filled_thrice)

select
    documents.document_id,
    documents.kind,
    documents.conversation_id,
    documents.created_at,
    documents.text_key,
    band_hashes(numbered.slots) as bands,
    documents.words,
from documents
join numbered using (text_key)
order by documents.document_id
