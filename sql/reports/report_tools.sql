-- One row per tool, the fifteen most used, and outcome: calls.
with

tools as (
    select tool_name, row_number() over (order by count(*) desc, tool_name) as place
    from core.tool_calls
    where tool_name is not null
    group by tool_name
    qualify place <= 15
)

select
    tools.tool_name as tool,
    tools.place,
    case calls.outcome
        when 'ok' then 'ok'
        when 'error' then 'failed'
        when 'unanswered' then 'no result'
        else 'refused or interrupted'
    end as outcome,
    case calls.outcome when 'ok' then 1 when 'error' then 2 when 'unanswered' then 4 else 3 end as part,
    count(*) as calls,
from core.tool_calls as calls
join tools using (tool_name)
group by all
order by tools.place, part
