-- One row per day (UTC), project, agent and model: how the turns that people opened ended.
create or replace view answer_rate as
select
    coalesce(toDate(started_at), toDateOrZero(day)) as asked_on,
    project_path,
    agent,
    model,
    count() as turn_count,
    countIf(end_reason = 'answered') as answered_count,
    countIf(end_reason in ('interrupted', 'rejected', 'rolled_back')) as stopped_count,
    countIf(end_reason = 'error') as error_count,
    countIf(end_reason in ('tool', 'open')) as open_count,
    answered_count / turn_count as answer_rate,
    quantileIf(0.5)(duration_ms, duration_ms is not null) as median_ms
from turns
where is_human
group by asked_on, project_path, agent, model
