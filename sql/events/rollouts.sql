-- One row per rollout: the attempts of one session and cycle that ran for the same need.
-- @key session_id, rollout_id
-- @not_null attempt_count, started_at
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
