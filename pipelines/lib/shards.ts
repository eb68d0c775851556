import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { arrowSchema } from './parquetMetadata.js';
import type { Encoding } from './profile.js';
import { identifier, quote } from './warehouse.js';

/** Rows of one split of one dataset, in the table `rows`, to be written as files. */
export type SplitTask = {
  readonly connection: DuckDBConnection;
  /** Absolute path of the draft of the export. */
  readonly folder: string;
  readonly dataset: string;
  readonly split: string;
  readonly encoding: Encoding;
  readonly extensions: readonly ('parquet' | 'jsonl')[];
  /** Row groups in order. */
  readonly groups: readonly RowGroup[];
};

/** A row group: the file it belongs to, its number in the split, its rows and tokens. */
export type RowGroup = {
  readonly shard: number;
  readonly group: number;
  readonly rows: number;
  readonly tokens: number;
};

/** A file of an export, its path relative to the export's folder. */
export type WrittenFile = { readonly path: string; readonly rows: number; readonly tokens: number };

/** Writes a split as `<dataset>/<split>-00000-of-00001.<extension>`, one file a shard and extension. */
export async function writeSplit(task: SplitTask): Promise<WrittenFile[]> {
  const written: WrittenFile[] = [];
  const shards = 1 + Math.max(...task.groups.map(({ shard }) => shard));
  for (let shard = 0; shard < shards; shard += 1) {
    const groups = task.groups.filter((group) => group.shard === shard);
    const select = selectRows(task, groups);
    const sum = (key: 'rows' | 'tokens') => groups.reduce((total, group) => total + group[key], 0);
    for (const extension of task.extensions) {
      const options =
        extension === 'parquet'
          ? await parquetOptions(task.connection, select)
          : 'line' in task.encoding
            ? lineOptions
            : 'format json';
      const path = `${task.dataset}/${task.split}-${number(shard)}-of-${number(shards)}.${extension}`;
      await task.connection.run(`copy (${select}) to ${quote(join(task.folder, path))} (${options})`);
      written.push({ path, rows: sum('rows'), tokens: sum('tokens') });
    }
  }
  return written;
}

// A line of JSON holds no control character, so it passes through as it is; DuckDB's own JSON would write absent keys as null.
const lineOptions = `format csv, header false, quote '', escape '', delimiter '\x1f'`;

/** One SELECT a row group, sorted on its own: DuckDB begins a row group with each and never splits 2,048 rows. */
function selectRows({ encoding, split }: SplitTask, groups: readonly RowGroup[]): string {
  const columns = 'line' in encoding ? [{ name: 'line', sql: encoding.line }] : encoding.columns;
  const names = columns.map(({ name, sql }) => `${sql} as ${identifier(name)}`).join(', ');
  const branches = groups.map(
    ({ group }) =>
      `select ${names} from (
         select * from rows where split = ${quote(split)} and row_group = ${group} order by place)`,
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
  const schema = quote(arrowSchema(columns));
  return `format parquet, compression zstd, row_group_size 1, kv_metadata {'ARROW:schema': ${schema}}`;
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}
