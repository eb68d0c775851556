import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
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
import { type Model, sha256 } from './model.js';
import type { Encoding } from './profile.js';
import type { StartProgress } from './progress.js';
import { type RowGroup, writeSplit } from './shards.js';
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

const splits = ['train', 'validation', 'test'];

/** Judges every row that the filters take, into the table `verdicts`. */
export async function judgeRows(task: ExportTask): Promise<void> {
  const { connection, lake, datasets, filters, workers, progress } = task;
  await prepareVerdicts(connection);
  const entries = datasets.flatMap(({ table }) => Object.values(table.files));
  const total = entries.reduce((sum, { rows }) => sum + rows, 0);
  const { add: onRows, end } = progress('export: counting tokens', total, 'items');
  const pool = startRowPool(workers);
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
  const { connection, folder, extensions } = task;
  const { name, table, encoding } = dataset;
  const groups = await readObjects(
    connection,
    `select split, shard, row_group, count(*) as rows, sum(tokens) as tokens from placed_rows
     where dataset = ${quote(name)} group by all order by all`,
  );
  const written: { splits: Record<string, SplitManifest>; files: FileManifest[] } = { splits: {}, files: [] };
  await collectRows(task, dataset);
  if (groups.length > 0) await mkdir(join(folder, name), { mode: 0o700 });
  for (const split of splits) {
    const own: RowGroup[] = groups
      .filter((group) => group.split === split)
      .map((group) => ({
        shard: Number(group.shard),
        group: Number(group.row_group),
        rows: Number(group.rows),
        tokens: Number(group.tokens),
      }));
    if (own.length === 0) continue;
    const files = await writeSplit({
      connection,
      folder,
      dataset: name,
      split,
      encoding,
      groups: own,
      extensions,
    });
    for (const file of files) written.files.push(await describeFile(folder, file));
    written.splits[split] = {
      rows: own.reduce((sum, { rows }) => sum + rows, 0),
      tokens: own.reduce((sum, { tokens }) => sum + tokens, 0),
      files: files.map(({ path }) => path),
    };
  }
  const values = Object.values(written.splits);
  const sum = (key: 'rows' | 'tokens') => values.reduce((total, split) => total + split[key], 0);
  const manifest: DatasetManifest = {
    rows: sum('rows'),
    tokens: sum('tokens'),
    splits: written.splits,
    ...(await leftOut(connection, name)),
    unfiltered: filterSql(task.filters, names(table)).unused,
    length: await lengths(connection, name),
    ...(await lengthBias(connection, table)),
    model: describeModel(task, name, table),
  };
  await connection.run('drop table rows');
  return { manifest, files: written.files };
}

/** Reads a dataset's placed rows once, into the table `rows`, which can spill: each row group is picked out of it. */
async function collectRows({ connection, lake }: ExportTask, { name, table }: Dataset): Promise<void> {
  const values = table.columns.map(([column, type]) =>
    column === 'num_tokens'
      ? 'placed.tokens as num_tokens'
      : `source.${identifier(column)}::${type} as ${identifier(column)}`,
  );
  const day = table.partitioned ? 'source.day' : `''`;
  await connection.run(`create or replace table rows as
    select ${values.join(', ')}, placed.row_group, placed.place
    from (${tableRelation(lake, table)}) as source
    join placed_rows as placed on placed.id = source.id and placed.day = ${day}
    where placed.dataset = ${quote(name)}`);
  if (names(table).includes('source_events')) await noteEvents(connection);
}

async function lengths(connection: DuckDBConnection, dataset: string): Promise<DatasetManifest['length']> {
  const [row] = await readObjects(
    connection,
    `select quantile_disc(tokens, 0.5) as p50, quantile_disc(tokens, 0.95) as p95, max(tokens) as max
     from placed_rows where dataset = ${quote(dataset)}`,
  );
  return { p50: Number(row?.p50 ?? 0), p95: Number(row?.p95 ?? 0), max: Number(row?.max ?? 0) };
}

async function lengthBias(connection: DuckDBConnection, table: Table): Promise<Partial<DatasetManifest>> {
  if (!names(table).includes('chosen') || !names(table).includes('rejected')) return {};
  const [row] = await readObjects(
    connection,
    `select count(*) as pairs, count(*) filter (where said_length(chosen[1]) > said_length(rejected[1])) as longer from rows`,
  );
  const [pairs, longer] = [Number(row?.pairs), Number(row?.longer)];
  const share = pairs === 0 ? 0 : Math.round((longer / pairs) * 1000) / 1000;
  return { longer_chosen: { pairs, rows: longer, share } };
}

function describeModel({ models }: ExportTask, dataset: string, table: Table): DatasetManifest['model'] {
  const model = models.find(({ name }) => name === `datasets.${dataset}`);
  const files = Object.entries(table.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = sha256(files.map(([day, entry]) => `${day} ${entry.sha256}\n`).join(''));
  return { sql: sha256(model?.sql ?? ''), content };
}

function names(table: Table): string[] {
  return table.columns.map(([name]) => name);
}

async function readObjects(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS();
}
