import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Encoding } from './profile.js';
import { identifier, quote } from './warehouse.js';

/** A file to be, one of `count` of its split: its row groups, in order, and what they hold. */
export type Shard = {
  readonly split: string;
  readonly index: number;
  readonly count: number;
  readonly groups: readonly number[];
  readonly rows: number;
  readonly tokens: number;
  readonly bytes: number;
};

/** Rows of some shards of one dataset, in the table `rows` and in their order there, to be written as files. */
export type ShardTask = {
  readonly connection: DuckDBConnection;
  /** Absolute path of the draft of the export. */
  readonly folder: string;
  readonly dataset: string;
  readonly encoding: Encoding;
  readonly extensions: readonly ('parquet' | 'jsonl')[];
};

/** A file of an export, its path relative to the export's folder. */
export type WrittenFile = { readonly path: string; readonly rows: number; readonly tokens: number };

const splits = ['train', 'validation', 'test'];

/** The files of a dataset whose rows are placed, split by split. */
export async function planShards(connection: DuckDBConnection, dataset: string): Promise<Shard[]> {
  const reader = await connection.runAndReadAll(
    `select split, shard, list(distinct row_group order by row_group), count(*), sum(tokens), sum(bytes)
     from placed_rows where dataset = ${quote(dataset)} group by split, shard order by shard`,
  );
  const shards = reader.getRowsJS().map(([split, index, groups, rows, tokens, bytes]) => ({
    split: String(split),
    index: Number(index),
    groups: (groups as unknown[]).map(Number),
    rows: Number(rows),
    tokens: Number(tokens),
    bytes: Number(bytes),
  }));
  return splits.flatMap((split) => {
    const own = shards.filter((shard) => shard.split === split);
    return own.map((shard) => ({ ...shard, count: own.length }));
  });
}

/** Shards that fit into memory together, so that a small dataset is read once; a large shard comes alone. */
export function packShards(shards: readonly Shard[], limit: number): Shard[][] {
  const packs: Shard[][] = [];
  let room = 0;
  for (const shard of shards) {
    if (shard.bytes > room) {
      packs.push([]);
      room = limit;
    }
    packs.at(-1)?.push(shard);
    room -= shard.bytes;
  }
  return packs;
}

/** Writes a shard as `<dataset>/<split>-00000-of-00001.<extension>`, one file an extension. */
export async function writeShard(task: ShardTask, shard: Shard): Promise<WrittenFile[]> {
  const { connection, folder, dataset, encoding, extensions } = task;
  const { split, index, count, rows, tokens } = shard;
  const select = selectRows(encoding, shard);
  const written: WrittenFile[] = [];
  for (const extension of extensions) {
    const options =
      extension === 'parquet'
        ? await parquetOptions(connection, select)
        : 'line' in encoding
          ? lineOptions
          : 'format json';
    const path = `${dataset}/${split}-${number(index)}-of-${number(count)}.${extension}`;
    await connection.run(`copy (${select}) to ${quote(join(folder, path))} (${options})`);
    written.push({ path, rows, tokens });
  }
  return written;
}

// A line of JSON holds no control character, so it passes through as it is; DuckDB's own JSON would write absent keys as null.
const lineOptions = `format csv, header false, quote '', escape '', delimiter '\x1f'`;

/** One SELECT a row group: DuckDB begins a row group with each and never splits 2,048 rows. */
function selectRows(encoding: Encoding, { split, groups }: Shard): string {
  const columns = 'line' in encoding ? [{ name: 'line', sql: encoding.line }] : encoding.columns;
  const names = columns.map(({ name, sql }) => `${sql} as ${identifier(name)}`).join(', ');
  const branches = groups.map(
    (group) => `select ${names} from rows where split = ${quote(split)} and row_group = ${group}`,
  );
  return branches.join(' union all ');
}

async function parquetOptions(connection: DuckDBConnection, select: string): Promise<string> {
  const prepared = await connection.prepare(select);
  const columns = Array.from({ length: prepared.columnCount }, (_, index) => ({
    name: prepared.columnName(index),
    type: prepared.columnType(index),
  }));
  prepared.destroySync();
  // Loaded here: Arrow's package takes longer than all else that an export loads before it says a word.
  const { arrowSchema } = await import('./parquetMetadata.js');
  const schema = quote(arrowSchema(columns));
  return `format parquet, compression zstd, row_group_size 1, kv_metadata {'ARROW:schema': ${schema}}`;
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}
