import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type DatasetManifest,
  describeFile,
  type FileManifest,
  type SplitManifest,
} from './exportManifest.js';
import { type Filters, filterSql } from './filters.js';
import { inspectDataset, prepareVerdicts, startRowPool } from './inspection.js';
import type { Table } from './manifest.js';
import { type Model, sha256 } from './model.js';
import type { Profile, RowGroup } from './profile.js';
import type { StartProgress } from './progress.js';
import type { RowRules } from './rowRules.js';
import { identifier, quote, tableRelation } from './warehouse.js';

/** What to write: tables by dataset name, into an empty `folder`; the macros of the sql folder must be loaded. */
export type ExportTask = {
  readonly connection: DuckDBConnection;
  readonly lake: string;
  readonly tables: Readonly<Record<string, Table>>;
  readonly models: readonly Model[];
  readonly filters: Filters;
  readonly profile: Profile;
  readonly folder: string;
  readonly jsonl: boolean;
  readonly workers: number;
  readonly progress: StartProgress;
};

const rulesOf: Readonly<Record<string, RowRules>> = { sft: { lastRole: 'assistant' } };
const splits = ['train', 'validation', 'test'];

/** Judges every row, then writes those that hold to the rules, split by split, in the order of split hash and id. */
export async function writeDatasets(task: ExportTask) {
  const { connection, tables } = task;
  await judge(task);
  await plan(connection);
  const datasets: Record<string, DatasetManifest> = {};
  const files: FileManifest[] = [];
  for (const [dataset, table] of Object.entries(tables)) {
    const written = await writeDataset(task, dataset, table);
    files.push(...written.files);
    const values = Object.values(written.splits);
    const sum = (key: 'rows' | 'tokens') => values.reduce((total, split) => total + split[key], 0);
    datasets[dataset] = {
      rows: sum('rows'),
      tokens: sum('tokens'),
      splits: written.splits,
      ...(await leftOut(connection, dataset)),
      length: await lengths(connection, dataset),
      model: describeModel(task, dataset, table),
    };
  }
  return { datasets, files };
}

async function judge({ connection, lake, tables, filters, workers, progress }: ExportTask): Promise<void> {
  await prepareVerdicts(connection);
  const entries = Object.values(tables).flatMap((table) => Object.values(table.files));
  const total = entries.reduce((sum, { rows }) => sum + rows, 0);
  const { add: onRows, end } = progress('export: counting tokens', total, 'items');
  const pool = startRowPool(workers);
  try {
    for (const [dataset, table] of Object.entries(tables)) {
      const rules = rulesOf[dataset] ?? {};
      await inspectDataset({
        connection,
        lake,
        dataset,
        table,
        where: filterSql(filters),
        rules,
        pool,
        onRows,
      });
    }
  } finally {
    await pool.close();
    end();
  }
}

/** Decides the file and the row group of each row: at most 480 MB a file and 48 MB or 2,048 rows a group, uncompressed. */
async function plan(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    create table placed_rows as
    with kept as (
      select * from verdicts
      where refusal is null
      qualify row_number() over (partition by dataset, id order by day) = 1
    ),
    measured as (
      select *, coalesce(sum(bytes) over before, 0) as bytes_before, count(*) over before as rows_before
      from kept
      window before as (
        partition by dataset, split order by split_hash, id rows between unbounded preceding and 1 preceding)
    )
    select
      dataset, day, id, split, split_hash, tokens,
      dense_rank() over (partition by dataset, split order by bytes_before // 480_000_000) - 1 as shard,
      dense_rank() over (
        partition by dataset, split
        order by bytes_before // 480_000_000, bytes_before // 48_000_000, rows_before // 2048) as row_group,
    from measured`);
}

async function writeDataset(task: ExportTask, dataset: string, table: Table) {
  const { connection, lake, profile, folder, jsonl } = task;
  const { columns } = table;
  const groups = await readObjects(
    connection,
    `select split, shard, row_group, count(*) as rows, sum(tokens) as tokens from placed_rows
     where dataset = ${quote(dataset)} group by all order by all`,
  );
  const written: { splits: Record<string, SplitManifest>; files: FileManifest[] } = { splits: {}, files: [] };
  if (groups.length === 0) return written;
  // Read once into a table that can spill: each row group is then picked out of it and sorted on its own.
  const values = columns.map(([name, type]) =>
    name === 'num_tokens'
      ? 'placed.tokens as num_tokens'
      : `source.${identifier(name)}::${type} as ${identifier(name)}`,
  );
  const day = table.partitioned ? 'source.day' : `''`;
  await connection.run(`create or replace table rows as
    select ${values.join(', ')}, placed.split_hash, placed.row_group
    from (${tableRelation(lake, table)}) as source
    join placed_rows as placed on placed.id = source.id and placed.day = ${day}
    where placed.dataset = ${quote(dataset)}`);
  await mkdir(join(folder, dataset), { mode: 0o700 });
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
    const files = await profile.write({ connection, folder, dataset, split, columns, groups: own, jsonl });
    for (const file of files) written.files.push(await describeFile(folder, file));
    written.splits[split] = {
      rows: own.reduce((sum, { rows }) => sum + rows, 0),
      tokens: own.reduce((sum, { tokens }) => sum + tokens, 0),
      files: files.map(({ path }) => path),
    };
  }
  await connection.run('drop table rows');
  return written;
}

async function leftOut(connection: DuckDBConnection, dataset: string) {
  const of = `where dataset = ${quote(dataset)}`;
  const refused = await readObjects(
    connection,
    `select refusal, count(*) as rows, list(id order by id) as ids from verdicts ${of} and refusal is not null
     group by refusal order by refusal`,
  );
  const [counts] = await readObjects(
    connection,
    `select (select count(*) from verdicts ${of} and refusal is null) - (select count(*) from placed_rows ${of}) as copies`,
  );
  return {
    refused: Object.fromEntries(
      refused.map(({ refusal, rows, ids }) => [
        String(refusal),
        { rows: Number(rows), ids: (ids as unknown[]).map(String) },
      ]),
    ),
    copies: Number(counts?.copies ?? 0),
  };
}

async function lengths(connection: DuckDBConnection, dataset: string): Promise<DatasetManifest['length']> {
  const [row] = await readObjects(
    connection,
    `select quantile_disc(tokens, 0.5) as p50, quantile_disc(tokens, 0.95) as p95, max(tokens) as max
     from placed_rows where dataset = ${quote(dataset)}`,
  );
  return { p50: Number(row?.p50 ?? 0), p95: Number(row?.p95 ?? 0), max: Number(row?.max ?? 0) };
}

function describeModel({ models }: ExportTask, dataset: string, table: Table): DatasetManifest['model'] {
  const model = models.find(({ name }) => name === `datasets.${dataset}`);
  const files = Object.entries(table.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = sha256(files.map(([day, entry]) => `${day} ${entry.sha256}\n`).join(''));
  return { sql: sha256(model?.sql ?? ''), content };
}

async function readObjects(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS();
}
