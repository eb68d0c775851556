import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { lakeFolder } from './lake.js';
import { type Manifest, readManifest } from './manifest.js';
import { createView, type DuckDB, openWarehouse, tableRelation } from './warehouse.js';

/** A cell of an answer: counts are numbers, times are Dates. */
export type Cell = string | number | boolean | Date | null;

/** A row of an answer. */
export type AnswerRow = Record<string, Cell>;

/** What reports read with getvariable. */
export type Variables = Readonly<Record<string, DuckDBValue>>;

/**
 * The rows of a report of sql/reports over the published tables it names; `variables` are what it reads with getvariable.
 * Throws a UserError where one of its tables is not built.
 */
export async function askReport(config: Config, report: string, variables: Variables): Promise<AnswerRow[]> {
  return askReports(config, [report], (ask) => ask(report, variables));
}

/** Asks some reports over one opening of the lake, so that they all see the same. */
export async function askReports<T>(
  config: Config,
  reports: readonly string[],
  use: (ask: (report: string, variables: Variables) => Promise<AnswerRow[]>) => Promise<T>,
): Promise<T> {
  const texts = new Map<string, string>();
  for (const report of reports) texts.set(report, await readReport(config, report));
  const tables = new Set([...texts.values()].flatMap(tablesOf));
  requireTables(await readManifest(lakeFolder(config)));
  const { connection, close } = await openWarehouse({ config, tables: [...tables] });
  try {
    return await use(async (report, variables) =>
      runReport(connection, texts.get(report) ?? (await readReport(config, report)), variables),
    );
  } finally {
    close();
  }
}

/** Asks a report on a DuckDB that is open, of a manifest that was read. */
export async function askHere(
  duckdb: DuckDB,
  { config, manifest }: { config: Config; manifest: Manifest },
  report: string,
  variables: Variables,
): Promise<AnswerRow[]> {
  const sql = await readReport(config, report);
  for (const name of tablesOf(sql)) {
    const table = manifest.tables[name];
    if (table === undefined) throw new UserError(`${name}: not built yet; run \`tracemill build\``);
    await createView(duckdb, name, tableRelation(lakeFolder(config), table));
  }
  return runReport(duckdb.connection, sql, variables);
}

/** Where nothing is built at all, the name of one table is no help. */
export function requireTables({ tables }: Manifest): void {
  if (Object.keys(tables).length > 0) return;
  throw new UserError('lake: nothing is built yet; run `tracemill ingest`, then `tracemill build`');
}

async function readReport(config: Config, report: string): Promise<string> {
  return readFile(join(config.sql, 'reports', `${report}.sql`), 'utf8');
}

async function runReport(
  connection: DuckDBConnection,
  sql: string,
  variables: Variables,
): Promise<AnswerRow[]> {
  for (const [name, value] of Object.entries(variables)) {
    await connection.run(`set variable ${name} = $value`, { value });
  }
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJS().map((row) => mapValues(row, cell));
}

/** The tables that a report names. */
function tablesOf(sql: string): string[] {
  const code = sql.replaceAll(/--.*$/gm, '');
  return [...code.matchAll(/\b(?:from|join)\s+([a-z]\w*\.\w+)/g)].map((match) => match[1] ?? '');
}

function mapValues<A, B>(row: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(value)]));
}

function cell(value: unknown): Cell {
  return typeof value === 'bigint' ? Number(value) : (value as Cell);
}
