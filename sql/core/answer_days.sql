-- One row per agent and day (UTC) on which people asked it something: the human turns begun, and those of them answered.
-- @key agent, asked_on
-- @not_null turn_count, answered_count
-- @check answered_count between 0 and turn_count
-- @column agent           claude or codex
-- @column asked_on        Day on which the turns began
-- @column turn_count      Human turns
-- @column answered_count  Those of them that ended in an answer
select
    agent,
    started_at::date as asked_on,
    count(*) as turn_count,
    count(*) filter (where end_reason = 'answered') as answered_count,
from core.turns
where is_human and started_at is not null
group by all
order by agent, asked_on
