-- One row per row of the datasets that ClickHouse derives (sft, preference, reward), without its text.
-- @key id
with

examples as (
    select
        'sft' as dataset, id, null as kind, session_id, group_id, split, null as own_prompt_hash, content_hash, score,
        null as score_delta, harness, created_at, source_events, metadata, day
    from model_sft
    union all
    select
        'preference' as dataset, id, pair_source as kind, session_id, group_id, split, prompt_hash as own_prompt_hash,
        content_hash, null as score, score_delta, harness, created_at, source_events, metadata, day
    from model_preference
    union all
    select
        'reward' as dataset, id, null as kind, session_id, group_id, split, null as own_prompt_hash, content_hash, score,
        null as score_delta, harness, created_at, source_events, metadata, day
    from model_reward
),

-- The same row on two days is exported once, as that of the older day.
named as (
    select
        * except (metadata, own_prompt_hash),
        coalesce(own_prompt_hash, nullIf(JSONExtractString(assumeNotNull(metadata), 'prompt_hash'), '')) as prompt_hash,
        JSONExtractString(assumeNotNull(metadata), 'events', 'input') as input_event,
        JSONExtractString(assumeNotNull(metadata), 'events', 'output') as output_event,
        JSONExtractString(assumeNotNull(metadata), 'events', 'chosen') as chosen_event,
        JSONExtractString(assumeNotNull(metadata), 'events', 'rejected') as rejected_event,
        JSONExtract(assumeNotNull(metadata), 'documents', 'Array(String)') as document_ids
    from examples
    order by day
    limit 1 by dataset, id
),

hashes as (
    select id as event_id, payload_hash
    from training_events
    where id in (
        select arrayJoin([input_event, output_event, chosen_event, rejected_event]) from named
    )
)

select
    named.id as id,
    named.dataset as dataset,
    concat(named.dataset, coalesce(concat('/', named.kind), '')) as example_type,
    named.session_id as session_id,
    named.group_id as group_id,
    named.split as split,
    named.prompt_hash as prompt_hash,
    named.content_hash as content_hash,
    inputs.payload_hash as input_hash,
    outputs.payload_hash as output_hash,
    chosen.payload_hash as chosen_hash,
    rejected.payload_hash as rejected_hash,
    named.score as score,
    named.score_delta as score_delta,
    named.harness as harness,
    named.created_at as created_at,
    named.source_events as source_events,
    named.document_ids as document_ids,
    named.day as day
from named
left join hashes as inputs on inputs.event_id = named.input_event
left join hashes as outputs on outputs.event_id = named.output_event
left join hashes as chosen on chosen.event_id = named.chosen_event
left join hashes as rejected on rejected.event_id = named.rejected_event
