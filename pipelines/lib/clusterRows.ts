import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Clickhouse } from './clickhouse.js';
import { literal } from './clickhouseText.js';

/** Writes the rows of a SELECT into a Parquet file that is not there yet. */
export async function saveRows(clickhouse: Clickhouse, select: string, file: string): Promise<void> {
  const { client, embedded, run } = clickhouse;
  if (embedded) return run(`insert into function file(${literal(file)}, Parquet) ${select}`);
  const { stream } = await client.exec({ query: `${select} format Parquet` });
  await pipeline(stream, createWriteStream(file, { mode: 0o600 }));
}
