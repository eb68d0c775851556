-- One row per question and answer that a recorded event notes and no session log holds: the first of its words.
-- @split day
-- @key event_id
-- @not_null session_id, question, answer, content_hash, created_at
-- @column event_id   Id of the event that notes it, the earliest where several note the same words.
-- @column question   The question as it was noted.
-- @column answer   The answer as it was noted.
-- @column agent   The agent as it was noted, such as claude or codex; null where not told.
-- @column model   The model as it was noted; null where not told.
-- @column project   The project folder, the home folder written ~; null where not told.
-- @column question_hash   SHA-256 (hex) of the normalised question: equal for texts that differ in
--     case, white space, ids and folders alone.
-- @column answer_hash   SHA-256 (hex) of the normalised answer.
-- @column content_hash   SHA-256 (hex) of both hashes, as in core.pair_hashes: no two rows have
--     one, and none is that of a logged pair.
-- @column created_at   When it was noted (UTC).
with

events as (
    select event_id, occurred_at, session_id, payload, source_path, byte_offset, byte_length, day
    from events.recorded_events
    where is_known and event_type = 'agent.qa.pair'
),

-- Without a session there is no family, so no side of a split to stand on.
noted as (
    select
        * exclude (payload),
        payload ->> '$.question' as question,
        payload ->> '$.answer' as answer,
        payload ->> '$.agent' as agent,
        payload ->> '$.model' as model,
        home_as_tilde(payload ->> '$.project_path') as project,
        text_hash(payload ->> '$.question') as question_hash,
        text_hash(payload ->> '$.answer') as answer_hash,
    from events
    where session_id is not null
        and has_words(payload ->> '$.question')
        and has_words(payload ->> '$.answer')
),

hashed as (
    select *, sha256(question_hash || answer_hash) as content_hash from noted
)

-- Other programs that capture pairs read the same logs: what those hold comes from them, with its context.
select
    event_id,
    session_id,
    question,
    answer,
    agent,
    model,
    project,
    question_hash,
    answer_hash,
    content_hash,
    occurred_at as created_at,
    source_path,
    byte_offset,
    byte_length,
    day,
from hashed
anti join core.pair_hashes using (content_hash)
qualify row_number() over (partition by content_hash order by occurred_at, event_id) = 1
order by event_id
