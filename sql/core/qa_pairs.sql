-- One row per human question and the agent's final answer.
-- @partition day
-- @key qa_id
-- @not_null turn_id, session_id, question, answer, question_hash, answer_hash, content_hash
-- @check question_chars > 0
-- @check answer_chars > 0
-- @check duplicate_of is null or duplicate_of <> qa_id
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
