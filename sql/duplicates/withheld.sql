-- One row per validation or test row that a train row is too like to measure anything by: export leaves it out.
-- @split day
-- @key dataset, id
-- @not_null split, reason, match_id
-- @column dataset   The dataset of the row.
-- @column id   The row's id in it.
-- @column split   validation or test: where the row stands and would stand again; it is never moved.
-- @column reason   same content as a train row, same prompt as a train row, or near duplicate of a train row: the first
--     that holds.
-- @column match_id   The train row of any dataset (the least id of those that share the same).
with

examples as (
    select day, dataset, id, split, prompt_hash, content_hash, document_ids from datasets.training_examples
),

clusters as (
    select examples.dataset, examples.id, near_duplicates.near_duplicate_cluster
    from (select dataset, id, unnest(document_ids) as document_id from examples) as examples
    join duplicates.near_duplicates using (document_id)
),

shared as (
    select dataset, id, 1 as rank, content_hash as value from examples
    union all
    select dataset, id, 2 as rank, prompt_hash as value from examples where prompt_hash is not null
    union all
    select dataset, id, 3 as rank, near_duplicate_cluster as value from clusters
),

trained as (
    select shared.rank, shared.value, min(shared.id) as match_id
    from shared
    join examples using (dataset, id)
    where examples.split = 'train'
    group by all
)

select
    examples.day,
    examples.dataset,
    examples.id,
    examples.split,
    case shared.rank
        when 1 then 'same content as a train row'
        when 2 then 'same prompt as a train row'
        else 'near duplicate of a train row' end as reason,
    trained.match_id,
from examples
join shared using (dataset, id)
join trained using (rank, value)
where examples.split <> 'train'
qualify row_number() over (partition by examples.dataset, examples.id order by shared.rank, trained.match_id) = 1
order by examples.dataset, examples.id
