-- One row per validation or test row that a train row (of the datasets that ClickHouse derives) is too like to measure
-- anything by: export leaves it out.
-- @key dataset, id
with

examples as (
    select day, dataset, id, split, prompt_hash, content_hash, document_ids from model_training_examples
),

clusters as (
    select named.dataset as dataset, named.id as id, near_duplicates.near_duplicate_cluster as cluster
    from (select dataset, id, arrayJoin(document_ids) as document_id from examples) as named
    join model_near_duplicates as near_duplicates on near_duplicates.document_id = named.document_id
),

shared as (
    select dataset, id, 1 as rank, content_hash as value from examples
    union all
    select dataset, id, 2 as rank, assumeNotNull(prompt_hash) as value from examples where prompt_hash is not null
    union all
    select dataset, id, 3 as rank, cluster as value from clusters
),

trained as (
    select shared.rank as rank, shared.value as value, min(shared.id) as match_id
    from shared
    join examples on examples.dataset = shared.dataset and examples.id = shared.id
    where examples.split = 'train'
    group by rank, value
)

select
    examples.day as day,
    examples.dataset as dataset,
    examples.id as id,
    examples.split as split,
    multiIf(
        shared.rank = 1, 'same content as a train row',
        shared.rank = 2, 'same prompt as a train row',
        'near duplicate of a train row') as reason,
    trained.match_id as match_id
from examples
join shared on shared.dataset = examples.dataset and shared.id = examples.id
join trained on trained.rank = shared.rank and trained.value = shared.value
where examples.split <> 'train'
order by shared.rank, trained.match_id
limit 1 by dataset, id
