import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Failure } from '../../pipelines/lib/checks.js';
import { readProject } from '../../pipelines/lib/graph.js';
import { loadMacros } from '../../pipelines/lib/macros.js';
import { kinds } from '../../pipelines/lib/redaction/finding.js';
import { openDuckDB } from '../../pipelines/lib/warehouse.js';
import { runModels, showTables } from './memoryLake.js';
import { type EventSpec, refs } from './recordedEvents.js';
import { redactionPolicy } from './redaction.js';

type Row = Record<string, unknown>;

/** Rows of tables that a world has beside its events, by table name. */
export type OtherRows = Partial<Record<keyof typeof others, Row[]>>;

/** Events folded, their answers and datasets made: what a test asks of. */
export type World = {
  readonly query: (sql: string) => Promise<Row[]>;
  /** The promises of models and the claims of sql/checks that the world breaks. */
  readonly failures: readonly Failure[];
};

/**
 * One database for the worlds of a test file: state, answers and recorded datasets are the real models, what comes
 * before them and the datasets of logs are rows of the test. `edits` replaces the text of sql files.
 */
export async function openWorlds(edits: Readonly<Record<string, (text: string) => string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-'));
  await copyModels(folder, edits);
  const { connection, close } = await openDuckDB();
  for (const schema of ['stored', 'core', 'events', 'datasets'])
    await connection.run(`create schema ${schema}`);
  const { nodes, macros } = await readProject(
    connection,
    { sql: folder, redact: kinds, redactFile: null },
    folder,
  );
  await loadMacros(connection, macros, await redactionPolicy());
  await rm(folder, { recursive: true });
  /** Makes a world of events, whose rows stand in the order of `events`, or in that of the places in `arrival`. */
  const world = async (events: readonly EventSpec[], rows: OtherRows = {}, arrival?: readonly number[]) => {
    const models = givenModels(events, rows, arrival);
    const filled = nodes.map((node) => ({ ...node, sql: models[node.name.replace('.', '/')] ?? node.sql }));
    const failures = await runModels(connection, filled);
    await showTables(connection, nodes);
    const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS();
    return { query, failures };
  };
  /** Rows of a query over the world that events make, which breaks no promise. */
  const ask = async (
    events: readonly EventSpec[],
    query: string,
    rows: OtherRows = {},
  ): Promise<unknown[][]> => {
    const made = await world(events, rows);
    assert.deepEqual(made.failures, []);
    return (await made.query(query)).map(Object.values);
  };
  return { world, ask, close };
}

// The models that run as they stand; what they read besides is rows of the test.
const models = [
  ...[
    'facts',
    'execution_spans',
    'attempt_events',
    'attempts',
    'agent_definitions',
    'artifact_links',
    'artifacts',
  ]
    .concat('lineages', 'evaluations', 'router_decisions')
    .concat('answers', 'answer_orders', 'answer_pairs', 'override_pairs')
    .map((name) => `events/${name}`),
  ...['preference', 'reward', 'router', 'training_examples'].map((name) => `datasets/${name}`),
  ...['pairs_share_their_prompt', 'scores_are_given', 'examples_are_kept']
    .concat('source_events_exist', 'families_stand_on_one_side')
    .map((name) => `checks/${name}`),
];

/** Models and macros into a sql folder, those that a test gives without rows yet. */
async function copyModels(folder: string, edits: Readonly<Record<string, (text: string) => string>>) {
  const sql = new URL('../../../sql/', import.meta.url);
  const macros = await readdir(new URL('macros', sql));
  for (const layer of ['macros', 'core', 'events', 'datasets', 'checks']) await mkdir(join(folder, layer));
  for (const name of [...macros.map((file) => `macros/${file.replace('.sql', '')}`), ...models]) {
    const content = await readFile(new URL(`${name}.sql`, sql), 'utf8');
    await writeFile(join(folder, `${name}.sql`), (edits[name] ?? String)(content));
  }
  for (const [name, content] of Object.entries(givenModels([], {}))) {
    await writeFile(join(folder, `${name}.sql`), content);
  }
}

/** The models of logs that the models of recorded events read, without a row: name of the file -> text. */
export function modelsWithoutRows(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(others).map(([name, { columns, key, byDay }]) => [
      name.replace('.', '/'),
      literal(columns, [], key, byDay),
    ]),
  );
}

function givenModels(events: readonly EventSpec[], rows: OtherRows, arrival?: readonly number[]) {
  const recorded = eventRows(events);
  const arrived = arrival === undefined ? recorded : arrival.map((place) => recorded[place] ?? {});
  return {
    // Not in the order of its key: nothing after it may depend on the order of rows.
    'events/recorded_events': literal(recordedColumns, arrived, 'event_id', true).replace(/order by .*$/, ''),
    'events/log_events': literal(recordedColumns, [], 'event_id', true),
    ...Object.fromEntries(
      Object.entries(others).map(([name, { columns, key, byDay }]) => [
        name.replace('.', '/'),
        literal(columns, rows[name as keyof typeof others] ?? [], key, byDay),
      ]),
    ),
    'events/training_events': `-- One row per test row.
-- @split day
-- @key id
select day, event_id as id, payload_hash from events.recorded_events order by id
`,
    'events/payload_blobs': `-- One row per test row.
-- @split day
-- @key hash
select min(day) as day, payload_hash as hash from events.recorded_events group by payload_hash order by hash
`,
  } as Record<string, string>;
}

const text = 'VARCHAR';
const recordedColumns = {
  day: text,
  event_id: text,
  origin: text,
  occurred_at: 'TIMESTAMP',
  event_type: text,
  schema_version: 'INTEGER',
  is_known: 'BOOLEAN',
  session_id: text,
  lineage_id: text,
  agent_id: text,
  artifact_id: text,
  attempt_id: text,
  tags: 'VARCHAR[]',
  payload: text,
  payload_hash: text,
  payload_size: 'BIGINT',
  source_path: text,
  file_key: text,
  byte_offset: 'BIGINT',
  byte_length: 'BIGINT',
} as const;

const tail = {
  day: text,
  id: text,
  group_id: text,
  split: text,
  session_id: text,
  harness: text,
  created_at: 'TIMESTAMP_MS',
  content_hash: text,
  source_events: 'VARCHAR[]',
  metadata: 'JSON',
};
const others = {
  'core.session_roots': {
    key: 'session_id',
    byDay: true,
    columns: { day: text, session_id: text, root_session_id: text },
  },
  'core.answer_twins': {
    key: 'twin_id',
    byDay: true,
    columns: {
      day: text,
      twin_id: text,
      chosen_turn_id: text,
      rejected_turn_id: text,
      session_id: text,
      group_id: text,
      agent: text,
      project_path: text,
      model: text,
      prompt: 'JSON[]',
      chosen: 'JSON',
      rejected: 'JSON',
      tools: text,
      pair_source: text,
      prompt_hash: text,
      chosen_hash: text,
      rejected_hash: text,
      pair_weight: 'DOUBLE',
      created_at: 'TIMESTAMP',
      source_events: 'VARCHAR[]',
      metadata: 'JSON',
    },
  },
  'datasets.sft': { key: 'id', byDay: true, columns: { ...tail, score: 'DOUBLE' } },
  'datasets.unpaired': { key: 'id', byDay: true, columns: { ...tail, label_source: text } },
  'datasets.stepwise': { key: 'id', byDay: true, columns: tail },
  'datasets.chain_of_thought': { key: 'id', byDay: true, columns: tail },
  'datasets.qa_documents': { key: 'id', byDay: true, columns: { ...tail, question_hash: text } },
} as const;

function literal(columns: Readonly<Row>, rows: readonly Row[], key: string, byDay: boolean): string {
  const json = JSON.stringify(rows).replaceAll("'", "''");
  const described = Object.keys(columns)
    .filter((name) => name !== 'day')
    .map((name) => `-- @column ${name}   A column of the test.\n`)
    .join('');
  return `-- One row per test row.\n${byDay ? '-- @split day\n' : ''}-- @key ${key}\n${described}select * from (select unnest(from_json('${json}', '${JSON.stringify([columns])}'), recursive := true))\norder by ${key}\n`;
}

function eventRows(events: readonly EventSpec[]): Row[] {
  return events.map(({ type, payload = {}, id, at = 0, ...given }, index) => {
    const start = typeof at === 'string' ? Date.parse(at) : Date.UTC(2026, 4, 1) + at * 1000;
    // A millisecond between neighbours, so that the order they are written in is that of time.
    const time = new Date(start + index).toISOString();
    const content = canonical(payload);
    return {
      day: time.slice(0, 10),
      event_id: id ?? `e-${String(index).padStart(4, '0')}`,
      origin: 'recorded',
      occurred_at: time.replace('Z', ''),
      event_type: type,
      schema_version: 1,
      is_known: true,
      ...Object.fromEntries(refs.map((ref) => [ref, given[ref] ?? null])),
      // As recorded_events has it: a router names its session in the payload.
      ...(type.startsWith('flow.router.') ? { session_id: payload.session_id ?? null } : {}),
      tags: [],
      payload: content,
      payload_hash: `hash of ${content}`.slice(0, 200),
      payload_size: content.length,
      source_path: 'spool.jsonl',
      file_key: 'f',
      byte_offset: index * 100,
      byte_length: 100,
    };
  });
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
