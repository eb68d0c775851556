-- One row per day (UTC), project, agent and tool: how its calls ended. The rate leaves out what people stopped.
create or replace view tool_success as
select
    coalesce(toDate(tool_calls.called_at), toDateOrZero(tool_calls.day)) as called_on,
    sessions.project_path as project_path,
    tool_calls.agent as agent,
    tool_calls.tool_name as tool_name,
    count() as call_count,
    countIf(tool_calls.outcome = 'ok') as ok_count,
    countIf(tool_calls.outcome = 'error') as error_count,
    countIf(tool_calls.outcome in ('rejected', 'machine_denied')) as denied_count,
    countIf(tool_calls.outcome in ('interrupted', 'unanswered')) as cut_count,
    if(ok_count + error_count = 0, null, ok_count / (ok_count + error_count)) as success_rate,
    quantileIf(0.5)(tool_calls.duration_ms, tool_calls.duration_ms is not null) as median_ms
from tool_calls
global left join (select session_id, project_path from sessions) as sessions
    on sessions.session_id = tool_calls.session_id
group by called_on, project_path, agent, tool_name
