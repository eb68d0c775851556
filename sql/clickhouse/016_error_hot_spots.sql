-- One row per project, agent, tool and kind of error: how often, in how many sessions, first and last.
-- A kind is the first line that says something, with its numbers and quoted parts as #.
create or replace view error_hot_spots as
with
failed as (
    select
        sessions.project_path as project_path,
        tool_calls.agent as agent,
        tool_calls.tool_name as tool_name,
        tool_calls.session_id as session_id,
        coalesce(tool_calls.returned_at, tool_calls.called_at) as failed_at,
        -- Shells put what they know of the run before what it said.
        arrayFirst(
            line -> not match(line, '^\\s*$|^(Exit code|Wall time|Output|Total output lines)\\b'),
            splitByChar('\n', ifNull(tool_calls.result, ''))
        ) as first_line
    from tool_calls
    global left join (select session_id, project_path from sessions) as sessions
        on sessions.session_id = tool_calls.session_id
    where tool_calls.outcome = 'error'
)

select
    project_path,
    agent,
    tool_name,
    leftUTF8(trimBoth(replaceRegexpAll(first_line, '\\d+|''[^'']*''|"[^"]*"', '#')), 120) as error,
    count() as error_count,
    uniqExact(session_id) as session_count,
    min(failed_at) as first_at,
    max(failed_at) as last_at
from failed
group by project_path, agent, tool_name, error
