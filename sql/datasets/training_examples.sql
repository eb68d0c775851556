-- One row per row of every dataset, without its text: what it was made from, and the hashes under which that is kept.
-- @split day
-- @key id
-- @not_null dataset, example_type, session_id, group_id, split, content_hash, source_events, document_ids
-- @check split = split_of(group_id)
-- @column id   The row's id in its dataset.
-- @column dataset   Name of the dataset the row is in.
-- @column example_type   The dataset's name and, where rows of one dataset have different sources, the source: preference/scores.
-- @column session_id   The session it comes from.
-- @column group_id   The session family; all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column prompt_hash   SHA-256 of the normalised words asked; null where an example has no one prompt.
-- @column content_hash   The row's content_hash.
-- @column input_hash   Payload hash of the event that asked (events.payload_blobs has its content).
-- @column output_hash   Payload hash of the event that answered; null for pairs and for decisions without an outcome.
-- @column chosen_hash   Payload hash of the event of the chosen answer; null where the example is no pair.
-- @column rejected_hash   Payload hash of the event of the rejected answer; null where the example is no pair.
-- @column score   The score that the row has.
-- @column score_delta   Points between the sides of a pair that were both scored.
-- @column harness   The row's harness.
-- @column created_at   The row's created_at (UTC).
-- @column source_events   Ids of the training events the row comes from.
-- @column document_ids   Ids of the documents that near duplicates of the row are looked for under.
with

examples as not materialized (
    select 'sft' as dataset, id, session_id, group_id, split, content_hash, score, harness, created_at, source_events, metadata, day
    from datasets.sft
    union all by name
    select
        'preference' as dataset, id, pair_source as kind, session_id, group_id, split, prompt_hash, content_hash, score_delta,
        harness, created_at, source_events, metadata, day,
    from datasets.preference
    union all by name
    select 'reward' as dataset, id, session_id, group_id, split, content_hash, score, harness, created_at, source_events, metadata, day
    from datasets.reward
    union all by name
    select
        'unpaired' as dataset, id, label_source as kind, session_id, group_id, split, content_hash,
        harness, created_at, source_events, metadata, day,
    from datasets.unpaired
    union all by name
    select 'stepwise' as dataset, id, session_id, group_id, split, content_hash, harness, created_at, source_events, metadata, day
    from datasets.stepwise
    union all by name
    select 'chain_of_thought' as dataset, id, session_id, group_id, split, content_hash, harness, created_at, source_events, metadata, day
    from datasets.chain_of_thought
    union all by name
    select 'router' as dataset, id, session_id, group_id, split, content_hash, harness, created_at, source_events, metadata, day
    from datasets.router
    union all by name
    select
        'qa_documents' as dataset, id, session_id, group_id, split, question_hash as prompt_hash, content_hash,
        harness, created_at, source_events, metadata, day,
    from datasets.qa_documents
),

-- The same row on two days is exported once, as that of the older day.
older as (
    select dataset, id, min(day) as day
    from examples
    group by dataset, id
    having count(*) > 1
),

named as (
    select
        * exclude (metadata),
        json_transform(metadata, '{
            "prompt_hash": "VARCHAR",
            "events": {"input": "VARCHAR", "output": "VARCHAR", "chosen": "VARCHAR", "rejected": "VARCHAR"},
            "documents": ["VARCHAR"]
        }') as told,
    from examples
    anti join older on older.dataset = examples.dataset and older.id = examples.id and older.day < examples.day
),

wanted as (
    select unnest([told.events.input, told.events.output, told.events.chosen, told.events.rejected]) as event_id
    from named
),

hashes as (
    select events.id as event_id, events.payload_hash
    from events.training_events as events
    semi join wanted on wanted.event_id = events.id
)

select
    named.id,
    named.dataset,
    named.dataset || coalesce('/' || named.kind, '') as example_type,
    named.session_id,
    named.group_id,
    named.split,
    coalesce(named.prompt_hash, named.told.prompt_hash) as prompt_hash,
    named.content_hash,
    inputs.payload_hash as input_hash,
    outputs.payload_hash as output_hash,
    chosen.payload_hash as chosen_hash,
    rejected.payload_hash as rejected_hash,
    named.score,
    named.score_delta,
    named.harness,
    named.created_at,
    named.source_events,
    coalesce(named.told.documents, []) as document_ids,
    named.day,
from named
left join hashes as inputs on inputs.event_id = named.told.events.input
left join hashes as outputs on outputs.event_id = named.told.events.output
left join hashes as chosen on chosen.event_id = named.told.events.chosen
left join hashes as rejected on rejected.event_id = named.told.events.rejected
order by named.id
