import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after } from 'node:test';
import { readProject } from '../../pipelines/lib/graph.js';
import { loadMacros } from '../../pipelines/lib/macros.js';
import { openDuckDB } from '../../pipelines/lib/warehouse.js';
import { makeLake, type TestLake } from './lake.js';
import { runModels, showTables } from './memoryLake.js';
import { redactionPolicy } from './redaction.js';

/** An event as tests write it; `storeOf` gives it an id and a time where it has none. */
export type EventSpec = {
  readonly type: string;
  readonly payload: Record<string, unknown>;
  readonly id?: string;
  /** ISO time, UTC. */
  readonly at?: string;
  readonly origin?: 'recorded' | 'seq' | 'log';
  readonly tags?: readonly string[];
  readonly known?: boolean;
  readonly session?: string;
  readonly lineage?: string;
  readonly agent?: string;
  readonly artifact?: string;
  readonly attempt?: string;
};

type PlacedEvent = EventSpec & { readonly id: string; readonly at: string };

/** An event of a type; `more` holds what it refers to, its time, its id. */
export function event(
  type: string,
  more: Omit<EventSpec, 'type' | 'payload'> = {},
  payload: Record<string, unknown> = {},
): EventSpec {
  return { type, payload, ...more };
}

const firstMinute = Date.UTC(2026, 0, 1, 10);

// The models that fold state, and the claims about them: what a store of this file runs as it stands.
const models = [
  'macros/canonical',
  'macros/payloads',
  'events/facts',
  'events/execution_spans',
  'events/attempt_events',
  'events/attempts',
  'events/agent_definitions',
  'events/artifact_links',
  'events/artifacts',
  'events/sessions',
  'events/lineages',
  'events/rollouts',
  'events/evaluations',
  'events/evolution_records',
  'events/learning_insights',
  'events/router_decisions',
  'events/orphans',
  'checks/every_artifact_leads_to_its_origin',
  'checks/no_recorded_artifact_is_lost',
];

const columns = {
  event_id: 'VARCHAR',
  origin: 'VARCHAR',
  occurred_at: 'TIMESTAMP',
  event_type: 'VARCHAR',
  schema_version: 'INTEGER',
  is_known: 'BOOLEAN',
  session_id: 'VARCHAR',
  lineage_id: 'VARCHAR',
  agent_id: 'VARCHAR',
  artifact_id: 'VARCHAR',
  attempt_id: 'VARCHAR',
  tags: ['VARCHAR'],
  payload: 'VARCHAR',
  payload_hash: 'VARCHAR',
  payload_size: 'BIGINT',
  source_path: 'VARCHAR',
  file_key: 'VARCHAR',
  byte_offset: 'BIGINT',
  byte_length: 'BIGINT',
  day: 'VARCHAR',
};

/** A lake whose events are these, its state folded by the real models; nothing is ingested. */
export async function storeOf(events: readonly EventSpec[]): Promise<TestLake> {
  const lake = await lakeOfModels();
  await replaceEvents(lake, events);
  return lake;
}

async function lakeOfModels(): Promise<TestLake> {
  const lake = await makeLake({ TRACEMILL_WORKERS: '1' });
  const sql = new URL('../../../sql/', import.meta.url);
  for (const name of models) {
    await lake.sql({ [name]: await readFile(new URL(`${name}.sql`, sql), 'utf8') });
  }
  return lake;
}

/**
 * What queries over the state of these events give, a line a row: `t1 | completed | 5`. Null is `-`, a time its minutes
 * after 2026-01-01T10:00Z, a hash its first eight digits.
 */
export async function linesOf(events: readonly EventSpec[], ...queries: string[]): Promise<string[]> {
  return readLines({ query: await foldOf(events) }, queries);
}

/** Asks for rows of the state of these events, which is there until the next is folded. */
export async function foldOf(events: readonly EventSpec[]): Promise<TestLake['query']> {
  folds ??= openFolds();
  const { connection, nodes } = await folds;
  const given: Record<string, string> = eventModels(events);
  const filled = nodes.map((node) => ({ ...node, sql: given[node.name.replace('.', '/')] ?? node.sql }));
  const failures = await runModels(connection, filled);
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
  await showTables(connection, nodes);
  return async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJS();
}

// One database for all cases of a test file, in memory.
let folds: ReturnType<typeof openFolds> | undefined;
after(async () => (await folds)?.close());

async function openFolds() {
  const lake = await lakeOfModels();
  await lake.sql(eventModels([]));
  const { connection, close } = await openDuckDB();
  for (const schema of ['stored', 'staging', 'events']) await connection.run(`create schema ${schema}`);
  const { nodes, macros } = await readProject(connection, lake.config, lake.folder);
  await loadMacros(connection, macros, await redactionPolicy());
  await lake.remove();
  return { connection, nodes, close };
}

/** The same of a lake that is there already. */
export async function readLines(
  lake: Pick<TestLake, 'query'>,
  queries: readonly string[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const query of queries) {
    const rows = await lake.query(query);
    lines.push(...rows.map((row) => Object.values(row).map(shown).join(' | ')));
  }
  return lines;
}

function shown(value: unknown): string {
  if (value === null) return '-';
  if (value instanceof Date) return String((value.getTime() - firstMinute) / 60_000);
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  return /^[0-9a-f]{64}$/.test(String(value)) ? String(value).slice(0, 8) : String(value);
}

/** Puts other events into the store and builds again. */
export async function replaceEvents(lake: TestLake, events: readonly EventSpec[]): Promise<void> {
  await lake.sql(eventModels(events));
  const { failures } = await lake.build();
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
}

/** The models that stand in the place of ingested events. */
function eventModels(events: readonly EventSpec[]) {
  const rows = JSON.stringify(numbered(events).map(rowOf)).replaceAll("'", "''");
  const eventsFrom = (condition: string) => `-- One row per test event.
-- @partition day
-- @key event_id
select * exclude (day) from staging.event_rows
where ${condition} and occurred_at <= coalesce(getvariable('as_of'), timestamp '9999-12-31')
order by event_id`;
  return {
    'staging/event_rows': `-- One row per test event.
-- @split day
-- @key event_id
select *
from (select unnest(event) from (select unnest(from_json('${rows}', '${JSON.stringify([columns])}')) as event))
order by event_id`,
    'events/recorded_events': eventsFrom("origin <> 'log'"),
    'events/log_events': eventsFrom("origin = 'log'"),
  };
}

// The events with ids e01, e02 … and a minute between them, where they have none of their own.
function numbered(events: readonly EventSpec[]): PlacedEvent[] {
  return events.map((spec, index) => ({
    id: `e${String(index + 1).padStart(2, '0')}`,
    at: new Date(firstMinute + index * 60_000).toISOString(),
    ...spec,
  }));
}

/** JSON text of a value with sorted keys (RFC 8785). */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** The first eight digits of hashOf, as linesOf shows hashes. */
export const shortHash = (value: unknown): string => hashOf(value).slice(0, 8);

/** SHA-256 (hex) of a value's canonical JSON. */
function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function rowOf(spec: PlacedEvent): Record<keyof typeof columns, unknown> {
  const payload = canonicalJson(spec.payload);
  return {
    event_id: spec.id,
    origin: spec.origin ?? 'recorded',
    occurred_at: spec.at.replace('Z', ''),
    event_type: spec.type,
    schema_version: 1,
    is_known: spec.known ?? true,
    session_id: spec.session ?? null,
    lineage_id: spec.lineage ?? null,
    agent_id: spec.agent ?? null,
    artifact_id: spec.artifact ?? null,
    attempt_id: spec.attempt ?? null,
    tags: spec.tags ?? [],
    payload,
    payload_hash: hashOf(spec.payload),
    payload_size: Buffer.byteLength(payload),
    source_path: 'events.jsonl',
    file_key: 'k',
    byte_offset: 0,
    byte_length: 1,
    day: spec.at.slice(0, 10),
  };
}
