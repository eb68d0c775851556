-- One row per session and log file that holds a part of it, with the session it says it came from.
-- @partition day
-- @key session_id, file_key
-- @column parent_session_id   Session that the steps in this file name as their parent; null where none.
-- @column started_at   Time (UTC) of the earliest step that the session has in this file.
select
    session_id,
    file_key,
    any_value(parent_session_id) as parent_session_id,
    min(occurred_at) as started_at,
from core.steps
group by session_id, file_key
order by session_id, file_key
