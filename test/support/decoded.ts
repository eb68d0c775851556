import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { openDuckDB, quote } from '../../pipelines/lib/warehouse.js';
import { openCollection } from '../../pipelines/lib/zvec.js';
import { textsOf } from './leaks.js';

/** A text and where it stands: a file or table, and a column of it. */
export type Placed = { readonly where: string; readonly text: string };

/** Every text in the Parquet files below a folder, nested ones too; `where` is the path and the column. */
export async function* parquetTexts(folder: string, isWanted: (path: string) => boolean = () => true) {
  const { connection, close } = await openDuckDB();
  try {
    for (const path of (await filesBelow(folder)).filter((name) => name.endsWith('.parquet'))) {
      if (!isWanted(path)) continue;
      const file = `read_parquet(${quote(join(folder, path))}, hive_partitioning = false)`;
      const reader = await connection.stream(`select * from ${file}`);
      for await (const rows of reader.yieldRowObjectJs()) {
        for (const row of rows) yield* inRow(path, row);
      }
    }
  } finally {
    close();
  }
}

/** Every text of the other files below a folder: whole, and what its JSON lines say (the search reads JSON itself). */
export async function* fileTexts(folder: string, isWanted: (path: string) => boolean = () => true) {
  for (const path of await filesBelow(folder)) {
    if (path.endsWith('.parquet') || !isWanted(path)) continue;
    const bytes = await readFile(join(folder, path));
    yield { where: path, text: path };
    for (const text of textsOf(bytes)) {
      yield { where: path, text };
      if (/^\s*[{[]/.test(text)) for (const line of text.split('\n')) yield { where: path, text: line };
    }
  }
}

/** Every text of every table of a ClickHouse. */
export async function* clickhouseTexts(client: ClickHouseClient): AsyncGenerator<Placed> {
  const rowsOf = async (query: string) =>
    (await client.query({ query, format: 'JSONEachRow' })).json<Record<string, unknown>>();
  const tables = await rowsOf(
    `select database, name from system.tables
     where database not in ('system', 'information_schema', 'INFORMATION_SCHEMA')`,
  );
  for (const { database, name } of tables) {
    const rows = await rowsOf(`select * from \`${database}\`.\`${name}\``);
    for (const row of rows) yield* inRow(`clickhouse ${name}`, row);
  }
}

/** Every text of the documents of a zvec collection. */
export async function* zvecTexts(path: string): AsyncGenerator<Placed> {
  const collection = await openCollection(path, true);
  try {
    const outputFields = ['text', 'agent', 'projects', 'metadata', 'line'];
    for (const { id, fields } of collection.iterDocsSync({ outputFields })) {
      yield* inRow('zvec', { id, ...fields });
    }
  } finally {
    collection.closeSync();
  }
}

function* inRow(where: string, row: Readonly<Record<string, unknown>>): Generator<Placed> {
  for (const [column, value] of Object.entries(row)) {
    for (const text of textsOf(value)) yield { where: `${where} ${column}`, text };
  }
}

/** Paths below a folder, in order. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
