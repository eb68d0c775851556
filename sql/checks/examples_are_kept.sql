-- Every training example names what asked and what answered, and payload_blobs holds both.
with

examples as (
    select id, dataset, input_hash, output_hash, chosen_hash, rejected_hash
    from datasets.training_examples
),

-- A router may never hear what came of its decision.
unnamed as (
    select id, dataset, null as hash
    from examples
    where input_hash is null
        or case dataset
            when 'preference' then chosen_hash is null or rejected_hash is null
            when 'router' then false
            else output_hash is null end
),

lost as (
    select id, dataset, hash
    from (
        select id, dataset, unnest([input_hash, output_hash, chosen_hash, rejected_hash]) as hash from examples
    ) as named
    anti join events.payload_blobs as payload_blobs using (hash)
    where hash is not null
)

select * from unnamed
union all
select * from lost
order by all
