-- One row per rollout: the attempts of one session and cycle that ran for the same need.
-- @key session_id, rollout_id
-- @not_null attempt_count, started_at
-- @column session_id   The session it is a part of; rollouts of two sessions may have one id.
-- @column rollout_id   As the attempts name it, or <session>/cycle-<cycle> where they give a cycle
--     alone.
-- @column cycle   The least cycle of its attempts; null where they tell none.
-- @column lineage_ids   The lineages of its attempts, sorted; [] where none is known.
-- @column attempt_count   Its attempts, also those that have not ended.
-- @column completed_count   Those that ended with an output.
-- @column failed_count   Those that failed.
-- @column started_at   When its first attempt started (UTC).
-- @column ended_at   When the last of those that ended did (UTC), though others may go on; null
--     while none has.
select
    session_id,
    rollout_id,
    min(cycle) as cycle,
    coalesce(list_sort(list_distinct(list(lineage_id) filter (where lineage_id is not null))), []) as lineage_ids,
    count(*)::integer as attempt_count,
    count(*) filter (where status = 'completed')::integer as completed_count,
    count(*) filter (where status = 'failed')::integer as failed_count,
    min(started_at) as started_at,
    max(ended_at) as ended_at,
from events.attempts
where session_id is not null and rollout_id is not null
group by session_id, rollout_id
order by session_id, rollout_id
