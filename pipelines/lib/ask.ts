import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { lakeFolder } from './lake.js';
import type { Manifest } from './manifest.js';
import { createView, type DuckDB, openWarehouse, tableRelation } from './warehouse.js';

/** A cell of an answer: counts are numbers, times are Dates. */
export type Cell = string | number | boolean | Date | null;

/**
 * The rows of a report of sql/reports over the published tables it names; `variables` are what it reads with getvariable.
 * Throws a UserError where one of its tables is not built.
 */
export async function askReport(
  config: Config,
  report: string,
  variables: Readonly<Record<string, DuckDBValue>>,
): Promise<Record<string, Cell>[]> {
  const { sql, tables } = await readReport(config, report);
  const { connection, close } = await openWarehouse({ config, tables });
  try {
    return await runReport(connection, sql, variables);
  } finally {
    close();
  }
}

/** The same on a DuckDB that is open. */
export async function askHere(
  duckdb: DuckDB,
  { config, manifest }: { config: Config; manifest: Manifest },
  report: string,
  variables: Readonly<Record<string, DuckDBValue>>,
): Promise<Record<string, Cell>[]> {
  const { sql, tables } = await readReport(config, report);
  for (const name of tables) {
    const table = manifest.tables[name];
    if (table === undefined) throw new UserError(`${name}: not built yet; run \`tracemill build\``);
    await createView(duckdb, name, tableRelation(lakeFolder(config), table));
  }
  return runReport(duckdb.connection, sql, variables);
}

async function readReport(config: Config, report: string): Promise<{ sql: string; tables: string[] }> {
  const sql = await readFile(join(config.sql, 'reports', `${report}.sql`), 'utf8');
  const code = sql.replaceAll(/--.*$/gm, '');
  const named = [...code.matchAll(/\b(?:from|join)\s+([a-z]\w*\.\w+)/g)];
  return { sql, tables: [...new Set(named.map((match) => match[1] ?? ''))] };
}

async function runReport(
  connection: DuckDBConnection,
  sql: string,
  variables: Readonly<Record<string, DuckDBValue>>,
): Promise<Record<string, Cell>[]> {
  for (const [name, value] of Object.entries(variables)) {
    await connection.run(`set variable ${name} = $value`, { value });
  }
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJS().map((row) => mapValues(row, cell));
}

function mapValues<A, B>(row: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(value)]));
}

function cell(value: unknown): Cell {
  return typeof value === 'bigint' ? Number(value) : (value as Cell);
}
