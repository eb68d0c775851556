import { readdir, readFile } from 'node:fs/promises';
import { coreRows } from './coreRows.js';
import { makeLake, type TestLake } from './lake.js';

/** A step of a turn as tests write it; the fixture adds ids, positions and offsets. */
export type StepSpec = { kind: string; text?: string; author?: string } & Record<string, unknown>;
/**
 * A turn as tests write it: `end` is its end_reason, `voided_by` the number of the turn that took its place; any other
 * column may be given by name.
 */
export type TurnSpec = { question: string; steps: StepSpec[]; end?: string } & Record<string, unknown>;
/** A session as tests write it; `day` is its partition, `kind` main unless given. */
export type SessionSpec = { id: string; turns: TurnSpec[]; day?: string } & Record<string, unknown>;

export const said = (text: string, more: Record<string, unknown> = {}): StepSpec => ({
  kind: 'text',
  text,
  ...more,
});
export const thought = (text: string, more: Record<string, unknown> = {}): StepSpec => ({
  kind: 'reasoning',
  text,
  ...more,
});
export const steer = (text: string): StepSpec => ({ kind: 'steer', author: 'human', text });
export const compaction = (): StepSpec => ({ kind: 'compaction', author: 'machine', text: 'summary' });
export const call = (
  id: string,
  name: string,
  args: unknown,
  more: Record<string, unknown> = {},
): StepSpec => ({
  kind: 'tool_call',
  tool_call_id: id,
  tool_name: name,
  arguments: args,
  ...more,
});
export const result = (id: string, text: string, outcome = 'ok'): StepSpec => ({
  kind: 'tool_result',
  author: 'machine',
  tool_call_id: id,
  text,
  outcome,
});
/** A person refuses the call: words make it a reason, a label says what else it was. */
export const rejection = (id: string, words = '', label?: string): StepSpec => ({
  kind: 'rejection',
  author: 'human',
  tool_call_id: id,
  text: words,
  label: label ?? (words === '' ? 'plain_rejection' : 'reasoned_rejection'),
});
export const interrupt = (): StepSpec => ({ kind: 'interrupt', author: 'human' });

/** A row of events.answers as tests write it; `spans` as a list, what is not given is as of a completed attempt. */
export type AnswerSpec = { answer_id: string } & Record<string, unknown>;

/** The models that a lake of sessions is built with by default. */
const basic = ['core/messages', 'events/answer_conversations', 'datasets/sft', 'datasets/qa_documents'];
/** Those of what people made of single messages, and what their rows are of. */
export const judgedModels = [
  ...basic.slice(0, 3),
  ...['signals', 'judged_messages', 'answer_twins'].map((name) => `core/${name}`),
  ...['chain_of_thought', 'unpaired', 'stepwise'].map((name) => `datasets/${name}`),
];

/** Lakes without a model of ours: of the core tables they have those that a handoff reads. */
const withoutModels = new WeakSet<TestLake>();

/** A lake whose core tables are these sessions; its datasets are built by the real models and macros. */
export async function lakeOf(
  sessions: SessionSpec[],
  environment: Record<string, string> = {},
  { models = basic, answers = [] }: { models?: readonly string[]; answers?: readonly AnswerSpec[] } = {},
): Promise<TestLake> {
  const lake = await makeLake({ TRACEMILL_WORKERS: '1', ...environment });
  const sql = new URL('../../../sql/', import.meta.url);
  // The tables themselves need these macros; to read and load the others takes longer than to build.
  const macros = models.length === 0 ? ['characters.sql', 'text.sql'] : await readdir(new URL('macros', sql));
  for (const name of [...macros.map((file) => `macros/${file.replace(/\.sql$/, '')}`), ...models]) {
    await lake.sql({ [name]: await readFile(new URL(`${name}.sql`, sql), 'utf8') });
  }
  if (models.length === 0) withoutModels.add(lake);
  else {
    await lake.sql({
      'events/answers': literal(answerColumns, answers.map(answerRow), 'answer_id'),
      'events/noted_pairs': literal(notedColumns, [], 'event_id'),
    });
  }
  await replaceSessions(lake, sessions);
  return lake;
}

/** Puts other sessions into the core tables and builds again. */
export async function replaceSessions(lake: TestLake, sessions: SessionSpec[]): Promise<void> {
  const models = Object.entries(coreModels(sessions));
  const read = ['core/sessions', 'core/qa_pairs'];
  await lake.sql(
    Object.fromEntries(withoutModels.has(lake) ? models.filter(([name]) => read.includes(name)) : models),
  );
  const { failures } = await lake.build();
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
}

type Row = Record<string, unknown>;

const columns = {
  sessions: {
    session_id: 'VARCHAR',
    agent: 'VARCHAR',
    kind: 'VARCHAR',
    parent_session_id: 'VARCHAR',
    project_path: 'VARCHAR',
    is_replay: 'BOOLEAN',
    root_session_id: 'VARCHAR',
    source_path: 'VARCHAR',
    started_at: 'TIMESTAMP',
    day: 'VARCHAR',
  },
  session_roots: { session_id: 'VARCHAR', root_session_id: 'VARCHAR', day: 'VARCHAR' },
  turns: {
    turn_id: 'VARCHAR',
    agent: 'VARCHAR',
    session_id: 'VARCHAR',
    session_kind: 'VARCHAR',
    turn_no: 'INTEGER',
    prompt_kind: 'VARCHAR',
    is_human: 'BOOLEAN',
    question: 'VARCHAR',
    final_answer: 'VARCHAR',
    all_text: 'VARCHAR',
    end_reason: 'VARCHAR',
    is_ended: 'BOOLEAN',
    is_abandoned: 'BOOLEAN',
    voided_position: 'INTEGER',
    permission_mode: 'VARCHAR',
    prompt_hash: 'VARCHAR',
    context_hash: 'VARCHAR',
    tool_call_count: 'INTEGER',
    steer_count: 'INTEGER',
    rejection_count: 'INTEGER',
    started_at: 'TIMESTAMP',
    ended_at: 'TIMESTAMP',
    duration_ms: 'BIGINT',
    model: 'VARCHAR',
    project_path: 'VARCHAR',
    first_position: 'INTEGER',
    last_position: 'INTEGER',
    segment_no: 'INTEGER',
    source_path: 'VARCHAR',
    byte_offset: 'BIGINT',
    byte_length: 'BIGINT',
    day: 'VARCHAR',
  },
  steps: {
    step_id: 'VARCHAR',
    agent: 'VARCHAR',
    session_id: 'VARCHAR',
    session_kind: 'VARCHAR',
    turn_id: 'VARCHAR',
    segment_no: 'INTEGER',
    position: 'INTEGER',
    role: 'VARCHAR',
    kind: 'VARCHAR',
    author: 'VARCHAR',
    label: 'VARCHAR',
    prompt_kind: 'VARCHAR',
    voided_position: 'INTEGER',
    text: 'VARCHAR',
    tool_name: 'VARCHAR',
    tool_call_id: 'VARCHAR',
    arguments: 'JSON',
    is_error: 'BOOLEAN',
    message_id: 'VARCHAR',
    is_final: 'BOOLEAN',
    permission_mode: 'VARCHAR',
    occurred_at: 'TIMESTAMP',
    source_path: 'VARCHAR',
    byte_offset: 'BIGINT',
    byte_length: 'BIGINT',
    day: 'VARCHAR',
  },
  tool_calls: {
    tool_call_id: 'VARCHAR',
    session_id: 'VARCHAR',
    turn_id: 'VARCHAR',
    step_id: 'VARCHAR',
    position: 'INTEGER',
    duration_ms: 'BIGINT',
    result_step_id: 'VARCHAR',
    tool_name: 'VARCHAR',
    arguments: 'JSON',
    result: 'VARCHAR',
    outcome: 'VARCHAR',
    day: 'VARCHAR',
  },
  qa_pairs: {
    qa_id: 'VARCHAR',
    turn_id: 'VARCHAR',
    agent: 'VARCHAR',
    session_id: 'VARCHAR',
    project_path: 'VARCHAR',
    question: 'VARCHAR',
    answer: 'VARCHAR',
    question_hash: 'VARCHAR',
    answer_hash: 'VARCHAR',
    content_hash: 'VARCHAR',
    duplicate_of: 'VARCHAR',
    is_ended: 'BOOLEAN',
    model: 'VARCHAR',
    asked_at: 'TIMESTAMP',
    answered_at: 'TIMESTAMP',
    ts_ms: 'BIGINT',
    source_path: 'VARCHAR',
    source_offset: 'BIGINT',
    day: 'VARCHAR',
  },
} as const;

const keys = {
  sessions: 'session_id',
  session_roots: 'session_id',
  turns: 'turn_id',
  steps: 'step_id',
  tool_calls: 'step_id',
  qa_pairs: 'qa_id',
};

const answerColumns = {
  ...Object.fromEntries(
    ['answer_id', 'attempt_id', 'artifact_id', 'session_id', 'group_id', 'agent_id', 'prompt', 'prompt_hash']
      .concat(
        'output',
        'status',
        'score_event',
        'lock_event',
        'spans',
        'model',
        'input_event',
        'output_event',
        'day',
      )
      .map((name) => [name, 'VARCHAR']),
  ),
  score: 'DOUBLE',
  is_locked: 'BOOLEAN',
  created_at: 'TIMESTAMP',
  source_events: 'VARCHAR[]',
  sources: 'STRUCT(source_path VARCHAR, byte_offset BIGINT, byte_end BIGINT)[]',
};

const notedColumns = {
  ...Object.fromEntries(
    [
      'event_id',
      'question',
      'answer',
      'question_hash',
      'answer_hash',
      'content_hash',
      'session_id',
      'project',
    ]
      .concat('agent', 'model', 'source_path', 'day')
      .map((name) => [name, 'VARCHAR']),
  ),
  byte_offset: 'BIGINT',
  byte_length: 'BIGINT',
  created_at: 'TIMESTAMP',
};

function answerRow({ answer_id: id, spans = [], ...more }: AnswerSpec): Row {
  return {
    answer_id: id,
    attempt_id: `attempt of ${id}`,
    session_id: 'studio',
    group_id: 'studio',
    agent_id: 'writer',
    prompt: 'Write a line.',
    output: 'A line.',
    status: 'completed',
    is_locked: false,
    created_at: '2026-01-01 12:00:00',
    input_event: `start of ${id}`,
    output_event: `end of ${id}`,
    source_events: [`start of ${id}`, `end of ${id}`],
    sources: [{ source_path: 'spool.jsonl', byte_offset: 0, byte_end: 100 }],
    day: '2026-01-01',
    ...more,
    spans: JSON.stringify(spans),
  };
}

function coreModels(sessions: SessionSpec[]): Record<string, string> {
  const rows = coreRows(sessions);
  const models = Object.entries(columns).map(([name, types]) => {
    const table = name as keyof typeof columns;
    const pairs =
      table === 'qa_pairs'
        ? ' replace (text_hash(question) as question_hash, text_hash(answer) as answer_hash, text_hash(question || answer) as content_hash)'
        : '';
    return [`core/${name}`, literal(types, rows[table], keys[table], pairs)];
  });
  return Object.fromEntries(models);
}

function literal(types: Readonly<Row>, rows: readonly Row[], key: string, replace = ''): string {
  const values = JSON.stringify(rows).replaceAll("'", "''");
  const select = `select *${replace} from (select unnest(from_json('${values}', '${JSON.stringify([types])}'), recursive := true))`;
  return `-- One row per test row.\n-- @split day\n-- @key ${key}\n${select}\norder by ${key}\n`;
}
