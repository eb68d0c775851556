-- One row per preference pair: two answers to one prompt in one context, one of them held to be better.
-- @partition day
-- @key id
-- @not_null prompt, chosen, rejected, margin, pair_weight, pair_source, prompt_hash, chosen_hash, rejected_hash, group_id, split, session_id, content_hash, source_events, metadata
-- @check len(prompt) > 0 and len(chosen) = 1 and len(rejected) = 1
-- @check json_extract_string(chosen[1], '$.role') = 'assistant' and json_extract_string(rejected[1], '$.role') = 'assistant'
-- @check has_words(json_extract_string(chosen[1], '$.content')) and has_words(json_extract_string(rejected[1], '$.content'))
-- @check normal_text(json_extract_string(chosen[1], '$.content')) <> normal_text(json_extract_string(rejected[1], '$.content'))
-- @check pair_source in ('scores', 'comparison', 'lock', 'retry', 'rollback', 'override')
-- @check (score_delta is null) = (score_chosen is null or score_rejected is null)
-- @check pair_weight > 0 and pair_weight <= 1
-- @column prompt   What both sides answer, as JSON chat messages; the agent's own system prompt is not in it.
-- @column chosen   The better answer as one assistant message.
-- @column rejected   The worse answer as one assistant message.
-- @column tools   JSON array text of the tools of the prompt's calls; null where there is none.
-- @column margin   score_delta where scores made the pair, else 0.0.
-- @column score_chosen   The last score of the chosen answer; null: nobody scored it.
-- @column score_rejected   The last score of the rejected answer; null: nobody scored it.
-- @column score_delta   Points between them; null: not both were scored.
-- @column pair_weight   1/n of the n pairs that this source gives for the prompt.
-- @column pair_source   What made the pair: scores, comparison, lock, override (recorded); retry, rollback (session logs).
-- @column prompt_hash   SHA-256 of the normalised words asked: the same for both sides, as is their context.
-- @column chosen_hash   SHA-256 of the normalised chosen answer.
-- @column rejected_hash   SHA-256 of the normalised rejected answer.
-- @column id   SHA-256 prefix of the dataset's name and the columns above: the same row has the same id for ever.
-- @column group_id   The session family (forks, resumes and subagents of one root); all of it is in one split.
-- @column split   train (90 %), validation or test (5 % each), by the hash of group_id.
-- @column session_id   The session of the answers, or of the router's decision.
-- @column project   Project folder, the home folder written ~; null where none is known.
-- @column harness   claude-code or codex; of recorded answers the agent's id, as in events.attempts; null for a router.
-- @column teacher_model   The model of the chosen answer.
-- @column created_at   When the chosen answer was given, or the router decided (UTC).
-- @column num_tokens   o200k tokens of all messages; counted by export, null in the lake.
-- @column content_hash   SHA-256 of the normalised prompt and both answers.
-- @column source_events   Ids of the training events it comes from: inputs, answers, and the feedback that makes the pair.
-- @column metadata   Where it comes from: rule, events, documents, byte ranges, answers, other sources that state the pair.
with

recorded as (
    select
        [user_message(prompt)] as prompt,
        chosen,
        rejected,
        case pair_source when 'scores' then score_delta else 0.0 end as margin,
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
        agent_id as harness,
        model as teacher_model,
        created_at,
        source_events,
        to_json({
            'rule': 'recorded answers to one prompt, best against each worse one',
            'origin': 'recorded',
            'events': {'input': input_event, 'chosen': chosen_event, 'rejected': rejected_event},
            'documents': [answer_document_id(chosen_id), answer_document_id(rejected_id)],
            'sources': sources,
            'pair_id': pair_id,
            'answer_ids': [chosen_id, rejected_id],
            'attempt_ids': attempt_ids,
            'agent_version': agent_version,
            'cycle': cycle,
            'stated_by': stated_by,
            'tags': tags,
            'prompt_hash': prompt_hash,
            'context_hash': context_hash
        }) as metadata,
    from events.answer_pairs
),

overrides as (
    select
        [user_message(prompt)] as prompt,
        chosen,
        rejected,
        0.0 as margin,
        1.0 as pair_weight,
        'override' as pair_source,
        prompt_hash,
        chosen_hash,
        rejected_hash,
        group_id,
        session_id,
        home_as_tilde(project_path) as project,
        created_at,
        source_events,
        to_json({
            'rule': 'router override over the choice',
            'origin': 'recorded',
            'events': {'input': decision_event, 'chosen': chosen_event, 'rejected': decision_event},
            'documents': []::varchar[],
            'sources': sources,
            'decision_id': decision_id,
            'override_reason': override_reason,
            'prompt_hash': prompt_hash,
            'context_hash': context_hash
        }) as metadata,
    from events.override_pairs
),

recorded_pairs as (
    select
        * replace (
            [assistant_message(chosen, null, []::varchar[], true)] as chosen,
            [assistant_message(rejected, null, []::varchar[], true)] as rejected),
    from (
        select * from recorded
        union all by name
        select * from overrides
    )
),

logged as (
    select
        prompt,
        [chosen] as chosen,
        [rejected] as rejected,
        tools,
        0.0 as margin,
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
        metadata,
    from core.answer_twins
),

pairs as (
    select
        prompt,
        chosen,
        rejected,
        tools,
        margin::double as margin,
        score_chosen,
        score_rejected,
        score_delta,
        pair_weight::double as pair_weight,
        pair_source,
        prompt_hash,
        chosen_hash,
        rejected_hash,
        group_id,
        split_of(group_id) as split,
        session_id,
        project,
        harness,
        teacher_model,
        created_at::timestamp_ms as created_at,
        null::integer as num_tokens,
        text_hash(
            array_to_string(list_transform(prompt, lambda message: json_extract_string(message, '$.content')), chr(10))
            || chr(10) || json_extract_string(chosen[1], '$.content')
            || chr(10) || json_extract_string(rejected[1], '$.content')
        ) as content_hash,
        source_events,
        metadata,
    from (
        select * from recorded_pairs
        union all by name
        select * from logged
    )
),

identified as (
    select
        row_id('preference', {
            'prompt': prompt, 'chosen': chosen, 'rejected': rejected, 'tools': tools, 'margin': margin,
            'score_chosen': score_chosen, 'score_rejected': score_rejected, 'score_delta': score_delta,
            'pair_weight': pair_weight, 'pair_source': pair_source, 'prompt_hash': prompt_hash,
            'chosen_hash': chosen_hash, 'rejected_hash': rejected_hash
        }) as id,
        *,
    from pairs
)

-- Exact copies within the day go here; copies of another day's rows are left to the models of duplicates.
select
    prompt, chosen, rejected, tools, margin, score_chosen, score_rejected, score_delta, pair_weight, pair_source,
    prompt_hash, chosen_hash, rejected_hash, id,
    * exclude (
        prompt, chosen, rejected, tools, margin, score_chosen, score_rejected, score_delta, pair_weight, pair_source,
        prompt_hash, chosen_hash, rejected_hash, id),
from identified
qualify row_number() over (partition by id order by created_at, session_id, metadata::varchar) = 1
order by id
