import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { WrittenFile } from './shards.js';
import { linesOf } from './textLines.js';
import { quote } from './warehouse.js';

/** An export before it is published. */
export type Draft = {
  /** Holds `placed_rows`. */
  readonly connection: DuckDBConnection;
  readonly folder: string;
  /** The data files. */
  readonly files: readonly WrittenFile[];
};

/** The rows of a data file as they are written, as JSON, each with its place and id: some profiles write no ids. */
export async function* draftRows(draft: Draft, path: string): AsyncGenerator<{ name: string; json: string }> {
  const nameOf = await rowNames(draft, path);
  let index = 0;
  for await (const json of path.endsWith('.parquet') ? parquetRows(draft, path) : jsonRows(draft, path)) {
    yield { name: nameOf(index), json };
    index += 1;
  }
}

/** What the rows of a data file are called, by their place from 0: their ids. */
export async function rowNames({ connection }: Draft, path: string): Promise<(index: number) => string> {
  const { dataset, split, index } = shardOf(path);
  const reader = await connection.runAndReadAll(
    `select id from placed_rows where dataset = ${quote(dataset)} and split = ${quote(split)} and shard = ${index}
     order by row_group, place`,
  );
  const ids = reader.getRowsJS().map(([id]) => String(id));
  return (place) => ids[place] ?? `${place + 1} of ${path}`;
}

/** What a data file of an export holds, by its name. */
export function shardOf(path: string): { dataset: string; split: string; index: number } {
  const [, dataset = '', split = '', index = ''] = /^(.+)\/([a-z]+)-(\d+)-of-\d+\.\w+$/.exec(path) ?? [];
  return { dataset, split, index: Number(index) };
}

async function* parquetRows({ connection, folder }: Draft, path: string): AsyncGenerator<string> {
  const from = `read_parquet(${quote(join(folder, path))})`;
  // As bytes: a text would end at a NUL.
  const result = await connection.stream(`select encode(to_json(rows)::varchar) from ${from} as rows`);
  for await (const rows of result.yieldRowsJs()) {
    for (const [json] of rows) yield Buffer.from(json as Uint8Array).toString();
  }
}

async function* jsonRows({ folder }: Draft, path: string): AsyncGenerator<string> {
  for await (const line of linesOf(join(folder, path))) yield line.toString();
}
