import { totalmem } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { checkDraft, type Failure } from './checks.js';
import type { Node, Project } from './graph.js';
import { draftPath } from './lake.js';
import { type Entry, storeDraft, type Table } from './manifest.js';
import {
  createView,
  type DuckDB,
  identifier,
  quote,
  rawRelation,
  tableRelation,
  writeParquet,
} from './warehouse.js';

/** A model to run on a connection that has views of its inputs; `made` is the fingerprint of what it is made from. */
export type Job = {
  readonly connection: DuckDBConnection;
  readonly lake: string;
  readonly node: Node;
  readonly table: Table;
  readonly made: string;
  /** A day on which no input has a row. */
  readonly isEmpty: boolean;
};

/** Checked files by day, or the promises that their rows break. */
export type Made = { readonly files: Record<string, Entry>; readonly failures: readonly Failure[] };

/** Makes views of a model's inputs: those of its day, or of all days for a whole model. */
export async function viewInputs(
  worker: DuckDB,
  { manifest, raw }: Project,
  lake: string,
  node: Node,
  day: string,
): Promise<void> {
  for (const input of node.inputs) {
    const table = manifest.tables[input];
    const days = [...(raw.get(input)?.values() ?? [])].filter((of) => !node.partitioned || of.day === day);
    const relation = table
      ? tableRelation(lake, table, node.partitioned ? day : undefined)
      : rawRelation(lake, days);
    await createView(worker, input, relation);
  }
}

/** The files of a model, of a day or of a whole one (''); a whole @split model makes those of all days. */
export function makeFiles(job: Job, day: string): Promise<Made> {
  return withMemory(job.connection, () => (job.node.split ? makeDays(job) : makeFile(job, day)));
}

/** One file: of a day, or of a whole model (''). */
async function makeFile(job: Job, day: string): Promise<Made> {
  const { connection, lake, node, table, made } = job;
  // Days without rows all come out alike (most days lack one of the agents), so one is made and the others name its file.
  const twin = job.isEmpty
    ? Object.values(table.files).find((entry) => entry.fingerprint === made)
    : undefined;
  if (twin !== undefined && twin.rows === 0) return { files: { [day]: twin }, failures: [] };
  const draft = draftPath(lake, '.parquet');
  const rows = await writeParquet(connection, `select ${columnsOf(table)} from (\n${node.sql}\n)`, draft);
  // Of no rows none breaks a promise.
  const { failures } =
    rows === 0 ? { failures: [] } : await checkDraft(connection, node, `read_parquet(${quote(draft)})`, day);
  if (failures.length > 0) return { files: {}, failures };
  const entry = await storeDraft(lake, draft, { table: node.name, day, rows, fingerprint: made });
  return { files: { [day]: entry }, failures };
}

/** A file a day of a @split model, which runs once; days whose rows are as published keep their file. */
async function makeDays({ connection, lake, node, table }: Job): Promise<Made> {
  const key = node.key.map(identifier).join(', ');
  await connection.run(
    `create or replace temp table made_rows as
     select day, ${columnsOf(table)} from (\n${node.sql}\n) order by day, ${key}`,
  );
  const { failures } = await checkDraft(connection, node, 'made_rows', '');
  if (failures.length > 0) return { files: {}, failures };
  const days = await connection.runAndReadAll(
    `select day, count(*), sha256(string_agg(md5(made_rows::varchar), '' order by ${key}))
     from made_rows group by day order by day`,
  );
  const files: Record<string, Entry> = {};
  for (const [day = '', rows, digest = ''] of days.getRowsJS().map((row) => row.map(String))) {
    const fingerprint = `${node.own}.${digest.slice(0, 16)}`;
    const before = table.files[day];
    if (before?.fingerprint === fingerprint) {
      files[day] = before;
      continue;
    }
    const draft = draftPath(lake, '.parquet');
    const select = `select ${columnsOf(table)} from made_rows where day = ${quote(day)} order by ${key}`;
    await writeParquet(connection, select, draft);
    files[day] = await storeDraft(lake, draft, { table: node.name, day, rows: Number(rows), fingerprint });
  }
  await connection.run('drop table made_rows');
  return { files, failures };
}

/** A text of many megabytes may need more than its worker's share: then a model gets most of what the machine has, once. */
async function withMemory<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!/^Out of Memory Error/.test(String((error as Error).message))) throw error;
    const [share] =
      (await connection.runAndReadAll(`select current_setting('memory_limit')`)).getRowsJS()[0] ?? [];
    await connection.run(`set memory_limit = ${quote(`${Math.floor(totalmem() * 0.6)} B`)}`);
    return await work().finally(() => connection.run(`set memory_limit = ${quote(String(share))}`));
  }
}

function columnsOf(table: Table): string {
  return table.columns.map(([name]) => identifier(name)).join(', ');
}
