import { readdir, readFile } from 'node:fs/promises';
import { makeLake, type TestLake } from './lake.js';

/** A step of a turn as tests write it; the fixture adds ids, positions and offsets. */
export type StepSpec = { kind: string; text?: string; author?: string } & Record<string, unknown>;
/** A turn as tests write it: `end` is its end_reason; any other column may be given by name. */
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

/** A lake whose core tables are these sessions; its datasets are built by the real models and macros. */
export async function lakeOf(
  sessions: SessionSpec[],
  environment: Record<string, string> = {},
): Promise<TestLake> {
  const lake = await makeLake({ TRACEMILL_WORKERS: '1', ...environment });
  const sql = new URL('../../../sql/', import.meta.url);
  for (const layer of ['macros', 'datasets']) {
    for (const file of await readdir(new URL(layer, sql))) {
      const text = await readFile(new URL(`${layer}/${file}`, sql), 'utf8');
      await lake.sql({ [`${layer}/${file.replace(/\.sql$/, '')}`]: text });
    }
  }
  await replaceSessions(lake, sessions);
  return lake;
}

/** Puts other sessions into the core tables and builds again. */
export async function replaceSessions(lake: TestLake, sessions: SessionSpec[]): Promise<void> {
  await lake.sql(coreModels(sessions));
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
    day: 'VARCHAR',
  },
  turns: {
    turn_id: 'VARCHAR',
    agent: 'VARCHAR',
    session_id: 'VARCHAR',
    turn_no: 'INTEGER',
    prompt_kind: 'VARCHAR',
    is_human: 'BOOLEAN',
    question: 'VARCHAR',
    final_answer: 'VARCHAR',
    end_reason: 'VARCHAR',
    is_ended: 'BOOLEAN',
    is_abandoned: 'BOOLEAN',
    started_at: 'TIMESTAMP',
    ended_at: 'TIMESTAMP',
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
    turn_id: 'VARCHAR',
    position: 'INTEGER',
    role: 'VARCHAR',
    kind: 'VARCHAR',
    author: 'VARCHAR',
    text: 'VARCHAR',
    tool_name: 'VARCHAR',
    tool_call_id: 'VARCHAR',
    arguments: 'JSON',
    is_error: 'BOOLEAN',
    message_id: 'VARCHAR',
    is_final: 'BOOLEAN',
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
  turns: 'turn_id',
  steps: 'step_id',
  tool_calls: 'step_id',
  qa_pairs: 'qa_id',
};

function coreModels(sessions: SessionSpec[]): Record<string, string> {
  const rows = coreRows(sessions);
  const models = Object.entries(columns).map(([name, types]) => {
    const table = name as keyof typeof columns;
    const literal = JSON.stringify(rows[table]).replaceAll("'", "''");
    const shape = JSON.stringify([types]);
    const pairs =
      table === 'qa_pairs'
        ? ' replace (text_hash(question) as question_hash, text_hash(answer) as answer_hash, text_hash(question || answer) as content_hash)'
        : '';
    const select = `select *${pairs} from (select unnest(from_json('${literal}', '${shape}'), recursive := true))`;
    return [
      `core/${name}`,
      `-- One row per test row.\n-- @split day\n-- @key ${keys[table]}\n${select}\norder by ${keys[table]}\n`,
    ];
  });
  return Object.fromEntries(models);
}

/** Rows of the core tables; a turn that is answered and a human's gives a pair. */
function coreRows(sessions: SessionSpec[]): Record<keyof typeof columns, Row[]> {
  const rows: Record<keyof typeof columns, Row[]> = {
    sessions: [],
    turns: [],
    steps: [],
    tool_calls: [],
    qa_pairs: [],
  };
  for (const { id, turns, day = '2026-01-01', ...session } of sessions) {
    const shared = {
      agent: session.agent ?? 'claude',
      session_id: id,
      project_path: session.project_path ?? '~/work',
      source_path: `${id}.jsonl`,
      day,
    };
    rows.sessions.push({ kind: 'main', is_replay: false, root_session_id: id, ...shared, ...session });
    let position = 0;
    for (const [index, { question, steps, end = 'answered', pair, ...turn }] of turns.entries()) {
      const turnId = `${id}-${index + 1}`;
      const place = (at: number) => ({ byte_offset: at * 100, byte_length: 100 });
      const startedAt = `${day} 10:${String(index).padStart(2, '0')}:00`;
      const first = position;
      const own = [{ kind: 'prompt', author: 'human', text: question }, ...steps];
      const lastCall = own.findLastIndex((step) => step.kind === 'tool_call');
      for (const [at, step] of own.entries()) {
        const kept = { author: 'model', text: '', is_final: step.kind === 'text' && at > lastCall, ...step };
        const stepId = `${id}-${position}`;
        rows.steps.push({
          step_id: stepId,
          turn_id: turnId,
          position,
          ...place(position),
          ...shared,
          ...kept,
        });
        position += 1;
      }
      rows.tool_calls.push(...callsOf(rows.steps.filter((step) => step.turn_id === turnId)));
      const answer = own
        .filter((step, at) => step.kind === 'text' && at > lastCall)
        .map((step) => step.text)
        .join('\n\n');
      const described = {
        turn_id: turnId,
        turn_no: index + 1,
        prompt_kind: 'human',
        question,
        final_answer: answer,
        end_reason: end,
        is_human: true,
        is_ended: true,
        is_abandoned: false,
        model: 'model-a',
        segment_no: 0,
        started_at: startedAt,
        ended_at: startedAt,
        first_position: first,
        last_position: position - 1,
        ...shared,
        ...place(first),
        ...turn,
      };
      rows.turns.push(described);
      if (described.prompt_kind === 'human' && end === 'answered') {
        rows.qa_pairs.push({
          ...shared,
          qa_id: `${turnId}-pair`,
          turn_id: turnId,
          question,
          answer,
          is_ended: described.is_ended,
          model: described.model,
          asked_at: startedAt,
          answered_at: startedAt,
          ts_ms: Date.parse(`${startedAt}Z`),
          source_offset: first * 100,
          ...(pair as Row | undefined),
        });
      }
    }
  }
  return rows;
}

function callsOf(steps: Row[]): Row[] {
  return steps
    .filter((step) => step.kind === 'tool_call')
    .map((step) => {
      const answer = steps.find(
        (other) => other.kind === 'tool_result' && other.tool_call_id === step.tool_call_id,
      );
      return {
        ...step,
        result_step_id: answer?.step_id ?? null,
        result: answer?.text ?? null,
        outcome: answer?.outcome ?? 'unanswered',
      };
    });
}
