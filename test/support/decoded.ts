import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { identifier, openDuckDB, quote } from '../../pipelines/lib/warehouse.js';
import { openCollection } from '../../pipelines/lib/zvec.js';
import { textsOf } from './leaks.js';

/** A text and where it stands: a file or table, and a column of it. */
export type Placed = { readonly where: string; readonly text: string };

/** Texts of a file or a part of it at a time: under node:test a promise for each text takes longer than to search it. */
export type PlacedTexts = AsyncGenerator<readonly Placed[]>;

/** Every text in the Parquet files below a folder, nested ones too; `where` is the path and the column. */
export async function* parquetTexts(
  folder: string,
  isWanted: (path: string) => boolean = () => true,
): PlacedTexts {
  const { connection, close } = await openDuckDB();
  try {
    for (const path of (await filesBelow(folder)).filter((name) => name.endsWith('.parquet'))) {
      if (!isWanted(path)) continue;
      const file = `read_parquet(${quote(join(folder, path))}, hive_partitioning = false)`;
      const described = await connection.runAndReadAll(`describe select * from ${file}`);
      const columns = described
        .getRows()
        .filter(([, type]) => !wordless.test(String(type)))
        .map(([name]) => identifier(String(name)));
      if (columns.length === 0) continue;
      const reader = await connection.stream(`select ${columns.join(', ')} from ${file}`);
      for await (const rows of reader.yieldRowObjectJs()) yield rows.flatMap((row) => inRow(path, row));
    }
  } finally {
    close();
  }
}

// Columns of these types hold no text.
const wordless =
  /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE|FLOAT|BOOLEAN|DATE|TIME.*|DECIMAL.*)(?:\[\])*$/;

/** Every text of the other files below a folder: whole, and what its JSON lines say (the search reads JSON itself). */
export async function* fileTexts(
  folder: string,
  isWanted: (path: string) => boolean = () => true,
): PlacedTexts {
  for (const path of await filesBelow(folder)) {
    if (path.endsWith('.parquet') || !isWanted(path)) continue;
    const texts = textsOf(await readFile(join(folder, path)));
    const lines = texts.filter((text) => /^\s*[{[]/.test(text)).flatMap((text) => text.split('\n'));
    yield [path, ...texts, ...lines].map((text) => ({ where: path, text }));
  }
}

/** Every text of every table of a ClickHouse. */
export async function* clickhouseTexts(client: ClickHouseClient): PlacedTexts {
  const rowsOf = async (query: string) =>
    (await client.query({ query, format: 'JSONEachRow' })).json<Record<string, unknown>>();
  const tables = await rowsOf(
    `select database, name from system.tables
     where database not in ('system', 'information_schema', 'INFORMATION_SCHEMA')`,
  );
  for (const { database, name } of tables) {
    const rows = await rowsOf(`select * from \`${database}\`.\`${name}\``);
    yield rows.flatMap((row) => inRow(`clickhouse ${name}`, row));
  }
}

/** Every text of the documents of a zvec collection. */
export async function* zvecTexts(path: string): PlacedTexts {
  const collection = await openCollection(path, true);
  try {
    const outputFields = ['text', 'agent', 'projects', 'metadata', 'line'];
    for (const { id, fields } of collection.iterDocsSync({ outputFields })) {
      yield inRow('zvec', { id, ...fields });
    }
  } finally {
    collection.closeSync();
  }
}

function inRow(where: string, row: Readonly<Record<string, unknown>>): Placed[] {
  return Object.entries(row).flatMap(([column, value]) =>
    textsOf(value).map((text) => ({ where: `${where} ${column}`, text })),
  );
}

/** Paths below a folder, in order. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
