import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { makeLake, type TestLake } from './lake.js';

/** A dataset's row as a test writes it: messages as objects, times as ISO text. */
export type Row = Record<string, unknown>;
export type TrainingSets = Readonly<Record<string, readonly Row[]>>;

const tail = {
  id: 'VARCHAR',
  group_id: 'VARCHAR',
  split: 'VARCHAR',
  session_id: 'VARCHAR',
  project: 'VARCHAR',
  harness: 'VARCHAR',
  teacher_model: 'VARCHAR',
  created_at: 'TIMESTAMP_MS',
  num_tokens: 'INTEGER',
  content_hash: 'VARCHAR',
  source_events: 'VARCHAR[]',
  metadata: 'JSON',
};

/** The columns of each dataset in their order, as dataset-contract.md has them. */
export const contractColumns: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sft: {
    messages: 'JSON[]',
    tools: 'VARCHAR',
    weight: 'DOUBLE',
    score: 'DOUBLE',
    outcome: 'VARCHAR',
    num_assistant_turns: 'INTEGER',
    num_tool_calls: 'INTEGER',
    has_reasoning: 'BOOLEAN',
    ...tail,
  },
  preference: {
    prompt: 'JSON[]',
    chosen: 'JSON[]',
    rejected: 'JSON[]',
    tools: 'VARCHAR',
    margin: 'DOUBLE',
    score_chosen: 'DOUBLE',
    score_rejected: 'DOUBLE',
    score_delta: 'DOUBLE',
    pair_weight: 'DOUBLE',
    pair_source: 'VARCHAR',
    prompt_hash: 'VARCHAR',
    chosen_hash: 'VARCHAR',
    rejected_hash: 'VARCHAR',
    ...tail,
  },
  reward: {
    prompt: 'JSON[]',
    completion: 'JSON[]',
    score: 'DOUBLE',
    score_scale: 'VARCHAR',
    rater: 'VARCHAR',
    ...tail,
  },
  unpaired: {
    prompt: 'JSON[]',
    completion: 'JSON[]',
    label: 'BOOLEAN',
    label_source: 'VARCHAR',
    ...tail,
  },
  stepwise: {
    prompt: 'VARCHAR',
    completions: 'VARCHAR[]',
    labels: 'BOOLEAN[]',
    step_ids: 'VARCHAR[]',
    ...tail,
  },
  chain_of_thought: { messages: 'JSON[]', spans: 'JSON', num_tool_calls: 'INTEGER', ...tail },
  router: {
    prompt: 'JSON[]',
    candidates: 'VARCHAR[]',
    logged_action: 'VARCHAR',
    reward: 'DOUBLE',
    overridden: 'BOOLEAN',
    override_action: 'VARCHAR',
    time_to_resolution_ms: 'BIGINT',
    history: 'JSON',
    ...tail,
  },
  qa_documents: {
    text: 'VARCHAR',
    question: 'VARCHAR',
    answer: 'VARCHAR',
    qa_id: 'VARCHAR',
    source_path: 'VARCHAR',
    source_offset: 'BIGINT',
    ts_ms: 'BIGINT',
    question_hash: 'VARCHAR',
    answer_hash: 'VARCHAR',
    ...tail,
  },
  training_examples: {
    id: 'VARCHAR',
    dataset: 'VARCHAR',
    example_type: 'VARCHAR',
    session_id: 'VARCHAR',
    group_id: 'VARCHAR',
    split: 'VARCHAR',
    content_hash: 'VARCHAR',
    score: 'DOUBLE',
    score_delta: 'DOUBLE',
    created_at: 'TIMESTAMP_MS',
    source_events: 'VARCHAR[]',
  },
};

/** A lake whose datasets are these rows, with what other models (name -> SELECT) a test wants beside them. */
export async function lakeOfSets(sets: TrainingSets, others: Record<string, string> = {}): Promise<TestLake> {
  const lake = await makeLake({ TRACEMILL_WORKERS: '1' });
  const sql = new URL('../../../sql/', import.meta.url);
  for (const file of await readdir(new URL('macros', sql))) {
    const text = await readFile(new URL(`macros/${file}`, sql), 'utf8');
    await lake.sql({ [`macros/${file.replace(/\.sql$/, '')}`]: text });
  }
  await replaceSets(lake, sets, others);
  return lake;
}

/** Puts other rows in their place and builds again. */
export async function replaceSets(
  lake: TestLake,
  sets: TrainingSets,
  others: Record<string, string> = {},
): Promise<void> {
  const models = Object.entries(sets).map(([name, rows]) => [`datasets/${name}`, modelOf(name, rows)]);
  await lake.sql(Object.fromEntries(models));
  await lake.sql(others);
  const { failures } = await lake.build();
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
}

/** A model of literal rows: `columns` are names and types, the key is `id`. */
export function literalModel(columns: Readonly<Record<string, string>>, rows: readonly Row[]): string {
  const literal = JSON.stringify(rows).replaceAll("'", "''");
  const shape = Object.entries(columns).map(([name, type]) => {
    const plain = type === 'TIMESTAMP_MS' ? 'TIMESTAMP' : type;
    return [name, plain.endsWith('[]') ? [plain.slice(0, -2)] : plain];
  });
  const casts = Object.entries(columns).map(([name, type]) => `literal.${name}::${type} as ${name}`);
  const documented = Object.keys(columns).map((name) => `-- @column ${name}   What ${name} holds.`);
  return [
    '-- One row per literal row.',
    '-- @split day',
    `-- @key ${Object.keys(columns).includes('id') ? 'id' : Object.keys(columns).slice(0, 2).join(', ')}`,
    ...documented,
    `select ${casts.join(', ')}, coalesce(literal.day, '2026-01-01') as day`,
    `from (select unnest(from_json('${literal}', '${JSON.stringify([{ ...Object.fromEntries(shape), day: 'VARCHAR' }])}')) as literal)`,
    `order by ${Object.keys(columns).includes('id') ? 'id' : 'all'}`,
  ].join('\n');
}

function modelOf(name: string, rows: readonly Row[]): string {
  return literalModel(contractColumns[name] ?? {}, rows);
}

/** A row with its tail filled in: the id is of the rest of it, the group decides the split. */
export function rowOf(name: string, row: Row): Row {
  const text = JSON.stringify([name, row]);
  const id = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const group = String(row.group_id ?? `group-${id.slice(0, 6)}`);
  return {
    id,
    group_id: group,
    split: splitOf(group),
    session_id: `${group}-session`,
    project: '~/work/shop',
    harness: 'claude-code',
    teacher_model: 'model-a',
    created_at: '2026-01-01T10:00:00.000Z',
    num_tokens: null,
    content_hash: createHash('sha256').update(text).digest('hex'),
    source_events: [`event-${id.slice(0, 6)}`],
    metadata: { rule: 'written for a test', origin: 'recorded', sources: [] },
    ...row,
  };
}

/** The split of a group: what sql/macros/splits.sql says. */
export function splitOf(group: string): string {
  const hash = createHash('sha256').update(`tracemill:split:${group}`).digest('hex');
  const place = Number(BigInt(`0x${hash.slice(0, 8)}`) % 100n);
  return place < 90 ? 'train' : place < 95 ? 'validation' : 'test';
}
