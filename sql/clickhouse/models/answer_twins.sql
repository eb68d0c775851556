-- One row per pair of answers to one question in one context: the one that stands, and one that a person undid for it.
-- @key twin_id, day
with

-- What a person said while an answer was made (a steer, a refused call) was said to that answer alone: with it the two
-- have no longer one context. A final answer that shares its message with earlier words is taken out of it, without the
-- reasoning that led to both.
answers as (
    select
        *,
        if(
            coalesce(trimmed(message_content(completion)) = trimmed(final_answer), false),
            completion,
            assistant_message(final_answer, null, [], true)) as answer,
        text_hash(final_answer) as answer_hash,
        countEqual(turn_steps.kind, 'tool_call') as call_count
    from model_judged_messages
    where verdict in ('retry', 'rollback', 'kept')
        and steer_count = 0
        and rejection_count = 0
),

-- Contexts are equal within a segment of a session only: what a fork or a compaction went on from is not in its log.
pairs as (
    select
        left(sha256(concat(
            'twin|', json_list(chosen.context), '|', chosen.answer_hash, '|', rejected.answer_hash
        )), 32) as twin_id,
        chosen.turn_id as chosen_turn_id,
        rejected.turn_id as rejected_turn_id,
        chosen.session_id as session_id,
        chosen.group_id as group_id,
        chosen.context as prompt,
        chosen.answer as chosen_answer,
        rejected.answer as rejected_answer,
        chosen.tools as tools,
        rejected.verdict as pair_source,
        text_hash(message_content(chosen.context[-1])) as prompt_hash,
        chosen.context_hash as context_hash,
        chosen.answer_hash as chosen_hash,
        rejected.answer_hash as rejected_hash,
        chosen.agent as agent,
        chosen.model as model,
        chosen.project_path as project_path,
        coalesce(chosen.ended_at, chosen.started_at) as created_at,
        arraySort(arrayDistinct(arrayFilter(
            one -> one is not null, arrayConcat(chosen.source_events, rejected.source_events)))) as source_events,
        concat(
            '{"rule":"a finished answer that a person undid, under the one that stands in its place"',
            ',"origin":"log"',
            ',"events":{"input":', json_or_null(json_text(chosen.input_event)),
            ',"chosen":', json_or_null(json_text(chosen.output_event)),
            ',"rejected":', json_or_null(json_text(rejected.output_event)),
            '},"documents":', json_texts([conversation_document_id(chosen.session_id, chosen.segment_no)]),
            ',"turn_ids":', json_texts([chosen.turn_id, rejected.turn_id]),
            ',"tool_calls_before":{"chosen":', toString(chosen.call_count),
            ',"rejected":', toString(rejected.call_count),
            '},"sources":', json_places(arrayConcat(chosen.sources, rejected.sources)),
            '}') as metadata,
        chosen.day as day
    from answers as chosen
    join answers as rejected
        on rejected.session_id = chosen.session_id
        and rejected.segment_no = chosen.segment_no
        and rejected.prompt_hash = chosen.prompt_hash
        and rejected.context_hash = chosen.context_hash
    where rejected.message_position < chosen.message_position
        and chosen.verdict = 'kept'
        and rejected.verdict <> 'kept'
        and chosen.answer_hash <> rejected.answer_hash
),

-- A copied session tells of the same pair again.
told_once as (
    select *
    from pairs
    qualify row_number() over (
        partition by day, twin_id order by created_at nulls last, session_id, rejected_turn_id
    ) = 1
)

select
    assumeNotNull(twin_id) as twin_id,
    * except (twin_id, chosen_answer, rejected_answer),
    chosen_answer as chosen,
    rejected_answer as rejected,
    1 / count() over (partition by chosen_turn_id) as pair_weight
from told_once
