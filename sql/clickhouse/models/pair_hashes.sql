-- One row per answered human turn: the ids and hashes by which question/answer pairs are compared across all days.
-- @key qa_id
select
    substring(sha256(concat('agent.qa.pair|', turn_id)), 1, 32) as qa_id,
    turn_id,
    started_at as asked_at,
    text_hash(question) as question_hash,
    text_hash(final_answer) as answer_hash,
    sha256(concat(question_hash, answer_hash)) as content_hash,
    day
from model_turns
where is_human
    and end_reason = 'answered'
    and not is_abandoned
    and session_kind = 'main'
    and has_words(question)
    and has_words(final_answer)
