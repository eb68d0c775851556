-- One row per session that came from another (fork, resume, subagent): its parent and the root of its family.
-- @split day
-- @key session_id
-- @not_null parent_session_id, root_session_id
-- @column parent_session_id   Session it came from: the one its log names, else, for a resumed Claude session up to
--     1.0, the one that its first lines are copies of. It may not be in the lake.
-- @column root_session_id   The first of its line of parents, which is the id of the family. It may not be in the lake.
with

named_parents as (
    select session_id, parent_session_id
    from core.session_files
    where parent_session_id is not null and parent_session_id <> session_id
),

-- Up to 1.0.x a resumed Claude session is a new file that begins with copies of the older one's lines.
copied_from as (
    select distinct copier.session_id, original.session_id as parent_session_id
    from core.claude_copies
    join core.session_files as copier on copier.file_key = claude_copies.file_key
    join core.session_files as original on original.file_key = claude_copies.original_file_key
    where copier.session_id <> original.session_id
        and not contains(copier.session_id, '/')
        and not contains(original.session_id, '/')
),

links as (
    select session_id, min(parent_session_id) as parent_session_id
    from (
        select * from named_parents
        union all
        select * from copied_from
        anti join named_parents using (session_id)
    )
    group by session_id
),

-- 50 generations bound the walk: damaged logs could name each other as parents. Those who do are one family, named by the
-- first of the circle.
walk as (
    with recursive climb as (
        select session_id, parent_session_id, parent_session_id as ancestor_id, 1 as depth
        from links
        union all
        select climb.session_id, climb.parent_session_id, links.parent_session_id, climb.depth + 1
        from climb
        join links on links.session_id = climb.ancestor_id
        where climb.depth < 50
    )
    select
        session_id,
        parent_session_id,
        case
            when max(depth) = 50 then min(ancestor_id) filter (where depth > 25)
            else arg_max(ancestor_id, depth) end as root_session_id,
    from climb
    group by all
),

session_days as (
    select session_id, min(day) as day from core.session_files group by session_id
)

select session_days.day, walk.session_id, walk.parent_session_id, walk.root_session_id
from walk
join session_days using (session_id)
order by walk.session_id
