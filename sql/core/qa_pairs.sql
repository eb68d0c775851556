-- One row per human question and the agent's final answer.
-- @partition day
-- @key qa_id
-- @not_null turn_id, session_id, question, answer, question_hash, answer_hash, content_hash
-- @check question_chars > 0
-- @check answer_chars > 0
-- @check duplicate_of is null or duplicate_of <> qa_id
-- @column question   The human's words, as question of core.turns.
-- @column answer   The agent's final answer to them.
-- @column duplicate_of   qa_id of the oldest pair that says the same, normalised; null where this is it.
-- @column near_duplicate_cluster   Cluster of duplicates.near_duplicates: the same for texts nearly alike; null where
--     there is no other.
-- @column question_chars   Characters of question.
-- @column answer_chars   Characters of answer.
-- @column asked_at   When the question was asked (UTC).
-- @column answered_at   When the turn's last step of human, model or tool was written (UTC).
-- @column ts_ms   asked_at in milliseconds since 1970.
-- @column source_path   Path of the log file with the question, relative to its root.
-- @column source_offset   Where the question's line begins in that file, in bytes from 0.
select
    pair_hashes.qa_id,
    turns.turn_id,
    turns.agent,
    turns.session_id,
    turns.project_path,
    turns.question,
    turns.final_answer as answer,
    pair_hashes.question_hash,
    pair_hashes.answer_hash,
    pair_hashes.content_hash,
    pair_duplicates.duplicate_of,
    near_duplicates.near_duplicate_cluster,
    length(turns.question) as question_chars,
    length(turns.final_answer) as answer_chars,
    turns.is_ended,
    turns.model,
    turns.version,
    turns.started_at as asked_at,
    turns.ended_at as answered_at,
    epoch_ms(turns.started_at) as ts_ms,
    turns.source_path,
    turns.byte_offset as source_offset,
from core.pair_hashes
join core.turns using (turn_id)
left join core.pair_duplicates using (qa_id)
left join duplicates.near_duplicates on near_duplicates.document_id = pair_hashes.qa_id
order by pair_hashes.qa_id
