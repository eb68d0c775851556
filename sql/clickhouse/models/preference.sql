-- One row per preference pair: two answers to one prompt in one context, one of them held to be better.
-- @key day, id
with

recorded as (
    select
        day,
        [user_message(assumeNotNull(pairs.prompt))] as prompt,
        assistant_message(assumeNotNull(pairs.chosen), null, emptyArrayString(), true) as chosen,
        assistant_message(assumeNotNull(pairs.rejected), null, emptyArrayString(), true) as rejected,
        cast(null, 'Nullable(String)') as tools,
        if(pair_source = 'scores', assumeNotNull(score_delta), 0) as margin,
        score_chosen,
        score_rejected,
        score_delta,
        pair_weight,
        pair_source,
        prompt_hash,
        chosen_hash,
        rejected_hash,
        group_id,
        session_id,
        cast(null, 'Nullable(String)') as project,
        agent_id as harness,
        model as teacher_model,
        created_at,
        source_events,
        concat(
            '{"rule":"recorded answers to one prompt, best against each worse one","origin":"recorded"',
            ',"events":{"input":', json_text(input_event),
            ',"chosen":', json_text(chosen_event),
            ',"rejected":', json_text(rejected_event), '}',
            ',"documents":', json_texts([answer_document_id(chosen_id), answer_document_id(rejected_id)]),
            ',"sources":', json_list(sources),
            ',"pair_id":', json_text(pair_id),
            ',"answer_ids":', json_texts([chosen_id, rejected_id]),
            ',"attempt_ids":', json_texts(attempt_ids),
            ',"agent_version":', json_or_null(json_text(agent_version)),
            ',"cycle":', json_or_null(toString(cycle)),
            ',"stated_by":', json_texts(stated_by),
            ',"tags":', json_texts(tags),
            ',"prompt_hash":', json_or_null(json_text(prompt_hash)),
            ',"context_hash":', json_text(context_hash),
            '}') as metadata
    from model_answer_pairs as pairs
),

overrides as (
    select
        day,
        [user_message(assumeNotNull(pairs.prompt))] as prompt,
        assistant_message(assumeNotNull(pairs.chosen), null, emptyArrayString(), true) as chosen,
        assistant_message(assumeNotNull(pairs.rejected), null, emptyArrayString(), true) as rejected,
        null as tools,
        0 as margin,
        null as score_chosen,
        null as score_rejected,
        null as score_delta,
        1 as pair_weight,
        'override' as pair_source,
        prompt_hash,
        chosen_hash,
        rejected_hash,
        group_id,
        session_id,
        home_as_tilde(project_path) as project,
        null as harness,
        null as teacher_model,
        created_at,
        source_events,
        concat(
            '{"rule":"router override over the choice","origin":"recorded"',
            ',"events":{"input":', json_text(decision_event),
            ',"chosen":', json_text(chosen_event),
            ',"rejected":', json_text(decision_event), '}',
            ',"documents":[],"sources":', json_list(sources),
            ',"decision_id":', json_text(decision_id),
            ',"override_reason":', json_or_null(json_text(override_reason)),
            ',"prompt_hash":', json_or_null(json_text(prompt_hash)),
            ',"context_hash":', json_text(context_hash),
            '}') as metadata
    from model_override_pairs as pairs
),

logged as (
    select
        day,
        prompt,
        chosen,
        rejected,
        tools,
        0 as margin,
        null as score_chosen,
        null as score_rejected,
        null as score_delta,
        pair_weight,
        pair_source,
        prompt_hash,
        chosen_hash,
        rejected_hash,
        group_id,
        session_id,
        project_path as project,
        harness_name(agent) as harness,
        model as teacher_model,
        created_at,
        source_events,
        metadata
    from model_answer_twins
),

pairs as (
    select * from recorded
    union all
    select * from overrides
    union all
    select * from logged
),

identified as (
    select
        *,
        row_id('preference', concat(
            '{"prompt":', json_list(prompt),
            ',"chosen":[', chosen,
            '],"rejected":[', rejected,
            '],"tools":', json_or_null(json_text(tools)),
            ',"margin":', json_double(margin),
            ',"score_chosen":', json_or_null(json_double(score_chosen)),
            ',"score_rejected":', json_or_null(json_double(score_rejected)),
            ',"score_delta":', json_or_null(json_double(score_delta)),
            ',"pair_weight":', json_double(pair_weight),
            ',"pair_source":', json_text(pair_source),
            ',"prompt_hash":', json_or_null(json_text(prompt_hash)),
            ',"chosen_hash":', json_or_null(json_text(chosen_hash)),
            ',"rejected_hash":', json_or_null(json_text(rejected_hash)),
            '}')) as id
    from pairs
)

-- Exact copies within the day go here; copies of another day's rows are left to the models of duplicates.
select
    day,
    prompt,
    [identified.chosen] as chosen,
    [identified.rejected] as rejected,
    tools,
    margin,
    score_chosen,
    score_rejected,
    score_delta,
    pair_weight,
    pair_source,
    prompt_hash,
    chosen_hash,
    rejected_hash,
    id,
    group_id,
    split_of(group_id) as split,
    session_id,
    project,
    harness,
    teacher_model,
    toDateTime64(identified.created_at, 3, 'UTC') as created_at,
    cast(null, 'Nullable(Int32)') as num_tokens,
    text_hash(concat(
        arrayStringConcat(arrayMap(message -> message_content(message), prompt), '\n'),
        '\n', message_content(identified.chosen),
        '\n', message_content(identified.rejected))) as content_hash,
    source_events,
    metadata
from identified
qualify row_number() over (
    partition by day, id order by toDateTime64(identified.created_at, 3, 'UTC'), session_id, metadata
) = 1
order by day, id
