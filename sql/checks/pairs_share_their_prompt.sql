-- Both sides of a pair of recorded answers share its prompt, context and session; neither is empty nor equal to the other.
select pairs.pair_id, pairs.chosen_id, pairs.rejected_id
from events.answer_pairs as pairs
left join events.answers as chosen on chosen.answer_id = pairs.chosen_id
left join events.answers as rejected on rejected.answer_id = pairs.rejected_id
where (
    [chosen.prompt, rejected.prompt] = [pairs.prompt, pairs.prompt]
    and [chosen.prompt_hash, rejected.prompt_hash] = [pairs.prompt_hash, pairs.prompt_hash]
    and [chosen.context_hash, rejected.context_hash] = [pairs.context_hash, pairs.context_hash]
    and [chosen.session_id, rejected.session_id] = [pairs.session_id, pairs.session_id]
    and [chosen.output, rejected.output] = [pairs.chosen, pairs.rejected]
    and has_words(pairs.chosen)
    and has_words(pairs.rejected)
    and normal_text(pairs.chosen) <> normal_text(pairs.rejected)
) is not true
order by pairs.pair_id
