-- One row per text that is linked to another, with the least number of all that it is linked to, over however many links.
-- @key text_no
with recursive

pairs as (
    select text_no as newer_no, older_no from model_near_pairs
),

-- Each text is its own neighbour too.
links as (
    select link.1 as text_no, link.2 as other_no
    from pairs
    array join [(newer_no, older_no), (older_no, newer_no), (newer_no, newer_no), (older_no, older_no)] as link
    group by text_no, other_no
),

-- Every text begins with its own number and takes less ones. In a round it, and the text whose number it has, take the
-- number that stands with the number of each neighbour; so a chain of a thousand takes some ten rounds, in whatever order
-- it hangs together. The last round is the first that changes nothing.
rounds as (
    select text_no, text_no as cluster_no, true as is_open, 0 as round_no from links group by text_no
    union all
    select
        told.text_no as text_no,
        min(told.number) as cluster_no,
        max(min(told.number) < max(told.before_no)) over () as is_open,
        max(told.round_no) as round_no
    from (
        select
            telling.1 as text_no,
            telling.2 as number,
            telling.3 as before_no,
            own.round_no + 1 as round_no
        from links
        join rounds as own on own.text_no = links.text_no
        join rounds as parent on parent.text_no = own.cluster_no
        join rounds as near on near.text_no = links.other_no
        join rounds as over_near on over_near.text_no = near.cluster_no
        array join [
            (own.cluster_no, over_near.cluster_no, 0),
            (links.text_no, least(over_near.cluster_no, parent.cluster_no), own.cluster_no)
        ] as telling
        where own.is_open
    ) as told
    group by told.text_no
)

select text_no, min(cluster_no) as cluster_no from rounds group by text_no
