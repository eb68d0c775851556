-- One row per pair of answers to one question in one context: the one that stands, and one that a person undid for it.
-- @partition day
-- @key twin_id
-- @not_null chosen_turn_id, rejected_turn_id, session_id, group_id, prompt, chosen, rejected, pair_source, source_events, metadata
-- @check pair_source in ('retry', 'rollback')
-- @check pair_weight > 0 and pair_weight <= 1
-- @check chosen_hash <> rejected_hash
-- @column twin_id   Hash of prompt and both answers: copies of a session tell of the same pair.
-- @column chosen_turn_id   The turn with the answer that stands.
-- @column rejected_turn_id   The turn, earlier in the session, with the answer that was undone.
-- @column prompt   What both answer: the messages before them, with the question as the last.
-- @column chosen   The answer that stands, as an assistant message; without its reasoning where the final answer is
--     only a part of the message.
-- @column rejected   The answer that was undone, in the same shape.
-- @column tools   JSON array text of the schemas of the tools that prompt calls; null where it calls none.
-- @column pair_source   How the other was undone: retry (Claude: prompt sent again) or rollback.
-- @column prompt_hash   SHA-256 of the normalised question. Not the prompt_hash of core.turns.
-- @column chosen_hash   SHA-256 of the normalised final answer that stands.
-- @column rejected_hash   SHA-256 of the normalised final answer that was undone.
-- @column model   Model that wrote last in the turn that stands.
-- @column created_at   When the turn that stands ended (UTC), else when it began.
-- @column source_events   Ids of the events of both answers' conversations, sorted.
-- @column metadata   Where it comes from, as JSON: rule, origin, events, documents, turn_ids, tool_calls_before each
--     answer, and the byte ranges of their lines.
-- @column pair_weight   1 over the number of answers undone for this one, so that a question counts once.
with

-- What a person said while an answer was made (a steer, a refused call) was said to that answer alone: with it the two
-- have no longer one context. A final answer that shares its message with earlier words is taken out of it, without the
-- reasoning that led to both.
answers as (
    select
        *,
        case
            when trimmed(json_extract_string(completion, '$.content')) = trimmed(final_answer) then completion
            else assistant_message(final_answer, null, []::varchar[], true) end as answer,
        text_hash(final_answer) as answer_hash,
        len(list_filter(turn_steps, lambda step: step.kind = 'tool_call')) as call_count,
    from core.judged_messages
    where verdict in ('retry', 'rollback', 'kept')
        and steer_count = 0
        and rejection_count = 0
),

-- Contexts are equal within a segment of a session only: what a fork or a compaction went on from is not in its log.
pairs as (
    select
        left(sha256(
            'twin|' || to_json(chosen.context)::varchar || '|' || chosen.answer_hash || '|' || rejected.answer_hash
        ), 32) as twin_id,
        chosen.turn_id as chosen_turn_id,
        rejected.turn_id as rejected_turn_id,
        chosen.session_id,
        chosen.group_id,
        chosen.context as prompt,
        chosen.answer as chosen,
        rejected.answer as rejected,
        chosen.tools,
        rejected.verdict as pair_source,
        text_hash(json_extract_string(chosen.context[-1], '$.content')) as prompt_hash,
        chosen.context_hash,
        chosen.answer_hash as chosen_hash,
        rejected.answer_hash as rejected_hash,
        chosen.agent,
        chosen.model,
        chosen.project_path,
        coalesce(chosen.ended_at, chosen.started_at) as created_at,
        list_sort(list_distinct(list_concat(chosen.source_events, rejected.source_events))) as source_events,
        {
            'rule': 'a finished answer that a person undid, under the one that stands in its place',
            'origin': 'log',
            'events': {
                'input': chosen.input_event, 'chosen': chosen.output_event, 'rejected': rejected.output_event
            },
            'documents': [conversation_document_id(chosen.session_id, chosen.segment_no)],
            'turn_ids': [chosen.turn_id, rejected.turn_id],
            'tool_calls_before': {'chosen': chosen.call_count, 'rejected': rejected.call_count},
            'sources': list_concat(chosen.sources, rejected.sources)
        } as metadata,
    from answers as chosen
    join answers as rejected
        on rejected.session_id = chosen.session_id
        and rejected.segment_no = chosen.segment_no
        and rejected.prompt_hash = chosen.prompt_hash
        and rejected.context_hash = chosen.context_hash
        and rejected.message_position < chosen.message_position
    where chosen.verdict = 'kept'
        and rejected.verdict <> 'kept'
        and chosen.answer_hash <> rejected.answer_hash
),

-- A copied session tells of the same pair again.
told_once as (
    select * from pairs
    qualify row_number() over (partition by twin_id order by created_at, session_id, rejected_turn_id) = 1
)

select
    * replace (to_json(metadata) as metadata),
    1.0::double / count(*) over (partition by chosen_turn_id) as pair_weight,
from told_once
order by twin_id
