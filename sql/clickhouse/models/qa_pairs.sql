-- One row per human question and the agent's final answer.
-- @key qa_id
select
    pair_hashes.qa_id as qa_id,
    turns.turn_id as turn_id,
    turns.agent as agent,
    turns.session_id as session_id,
    turns.project_path as project_path,
    turns.question as question,
    turns.final_answer as answer,
    pair_hashes.question_hash as question_hash,
    pair_hashes.answer_hash as answer_hash,
    pair_hashes.content_hash as content_hash,
    pair_duplicates.duplicate_of as duplicate_of,
    near_duplicates.near_duplicate_cluster as near_duplicate_cluster,
    lengthUTF8(turns.question) as question_chars,
    lengthUTF8(turns.final_answer) as answer_chars,
    turns.is_ended as is_ended,
    turns.model as model,
    turns.version as version,
    turns.started_at as asked_at,
    turns.ended_at as answered_at,
    toUnixTimestamp64Milli(turns.started_at) as ts_ms,
    turns.source_path as source_path,
    turns.byte_offset as source_offset,
    pair_hashes.day as day
from model_pair_hashes as pair_hashes
join model_turns as turns on turns.turn_id = pair_hashes.turn_id
left join model_pair_duplicates as pair_duplicates on pair_duplicates.qa_id = pair_hashes.qa_id
left join model_near_duplicates as near_duplicates on near_duplicates.document_id = pair_hashes.qa_id
