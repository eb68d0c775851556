/**
 * What datasets that logs feed must hold, counted from core.steps, core.turns and core.sessions alone. `spoken` are the
 * turns that a conversation is made of; `words` are all of a turn, so that copies of a conversation are told by them.
 */
const spoken = `
  with words as (
    select turn_id, md5(string_agg(kind || coalesce(text, '') || coalesce(arguments::varchar, ''), '|' order by position)) as words,
      max(position) filter (where kind = 'reasoning' and regexp_matches(text, '\\S')) as reasoned_at,
      max(position) filter (where is_final) as answered_at,
      max(position) filter (where kind = 'compaction') as compacted_at,
      max(position) filter (where author = 'model' and kind in ('text', 'tool_call')) as last_at,
      bool_or(kind = 'interrupt') as is_interrupted
    from core.steps where kind <> 'notice' group by turn_id
  ),
  spoken as (
    select turns.*, words.* exclude (turn_id), sessions.kind as spoken_in,
      coalesce(last_at > compacted_at, false) as is_cut
    from core.turns as turns
    join core.sessions as sessions using (session_id)
    join words using (turn_id)
    where not sessions.is_replay
      and (sessions.kind, turns.prompt_kind) in (('main', 'human'), ('subagent', 'agent'))
      and regexp_matches(turns.question, '\\S')
  ),
  conversations as (
    select session_id, segment_no, day,
      max(first_position) filter (where end_reason = 'answered') as end_at
    from spoken where not is_abandoned and not is_cut group by all
  ),
  told as (
    select spoken.*, conversations.end_at
    from spoken join conversations using (session_id, segment_no)
    where not spoken.is_abandoned and not spoken.is_cut and spoken.first_position <= conversations.end_at
  ),
  segments as (
    select day, session_id, segment_no, string_agg(words, '|' order by first_position) as words,
      bool_or(reasoned_at is not null and (first_position < end_at or reasoned_at < answered_at)) as has_reasoning
    from told group by all
  ),
  refusals as (
    select spoken.turn_id, steps.label, steps.position, calls.step_id as call_id, calls.message_id, calls.position as called_at,
      calls.tool_name, spoken.permission_mode, spoken.agent
    from core.steps as steps
    join spoken using (turn_id)
    join core.steps as calls
      on calls.session_id = steps.session_id and calls.tool_call_id = steps.tool_call_id and calls.kind = 'tool_call'
    where steps.kind = 'rejection' and steps.label <> 'clarification' and spoken.spoken_in = 'main'
      and not coalesce(calls.position > spoken.compacted_at, false)
  ),
  first_refusals as (
    select * from refusals qualify row_number() over (partition by turn_id order by called_at) = 1
  ),
  twins as (
    select undone.turn_id, undone.agent
    from spoken as undone join spoken as kept
      on kept.session_id = undone.session_id and kept.segment_no = undone.segment_no
      and kept.question = undone.question and kept.context_hash = undone.context_hash
    where undone.spoken_in = 'main' and undone.is_abandoned and regexp_matches(undone.final_answer, '\\S') and not undone.is_interrupted
      and not kept.is_abandoned and kept.end_reason = 'answered' and kept.final_answer <> undone.final_answer
  )`;

/** Rows of each dataset as the core tables let one expect them: name, rows. */
export const expectedRows = `${spoken}
  select 'sft' as name, count(distinct (day, words)) as rows from segments
  union all
  select 'chain_of_thought', count(distinct (day, words)) from segments where has_reasoning
  union all
  select 'unpaired ' || case label when 'plain_rejection' then 'rejection' else 'rejection_with_reason' end,
    count(distinct coalesce(message_id, call_id))
  from refusals group by all
  union all
  select 'unpaired plan_approved', count(*)
  from (
    select turn_id from core.steps join spoken using (turn_id)
    where kind = 'tool_result' and text like 'User has approved your plan%' and spoken_in = 'main'
    union all
    select planned.turn_id
    from core.turns as ordered join spoken as planned
      on planned.session_id = ordered.session_id and planned.turn_no = ordered.turn_no - 1
    where ordered.prompt_kind = 'plan' and spoken_in = 'main'
      and contains(planned.final_answer, trim(regexp_replace(ordered.question, '^[^\\n]*:\\s*', ''), ' ' || chr(10)))
  )
  union all
  select 'unpaired undone', count(*) from spoken
  where spoken_in = 'main' and is_abandoned and regexp_matches(final_answer, '\\S') and not is_interrupted having count(*) > 0
  union all
  select 'stepwise ' || case label when 'plain_rejection' then 'without' else 'with' end, count(*)
  from first_refusals
  where coalesce(permission_mode, '') in ('default', 'acceptEdits', 'plan', 'on-request', 'on-failure', 'untrusted')
    or (permission_mode is null
      and tool_name not in ('Read', 'Glob', 'Grep', 'LS', 'NotebookRead', 'Task', 'Agent', 'TodoRead', 'TodoWrite',
        'AskUserQuestion'))
  group by all
  union all
  select 'preference ' || case agent when 'codex' then 'rollback' else 'retry' end, count(*) from twins group by all
  union all
  select 'qa_documents', count(distinct content_hash) from core.qa_pairs where duplicate_of is null
  order by all`;

/** Rows that the datasets hold of logs: name, rows. */
export const foundRows = `
  select 'sft' as name, count(*) as rows from datasets.sft where metadata->>'$.origin' = 'log'
  union all
  select 'chain_of_thought', count(*) from datasets.chain_of_thought where metadata->>'$.origin' = 'log'
  union all
  select 'unpaired ' || case when label_source in ('retry', 'rollback') then 'undone' else label_source end, count(*)
  from datasets.unpaired where metadata->>'$.origin' = 'log' group by all
  union all
  select 'stepwise ' || case when contains(metadata->>'$.rule', 'without a reason') then 'without' else 'with' end, count(*)
  from datasets.stepwise where metadata->>'$.origin' = 'log' group by all
  union all
  select 'preference ' || pair_source, count(*) from datasets.preference where metadata->>'$.origin' = 'log' group by all
  union all
  select 'qa_documents', count(*) from datasets.qa_documents where metadata->>'$.origin' = 'log'
  order by all`;
