import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import type { Table } from 'apache-arrow';
import { display } from 'tslab';
import { readConfig } from './config.js';
import { arrowTable } from './lib/arrowTable.js';
import { type FoundExport, listExports } from './lib/exportVersions.js';
import { type ChatMessage, htmlChat } from './lib/htmlChat.js';
import { htmlNote, htmlTable } from './lib/htmlTable.js';
import { type PlotSpec, plotSvg } from './lib/plotSvg.js';
import { publishedTables } from './lib/publishedTables.js';
import { prepareQuery, readRows } from './lib/readQuery.js';
import { openWarehouse } from './lib/warehouse.js';

/** A row: counts are numbers (bigint beyond 2^53), times are Dates, JSON, lists and structs plain values. */
export type Row = Readonly<Record<string, unknown>>;

/** The lake as it is published, for questions only: nothing of it can be changed here. */
export type Lake = {
  /** The data folder it lies in. */
  readonly data: string;
  /**
   * The rows of a query, `sql<{ day: string; turns: number }>(…)`; tables are named as in sql/: `from core.turns`.
   * `values` fill its parameters: `sql('… where project_path = $project', { project })`.
   */
  readonly sql: <T = Row>(query: string, values?: Readonly<Record<string, DuckDBValue>>) => Promise<T[]>;
  /** The rows of one SELECT as an apache-arrow Table, columnar, for many rows. */
  readonly arrow: (query: string) => Promise<Table>;
  /** The exports made of it, newest first: folder, manifest, and when it was first made. Their files are Parquet (or JSONL). */
  readonly exports: () => Promise<(FoundExport & { readonly createdAt: string })[]>;
  readonly close: () => void;
};

/**
 * Opens the lake in `data`, by default the one of TRACEMILL_DATA. It stays as it is while a build publishes another; open
 * it again to see that. Staging is not there: it is the archive, with the secrets in it; `{ archive: true }` adds it.
 * Throws a UserError where nothing is built.
 */
export async function open(options: { data?: string; archive?: boolean } = {}): Promise<Lake> {
  const config = readConfig();
  const data = options.data ?? config.data;
  const published = await publishedTables(data);
  const tables = published.filter((name) => options.archive || !name.startsWith('staging.'));
  const { connection, close } = await openWarehouse({ config: { ...config, data }, tables });
  // Some settings name files that DuckDB would write.
  await connection.run('set lock_configuration = true');
  return {
    data,
    sql: (query, values) => readRows(connection, query, values),
    arrow: async (query) => {
      (await prepareQuery(connection, query)).destroySync();
      return arrowTable(connection, query);
    },
    exports: () => listExports(join(data, 'exports')),
    close,
  };
}

/**
 * Shows rows as a table in the notebook: the first `limit` (20) of them, and how many there are. Texts end after `cut` (200)
 * characters; `empty` is said where there is no row.
 */
export function table(
  rows: readonly Row[],
  options: { limit?: number; caption?: string; cut?: number; empty?: string } = {},
): void {
  display.html(htmlTable(rows, options));
}

/**
 * Shows a vega-lite 5 specification as a picture (SVG) in the notebook: `plot({ data: { values: rows }, mark: 'bar',
 * encoding })`. Times are UTC; where `values` is empty it says `empty` instead.
 */
export async function plot(spec: PlotSpec, options: { empty?: string } = {}): Promise<void> {
  const { data, title } = spec as { data?: { values?: unknown }; title?: string | { text?: string } };
  if (Array.isArray(data?.values) && data.values.length === 0) {
    const name = typeof title === 'object' ? title.text : title;
    display.html(htmlNote(options.empty ?? `${name ?? 'Nothing to plot'}: no rows`));
  } else display.svg(await plotSvg(spec));
}

/**
 * Shows messages as a chat: `[{ role, content, … }]`, or the `messages`, `prompt`, `chosen` … of a dataset as they are.
 * Long texts are folded after `fold` (600) characters.
 */
export function chat(
  messages: readonly (ChatMessage | string)[],
  options: { caption?: string; fold?: number } = {},
): void {
  display.html(htmlChat(messages, options));
}

/** Shows a paragraph of Markdown in the notebook: figures in words. */
export function note(markdown: string): void {
  display.markdown(markdown);
}
