/** A claim as its name; the query returns the rows that break it. `raw_lines` is all raw rows, `named_lines` those that became records, with their path as people see it. */
export type Claims = Readonly<Record<string, string>>;

const pieces = `
  select source, file_key, byte_offset, record_no, byte_length from staging.rejects
  union all
  select 'claude', file_key, byte_offset, record_no, byte_length from staging.claude_records
  union all
  select 'codex', file_key, byte_offset, record_no, byte_length from staging.codex_records
  union all
  select case origin when 'recorded' then 'events' else origin end, file_key, byte_offset, record_no, byte_length
  from staging.event_rows`;

/** What every row of staging must hold to: nothing is lost on the way from raw. */
export const stagingClaims: Claims = {
  'every line is a record or a reject': `
    select source, source_path, line_no, line from raw_lines
    anti join (${pieces}) using (source, file_key, byte_offset)
    where source <> 'claude_files'`,
  'the pieces of a line are numbered, each there once': `
    select source, file_key, byte_offset, list_sort(list(record_no)) as numbers from (${pieces})
    group by all having list_sort(list(record_no)) <> range(1, count(*) + 1)`,
  'a piece is on a line of raw': `
    select * from (${pieces}) anti join raw_lines using (source, file_key, byte_offset, byte_length)`,
  'a line that is rejected as a whole is kept as it is': `
    select rejects.source_path, rejects.line_no, rejects.reason from staging.rejects
    join raw_lines using (source, file_key, byte_offset)
    where record_no = 1 and rejected_bytes <> coalesce(encode(raw_lines.line), raw_lines.bytes)`,
  'a line of valid JSON that is an object is no reject': `
    select rejects.* from staging.rejects join raw_lines using (source, file_key, byte_offset)
    where json_valid(raw_lines.line) and json_type(raw_lines.line) = 'OBJECT'`,
  'the pieces of a cut line are all of it': `
    select * from (
      select file_key, byte_offset, any_value(raw_lines.line) as line,
        string_agg(coalesce(record, decode(rejected_bytes)), '' order by record_no) as joined
      from staging.repaired_lines join raw_lines using (source, file_key, byte_offset)
      where raw_lines.line is not null
      group by all having count(*) > 1)
    where replace(joined, '\\u', '') not in (replace(line, '\\u', ''), rtrim(ltrim(replace(line, '\\u', ''), chr(65279)), chr(0) || ' ' || chr(9) || chr(13)))
      and not regexp_matches(line, '\\\\u[dD][89a-fA-F]')`,
  'a record has the type that its line says': `
    select records.source_path, records.line_no, records.type, raw_lines.line from staging.claude_records as records
    join raw_lines using (file_key, byte_offset)
    where records.record_no = 1 and json_valid(raw_lines.line)
      and records.type is distinct from json_extract_string(raw_lines.line, '$.type')
      and json_type(raw_lines.line, '$.type') = 'VARCHAR' and not is_redacted_word(records.type)`,
  'an event line is an event, a copy or a reject': `
    select source_path, line_no, event_id, reject_reason from staging.event_rows as event_rows
    where not exists (select 1 from events.rejects where rejects.file_key = event_rows.file_key
        and rejects.byte_offset = event_rows.byte_offset and rejects.record_no = event_rows.record_no)
      and not exists (select 1 from events.training_events where training_events.id = event_rows.event_id)`,
};

/** What the tables of core must hold to (session-formats 1.10 and 2.8). */
export const coreClaims: Claims = {
  'a step has its line': `
    select step_id, source_path, byte_offset from core.steps
    anti join raw_lines using (file_key, byte_offset, byte_length)`,
  'positions are unique in a session': `
    select session_id, position from core.steps group by all having count(*) > 1`,
  'a session is in one day': `
    select session_id from core.steps group by all having count(distinct day) > 1`,
  'a step is in the turn that was opened last': `
    select steps.session_id, steps.position, steps.turn_id, opened.turn_id as expected from core.steps
    asof left join (select session_id, first_position as position, turn_id from core.turns) as opened
      on opened.session_id = steps.session_id and opened.position <= steps.position
    where steps.turn_id is distinct from opened.turn_id`,
  'turns are numbered from one': `
    select session_id, list(turn_no order by turn_no) from core.turns group by all
    having list_sort(list(turn_no)) <> range(1, count(*) + 1)`,
  'an opener is first in its turn, and there alone': `
    select turns.turn_id, list(steps.position) from core.turns
    join core.steps on steps.turn_id = turns.turn_id and steps.prompt_kind is not null
    group by turns.turn_id, turns.first_position having list(steps.position) <> [turns.first_position]`,
  'final words are the last that the model says': `
    select final.session_id, final.position from core.steps as final
    where is_final and (kind <> 'text' or author <> 'model' or turn_id is null or exists (
      select 1 from core.steps as calls where calls.turn_id = final.turn_id and calls.kind = 'tool_call'
        and calls.position > final.position))`,
  'a final answer is the final steps': `
    select turn_id, final_answer from core.turns left join (
      select turn_id, string_agg(text, chr(10) || chr(10) order by position) as said from core.steps where is_final group by all
    ) using (turn_id) where final_answer is distinct from said`,
  'the end of a turn is what its steps show': `
    select turns.turn_id, end_reason, kinds from core.turns
    join (select turn_id, list_distinct(list(kind)) as kinds, bool_or(is_error) as has_error from core.steps group by all)
      using (turn_id)
    where not case end_reason
      when 'answered' then trim(final_answer) <> ''
      when 'interrupted' then list_contains(kinds, 'interrupt')
      when 'rejected' then list_contains(kinds, 'rejection')
      when 'rolled_back' then agent = 'codex' and is_abandoned
      when 'error' then has_error
      when 'tool' then list_has_any(kinds, ['tool_call', 'tool_result', 'rejection', 'steer'])
      when 'open' then final_answer is null
      else false end`,
  'a human turn is one of a main session, asked in so many words': `
    select turns.turn_id, opener.kind, opener.author, turns.session_kind from core.turns
    join core.steps as opener on opener.turn_id = turns.turn_id and opener.position = turns.first_position
    where is_human and (opener.kind <> 'prompt' or opener.author <> 'human' or turns.session_kind <> 'main' or opener.text <> turns.question)`,
  'a human turn of Claude begins with a line that a person wrote': `
    select turn_id, source_path, byte_offset from core.turns
    where is_human and agent = 'claude' and not exists (
      select 1 from staging.claude_records as records
      where records.file_key = turns.file_key and records.byte_offset = turns.byte_offset and type = 'user'
        and not is_sidechain and not is_meta and not is_compact_summary and coalesce(origin_kind, 'human') = 'human'
        and len(list_filter(blocks, lambda block: block.type = 'tool_result')) = 0)`,
  'a human turn of Codex begins with a message of the user': `
    select turn_id, source_path, byte_offset from core.turns
    where is_human and agent = 'codex' and not exists (
      select 1 from staging.codex_records as records
      where records.file_key = turns.file_key and records.byte_offset = turns.byte_offset
        and (item_type = 'user_message' or coalesce(completed_type = 'UserMessage', false) or role = 'user'))`,
  'tokens are not negative': `
    select session_id, position from core.steps
    where least(input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens) < 0
    union all
    select turn_id, turn_no from core.turns
    where least(input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens) < 0`,
  'times are ordered or unknown': `
    select turn_id, started_at, ended_at, duration_ms from core.turns where ended_at < started_at or duration_ms < 0
    union all
    select turn_id, started_at, ended_at, duration_ms from core.turns
    where (duration_ms is null) <> (started_at is null or ended_at is null)
    union all
    select session_id, started_at, ended_at, null from core.sessions where ended_at < started_at`,
  'times are of this world': `
    select step_id, occurred_at from core.steps
    where not (isfinite(occurred_at) and year(occurred_at) between 1970 and 9999)`,
  'counts are those of the steps': `
    select turns.turn_id, step_count, tool_call_count, steps, calls from core.turns
    join (select turn_id, count(*) as steps, count(*) filter (where kind = 'tool_call') as calls from core.steps group by all) using (turn_id)
    where step_count <> steps or tool_call_count <> calls`,
  'a tool call is one row': `
    select step_id from core.steps where kind = 'tool_call' and step_id not in (select step_id from core.tool_calls)
    union all
    select step_id from core.tool_calls anti join (select step_id from core.steps where kind = 'tool_call') using (step_id)`,
  'a result belongs to its call, and to no other': `
    select calls.step_id, calls.result_step_id from core.tool_calls as calls
    left join core.steps as result on result.step_id = calls.result_step_id
    where result_step_id is not null and (result.kind is distinct from 'tool_result' or result.session_id <> calls.session_id
      or result.tool_call_id <> calls.tool_call_id)
    union all
    select min(step_id), result_step_id from core.tool_calls where result_step_id is not null
    group by result_step_id having count(*) > 1`,
  'a pair is an answered human turn': `
    select qa_id from core.qa_pairs
    left join core.turns using (turn_id)
    where not coalesce(turns.is_human and turns.end_reason = 'answered' and not turns.is_abandoned
      and turns.question = qa_pairs.question and turns.final_answer = qa_pairs.answer, false)`,
  'a session is one row, with what its steps say': `
    select session_id, tool_call_count, calls from core.sessions
    full join (select session_id, count(*) filter (where kind = 'tool_call') as calls, sum(output_tokens) as output
      from core.steps group by all) using (session_id)
    where tool_call_count is distinct from calls or output_tokens is distinct from output`,
  'nobody is a parent of himself, and every family has its root': `
    select children.session_id, children.parent_session_id, children.root_session_id from core.sessions as children
    left join core.sessions as parents on parents.session_id = children.parent_session_id
    where children.parent_session_id = children.session_id or children.root_session_id <> parents.root_session_id`,
  'a signal is about a turn and a step': `
    select signal_id from core.signals
    left join core.steps using (step_id) left join core.turns on turns.turn_id = signals.turn_id
    where steps.step_id is null or turns.turn_id is null or turns.session_id <> steps.session_id`,
};

const datasets = [
  'sft',
  'preference',
  'reward',
  'unpaired',
  'stepwise',
  'chain_of_thought',
  'router',
  'qa_documents',
];
const rows = datasets
  .map(
    (name) =>
      `select '${name}' as dataset, id, metadata, source_events, split, group_id from datasets.${name}`,
  )
  .join(' union all by name ');

/** What every dataset must hold to, beside the rules that an export refuses rows by. */
export const datasetClaims: Claims = {
  'the sources of a row are whole lines': `
    select dataset, id, source from (
      select dataset, id, unnest(json_transform(metadata -> '$.sources',
        '[{"source_path":"VARCHAR","byte_offset":"BIGINT","byte_end":"BIGINT"}]')) as source from (${rows}))
    where (source.source_path, source.byte_offset) not in (select (source_path, byte_offset) from named_lines)
      or (source.source_path, source.byte_end) not in (select (source_path, byte_offset + byte_length) from named_lines)`,
  'a row has sources': `
    select dataset, id from (${rows}) where coalesce(json_array_length(metadata, '$.sources'), 0) = 0`,
  'no row to imitate comes from a turn that was undone': `
    select dataset, id, turn_id from (
      select dataset, id, unnest(json_extract_string(metadata, '$.turn_ids[*]')) as turn_id from (${rows})
      where dataset in ('sft', 'chain_of_thought', 'qa_documents'))
    join core.turns using (turn_id) where is_abandoned or end_reason = 'rolled_back'`,
  'a group is in one split': `
    select group_id from (${rows}) group by all having count(distinct split) > 1`,
  'ids are unique in a day': `
    select dataset, id from (select dataset, id, count(*) as copies from (${rows}) group by all) where copies > 3`,
  'chosen is not rejected': `select id from datasets.preference where chosen = rejected`,
  'counts are those of the messages': `
    select id from datasets.sft
    where num_assistant_turns <> len(list_filter(messages, lambda message: message ->> '$.role' = 'assistant'))
      or num_tool_calls <> len(flatten(list_transform(messages, lambda message: coalesce((message -> '$.tool_calls[*]')::json[], []))))`,
};
