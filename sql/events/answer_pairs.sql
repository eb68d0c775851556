-- One row per preference pair of recorded answers: the best of its prompt against one worse answer.
-- @split day
-- @key pair_id
-- @not_null chosen_id, rejected_id, session_id, group_id, prompt, chosen, rejected, prompt_hash, context_hash, pair_weight, stated_by, created_at
-- @check normal_text(chosen) <> normal_text(rejected)
-- @check has_words(prompt) and has_words(chosen) and has_words(rejected)
-- @check pair_source <> 'scores' or score_delta >= least_score_delta()
-- @check pair_weight > 0 and pair_weight <= 1
-- @column pair_id   32 hex digits of the SHA-256 of chosen_id and rejected_id.
-- @column chosen_id   The answer_id of the better answer.
-- @column rejected_id   The answer_id of the worse answer.
-- @column cycle   The cycle of the better answer; a comparison can reach over cycles. Null where it
--     has none.
-- @column agent_id   The agent of the better answer.
-- @column agent_version   The version of that agent.
-- @column model   The model of the better answer; null where none is known.
-- @column chosen   The output of the better answer.
-- @column rejected   The output of the worse answer.
-- @column chosen_hash   SHA-256 (hex) of the normalised better answer.
-- @column rejected_hash   SHA-256 (hex) of the normalised worse answer.
-- @column score_chosen   The last score of the better answer; null: nobody scored it.
-- @column score_rejected   The last score of the worse answer; null: nobody scored it.
-- @column score_delta   Points between them; null: not both were scored. Can be less than 2, and
--     negative, where no scores make the pair.
-- @column pair_weight   1/n of the n pairs that this source gives for the prompt in the cycle.
-- @column pair_source   The strongest source that makes the pair: comparison, then scores, then
--     lock.
-- @column input_event   Id of the event attempt.started of the better answer.
-- @column chosen_event   Id of the event that handed in the better answer.
-- @column rejected_event   Id of the event that handed in the worse answer.
-- @column source_events   Ids of all events it comes from, sorted: inputs, outputs, scores, and the
--     comparisons and lock that state it.
-- @column sources   The lines of both inputs and outputs: source_path, byte_offset and byte_end,
--     the first byte behind it.
-- @column attempt_ids   The attempts of the better and the worse answer.
-- @column tags   Tags of both answers, sorted.
-- @column created_at   When the better answer was handed in (UTC).
with

answers as (
    select * from events.answers
),

-- Sources that contradict each other say nothing; of several that agree the strongest gives the pair its name.
pairs as (
    select
        better_id as chosen_id,
        worse_id as rejected_id,
        list_filter(stated_by, lambda source: list_contains(made_by, source))[1] as pair_source,
        stated_by,
        feedback_events,
    from events.answer_orders
    where contradicted_by = []
)

select
    left(sha256('pair|' || pairs.chosen_id || '|' || pairs.rejected_id), 32) as pair_id,
    pairs.chosen_id,
    pairs.rejected_id,
    chosen.session_id,
    chosen.group_id,
    chosen.cycle,
    chosen.agent_id,
    chosen.agent_version,
    chosen.model,
    chosen.prompt,
    chosen.output as chosen,
    rejected.output as rejected,
    chosen.prompt_hash,
    chosen.context_hash,
    chosen.output_hash as chosen_hash,
    rejected.output_hash as rejected_hash,
    chosen.score as score_chosen,
    rejected.score as score_rejected,
    score_difference(chosen.score, rejected.score) as score_delta,
    1.0::double / count(*) over (
        partition by
            chosen.session_id, chosen.cycle, chosen.prompt_hash, chosen.context_hash, chosen.prompt, pairs.pair_source
    ) as pair_weight,
    pairs.pair_source,
    pairs.stated_by,
    chosen.input_event,
    chosen.output_event as chosen_event,
    rejected.output_event as rejected_event,
    -- Scores stand in the row, so what gave them is named whatever the pair's source is.
    list_sort(list_distinct(list_filter(
        flatten([
            chosen.source_events, rejected.source_events, pairs.feedback_events, [chosen.score_event, rejected.score_event]
        ]),
        lambda event_id: event_id is not null))) as source_events,
    list_concat(chosen.sources, rejected.sources) as sources,
    [chosen.attempt_id, rejected.attempt_id] as attempt_ids,
    list_sort(list_distinct(list_concat(chosen.tags, rejected.tags))) as tags,
    chosen.created_at,
    chosen.day,
from pairs
join answers as chosen on chosen.answer_id = pairs.chosen_id
join answers as rejected on rejected.answer_id = pairs.rejected_id
order by pair_id
