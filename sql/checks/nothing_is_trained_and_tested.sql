-- What is left of validation and test shares no content, prompt or near duplicate with a train row.
with

examples as (
    select dataset, id, split, prompt_hash, content_hash, document_ids
    from datasets.training_examples
    anti join duplicates.withheld using (dataset, id)
),

clusters as (
    select examples.id, examples.split, near_duplicates.near_duplicate_cluster
    from (select id, split, unnest(document_ids) as document_id from examples) as examples
    join duplicates.near_duplicates using (document_id)
),

marks as (
    select id, split, 'content ' || content_hash as mark from examples
    union all
    select id, split, 'prompt ' || prompt_hash from examples where prompt_hash is not null
    union all
    select id, split, 'cluster ' || near_duplicate_cluster from clusters
)

select mark, min(id) filter (where split = 'train') as train_id, min(id) filter (where split <> 'train') as other_id
from marks
group by mark
having count(*) filter (where split = 'train') > 0 and count(*) filter (where split <> 'train') > 0
order by mark
