-- One row per project and agent: its turns; the projects after the first twelve are one, `(n others)`.
with

turns as (
    select coalesce(project_path, '(none)') as project_path, agent
    from core.turns
    where is_human
),

projects as (
    select project_path, row_number() over (order by count(*) desc, project_path) as place
    from turns
    group by project_path
),

named as (
    select
        project_path,
        if(place <= 12, project_path, '(' || (count(*) over () - 12) || ' others)') as project,
        least(place, 13) as place,
    from projects
)

select named.project, named.place, turns.agent, count(*) as turns
from turns
join named using (project_path)
group by all
order by named.place, turns.agent
