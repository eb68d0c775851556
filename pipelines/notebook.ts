import { JSDuckDBValueConverter } from '@duckdb/node-api';
import type { Table } from 'apache-arrow';
import { display } from 'tslab';
import { readConfig } from './config.js';
import { UserError } from './errors.js';
import { arrowTable } from './lib/arrowTable.js';
import { htmlTable } from './lib/htmlTable.js';
import { type PlotSpec, plotSvg } from './lib/plotSvg.js';
import { openWarehouse } from './lib/warehouse.js';

/** A row: counts are numbers (bigint beyond 2^53), times are Dates, lists and structs plain values. */
export type Row = Readonly<Record<string, unknown>>;

/** The lake as it is published, for questions only: nothing of it can be changed here. */
export type Lake = {
  /** The data folder it lies in. */
  readonly data: string;
  /** The rows of a query, `sql<{ day: string; turns: number }>(…)`; tables are named as in sql/: `from core.turns`. */
  readonly sql: <T = Row>(query: string) => Promise<T[]>;
  /** The same as an apache-arrow Table, columnar, for many rows. */
  readonly arrow: (query: string) => Promise<Table>;
  readonly close: () => void;
};

/**
 * Opens the lake in `data`, by default the one of TRACEMILL_DATA. It stays as it is while a build publishes another; open
 * it again to see that. Throws a UserError where nothing is built.
 */
export async function open(options: { data?: string } = {}): Promise<Lake> {
  const config = readConfig();
  const data = options.data ?? config.data;
  const { connection, views, close } = await openWarehouse({ config: { ...config, data } });
  if (views.size === 0) {
    close();
    throw new UserError(
      `${data}: has no built lake; run \`just ingest\` and \`just build\`, or name another folder in TRACEMILL_DATA (\`npm start\` without sessions fills data/demo)`,
    );
  }
  return {
    data,
    sql: async <T>(query: string) => {
      const reader = await connection.runAndReadAll(query);
      return reader.convertRowObjects(JSDuckDBValueConverter).map((row) => plain(row) as T);
    },
    arrow: (query) => arrowTable(connection, query),
    close,
  };
}

/** Shows rows as a table in the notebook: the first `limit` (20) of them, and how many there are. */
export function table(rows: readonly Row[], options: { limit?: number; caption?: string } = {}): void {
  display.html(htmlTable(rows, options));
}

/** Shows a vega-lite 5 specification as a picture (SVG) in the notebook; `plot({ data: { values: rows }, mark: 'bar', encoding })`. */
export async function plot(spec: PlotSpec): Promise<void> {
  display.svg(await plotSvg(spec));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array)
    return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
