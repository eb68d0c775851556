import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { countPairs, describeModel, isPairs, lengths, longerChosen } from './datasetFacts.js';
import { noteEvents } from './eventRange.js';
import {
  type DatasetManifest,
  describeFile,
  type FileManifest,
  type SplitManifest,
} from './exportManifest.js';
import { type Filters, filterSql } from './filters.js';
import { inspectDataset, prepareVerdicts, startRowPool } from './inspection.js';
import { leftOut } from './leftOut.js';
import type { Table } from './manifest.js';
import type { Model } from './model.js';
import { shardBytes } from './placement.js';
import type { Encoding } from './profile.js';
import type { StartProgress } from './progress.js';
import { packShards, planShards, type Shard, writeShard } from './shards.js';
import { identifier, quote, tableRelation } from './warehouse.js';

/** A dataset to write: its table in the lake and how its rows are written. */
export type Dataset = { readonly name: string; readonly table: Table; readonly encoding: Encoding };

/** What to write, into an empty `folder`; the macros of the sql folder must be loaded. */
export type ExportTask = {
  readonly connection: DuckDBConnection;
  readonly lake: string;
  readonly datasets: readonly Dataset[];
  readonly models: readonly Model[];
  readonly filters: Filters;
  readonly folder: string;
  readonly extensions: readonly ('parquet' | 'jsonl')[];
  readonly workers: number;
  readonly progress: StartProgress;
};

/** Rows of fewer bytes are judged before a thread has loaded its tokenizer. */
const fewBytes = 2 << 20;

/** Judges every row that the filters take, into the table `verdicts`. */
export async function judgeRows(task: ExportTask): Promise<void> {
  const { connection, lake, datasets, filters, workers, progress } = task;
  await prepareVerdicts(connection);
  const entries = datasets.flatMap(({ table }) => Object.values(table.files));
  const total = entries.reduce((sum, { rows }) => sum + rows, 0);
  const { add: onRows, end } = progress('export: counting tokens', total, 'items');
  const bytes = entries.reduce((sum, entry) => sum + (entry.rows > 0 ? entry.bytes : 0), 0);
  const pool = await startRowPool(bytes < fewBytes ? 1 : workers);
  try {
    for (const { name, table, encoding } of datasets) {
      await inspectDataset({
        connection,
        lake,
        dataset: name,
        table,
        where: filterSql(filters, names(table)).where,
        refusal: encoding.refusal ?? 'null::varchar',
        pool,
        onRows,
      });
    }
  } finally {
    await pool.close();
    end();
  }
}

/** Writes the placed rows of each dataset, split by split. */
export async function writeDatasets(task: ExportTask) {
  const datasets: Record<string, DatasetManifest> = {};
  const files: FileManifest[] = [];
  for (const dataset of task.datasets) {
    const written = await writeDataset(task, dataset);
    files.push(...written.files);
    datasets[dataset.name] = written.manifest;
  }
  return { datasets, files };
}

async function writeDataset(task: ExportTask, dataset: Dataset) {
  const { connection, folder } = task;
  const { name, table, encoding } = dataset;
  const shards = await planShards(connection, name);
  if (shards.length > 0) await mkdir(join(folder, name), { mode: 0o700 });
  const files: FileManifest[] = [];
  const splits: Record<string, SplitManifest> = {};
  const pairs = { pairs: 0, longer: 0 };
  for (const pack of packShards(shards, shardBytes)) {
    await collectRows(task, dataset, pack);
    if (names(table).includes('source_events')) await noteEvents(connection);
    if (isPairs(table)) await countPairs(connection, pairs);
    for (const shard of pack) {
      const written = await writeShard({ ...task, dataset: name, encoding }, shard);
      for (const file of written) files.push(await describeFile(folder, file));
      const { rows = 0, tokens = 0, files: before = [] } = splits[shard.split] ?? {};
      splits[shard.split] = {
        rows: rows + shard.rows,
        tokens: tokens + shard.tokens,
        files: [...before, ...written.map(({ path }) => path)],
      };
    }
    await connection.run('drop table rows');
  }
  const sum = (key: 'rows' | 'tokens') => shards.reduce((total, shard) => total + shard[key], 0);
  const manifest: DatasetManifest = {
    rows: sum('rows'),
    tokens: sum('tokens'),
    splits,
    ...(await leftOut(connection, name)),
    unfiltered: filterSql(task.filters, names(table)).unused,
    length: await lengths(connection, name),
    ...(isPairs(table) ? { longer_chosen: longerChosen(pairs) } : {}),
    model: describeModel(task.models, name, table),
  };
  return { manifest, files };
}

/**
 * Reads the placed rows of some shards into the table `rows`, in their order, out of which each row group is picked. Sorted
 * once here: the sorts of all row groups of a file would be held at the same time.
 */
async function collectRows(
  { connection, lake }: ExportTask,
  { name, table }: Dataset,
  shards: readonly Shard[],
): Promise<void> {
  const values = table.columns.map(([column, type]) =>
    column === 'num_tokens'
      ? 'placed.tokens as num_tokens'
      : `source.${identifier(column)}::${type} as ${identifier(column)}`,
  );
  const day = table.partitioned ? 'source.day' : `''`;
  const wanted = shards.map(({ split, index }) => `(${quote(split)}, ${index})`).join(', ');
  await connection.run(`create or replace table rows as
    select ${values.join(', ')}, placed.row_group, placed.place
    from (${tableRelation(lake, table)}) as source
    join (
      from placed_rows where dataset = ${quote(name)} and (split, shard) in (${wanted})
    ) as placed on placed.id = source.id and placed.day = ${day}
    order by placed.place`);
}

function names(table: Table): string[] {
  return table.columns.map(([name]) => name);
}
