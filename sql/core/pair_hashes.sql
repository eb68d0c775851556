-- One row per answered human turn: the ids and hashes by which question/answer pairs are compared across all days.
-- @partition day
-- @key qa_id
-- @not_null turn_id, question_hash, answer_hash, content_hash
-- @column qa_id   Hash of turn_id, the same for ever; key of core.qa_pairs.
-- @column asked_at   When the question was asked (UTC).
-- @column question_hash   SHA-256 of the normalised question: case, white space, ids and folders do not count.
-- @column answer_hash   SHA-256 of the normalised answer.
-- @column content_hash   SHA-256 of question_hash and answer_hash: the same where both are.
select
    left(sha256('agent.qa.pair|' || turn_id), 32) as qa_id,
    turn_id,
    started_at as asked_at,
    text_hash(question) as question_hash,
    text_hash(final_answer) as answer_hash,
    sha256(text_hash(question) || text_hash(final_answer)) as content_hash,
from core.turns
where is_human
    and end_reason = 'answered'
    and not is_abandoned
    and session_kind = 'main'
    and has_words(question)
    and has_words(final_answer)
order by qa_id
