-- One row per text that near duplicates are looked for among: a question with its answer, a conversation, a recorded answer.
-- @key document_id
with

asked as (
    select
        turn_id,
        conversation_document_id(session_id, segment_no) as conversation_id,
        first_position,
        started_at as created_at,
        arrayStringConcat(
            arrayFilter(
                part -> part is not null, [normal_text(question), nullIf(normal_text(final_answer), '')]),
            ' ') as text,
        day
    from model_turns
    where prompt_kind = if(coalesce(session_kind, '') = 'subagent', 'agent', 'human')
        and session_kind in ('main', 'subagent')
        and not is_abandoned
        and end_reason <> 'rolled_back'
        and has_words(question)
),

turns as (
    select * except (text), md5_bits(text) as text_key, word_hashes(text) as words from asked
),

-- What was handed in without words says nothing, whatever was asked.
recorded as (
    select document_id, created_at, md5_bits(text) as text_key, word_hashes(text) as words, day
    from (
        select
            answer_document_id(answer_id) as document_id,
            created_at,
            arrayStringConcat(
                arrayFilter(part -> part is not null, [normal_text(prompt), normal_text(output)]), ' ') as text,
            day
        from model_answers
        where output is not null
    )
),

-- A conversation of one turn is the same text as its pair.
conversations as (
    select
        conversation_id,
        min(turns.created_at) as created_at,
        if(
            count() = 1,
            any(turns.text_key),
            md5_bits(arrayStringConcat(
                arrayMap(one -> toString(one.2), arraySort(groupArray((first_position, turns.text_key)))), ','))
        ) as text_key,
        arrayFlatten(arrayMap(one -> one.2, arraySort(groupArray((first_position, turns.words))))) as words,
        any(day) as day
    from turns
    group by conversation_id
),

documents as (
    select
        pair_hashes.qa_id as document_id,
        'pair' as kind,
        turns.conversation_id as conversation_id,
        turns.created_at as created_at,
        turns.text_key as text_key,
        turns.words as words,
        turns.day as day
    from model_pair_hashes as pair_hashes
    join turns on turns.turn_id = pair_hashes.turn_id
    union all
    select
        conversation_id as document_id, 'conversation' as kind, conversation_id, created_at, text_key, words, day
    from conversations
    union all
    select document_id, 'answer' as kind, document_id as conversation_id, created_at, text_key, words, day
    from recorded
),

-- Of the shingles of a text the least of each slot; a conversation has those of its turns, not those across two turns.
text_slots as (
    select text_key, slot_of(shingle) as slot, min(shingle) as least
    from (
        select text_key, arrayJoin(word_shingles(words)) as shingle from turns
        union all
        select text_key, arrayJoin(word_shingles(words)) as shingle from recorded
    )
    group by text_key, slot
),

conversation_slots as (
    select conversations.text_key as text_key, text_slots.slot as slot, min(text_slots.least) as least
    from conversations
    join turns on turns.conversation_id = conversations.conversation_id
    join text_slots on text_slots.text_key = turns.text_key
    where conversations.text_key <> turns.text_key
    group by text_key, slot
),

slots as (
    select
        text_key,
        groupArrayInsertAt(toInt64(-1), 160)(toInt64(least), toUInt32(slot)) as slots,
        toInt64(min(least)) as least_shingle
    from (select * from text_slots union all select * from conversation_slots)
    group by text_key
),

-- Three passes fill all but texts of few words.
filled_once as (select text_key, least_shingle, filled_slots(slots) as slots from slots),

filled_twice as (select text_key, least_shingle, filled_slots(slots) as slots from filled_once),

filled_thrice as (select text_key, least_shingle, filled_slots(slots) as slots from filled_twice),

numbered as (select text_key, numbered_slots(slots, least_shingle) as slots from filled_thrice)

select
    documents.document_id as document_id,
    documents.kind as kind,
    documents.conversation_id as conversation_id,
    documents.created_at as created_at,
    documents.text_key as text_key,
    band_hashes(numbered.slots) as bands,
    documents.words as words,
    documents.day as day
from documents
join numbered on numbered.text_key = documents.text_key
