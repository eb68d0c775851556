import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { openWarehouse } from './warehouse.js';

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
  const sql = await readFile(join(config.sql, 'reports', `${report}.sql`), 'utf8');
  const code = sql.replaceAll(/--.*$/gm, '');
  const tables = new Set(
    [...code.matchAll(/\b(?:from|join)\s+([a-z]\w*\.\w+)/g)].map((match) => match[1] ?? ''),
  );
  const { connection, close } = await openWarehouse({ config, tables: [...tables] });
  try {
    for (const [name, value] of Object.entries(variables)) {
      await connection.run(`set variable ${name} = $value`, { value });
    }
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjectsJS().map((row) => mapValues(row, cell));
  } finally {
    close();
  }
}

function mapValues<A, B>(row: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, change(value)]));
}

function cell(value: unknown): Cell {
  return typeof value === 'bigint' ? Number(value) : (value as Cell);
}
