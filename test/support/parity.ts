import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../pipelines/config.js';
import { type Clickhouse, openClickhouse } from '../../pipelines/lib/clickhouse.js';
import { literal } from '../../pipelines/lib/clickhouseText.js';
import {
  makeModels,
  modelSettings,
  neededModels,
  readClusterFolder,
} from '../../pipelines/lib/clusterModels.js';
import { saveRows } from '../../pipelines/lib/clusterRows.js';
import { readManifest, type Table } from '../../pipelines/lib/manifest.js';
import { type DuckDB, identifier, openWarehouse, quote } from '../../pipelines/lib/warehouse.js';

/** A model of ClickHouse and the lake's table that it must equal; columns left out are named with the reason. */
export type Comparison = {
  readonly model: string;
  readonly table: string;
  /** The rows that the model stands for, where the lake has others too. */
  readonly where?: string;
  readonly leftOut?: Readonly<Record<string, string>>;
};

const sql = fileURLToPath(new URL('../../../sql', import.meta.url));
/** The tables of the lake that models of ClickHouse read. */
export const baseTables = [
  'core.sessions',
  'core.steps',
  'core.tool_calls',
  'core.signals',
  'events.training_events',
  'events.payload_blobs',
  'events.router_decisions',
];

/**
 * Loads the base tables of a built lake (a data folder) into ClickHouse, makes the models there, and says what differs, a
 * line a column or row; `rows` hears how many rows were held against each other. Tables `given` are models taken from the
 * lake; models `empty`, with their columns, have no rows, which spares what they are made of.
 */
export async function differences(
  data: string,
  comparisons: readonly Comparison[],
  rows: (table: string, count: number) => void,
  { given = [], empty = {} }: { given?: readonly string[]; empty?: Readonly<Record<string, string>> } = {},
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "tracemill's-"));
  const warehouse = await openWarehouse({ config: readConfig({ TRACEMILL_DATA: data }) });
  const clickhouse = await openClickhouse(readConfig({ TRACEMILL_DATA: folder }), {
    settings: modelSettings,
  });
  try {
    for (const table of [...baseTables, ...given]) await loadTable(warehouse, clickhouse, table, folder);
    for (const name of given.map(nameOf)) {
      await clickhouse.run(`create view model_${name} as select * from ${name}`);
    }
    for (const [name, columns] of Object.entries(empty)) {
      await clickhouse.run(`create table model_${name} (${columns}) engine = Memory`);
    }
    const { functions, models } = await readClusterFolder(sql);
    // What is there already is not made, nor what only it is made of.
    const there = [...given.map(nameOf), ...Object.keys(empty)];
    const needed = neededModels(
      { functions, models: models.filter(({ name }) => !there.includes(name)) },
      comparisons.map(({ model }) => model),
    );
    await makeModels(clickhouse, functions, needed);
    return await compareAll({ data, folder, warehouse, clickhouse, comparisons, rows });
  } finally {
    warehouse.close();
    await clickhouse.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same of models that stand in the lake's own ClickHouse already. */
export async function madeDifferences(
  data: string,
  clickhouse: Clickhouse,
  comparisons: readonly Comparison[],
  rows: (table: string, count: number) => void,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "tracemill's-"));
  const warehouse = await openWarehouse({ config: readConfig({ TRACEMILL_DATA: data }) });
  try {
    return await compareAll({ data, folder, warehouse, clickhouse, comparisons, rows });
  } finally {
    warehouse.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareAll(of: {
  data: string;
  folder: string;
  warehouse: DuckDB;
  clickhouse: Clickhouse;
  comparisons: readonly Comparison[];
  rows: (table: string, count: number) => void;
}): Promise<string[]> {
  const { tables } = await readManifest(join(of.data, 'lake'));
  const found: string[] = [];
  for (const comparison of of.comparisons) {
    const file = join(of.folder, `${comparison.model}.parquet`);
    await saveRows(of.clickhouse, `select * from model_${comparison.model}`, file);
    found.push(...(await compare(of.warehouse, comparison, tables[comparison.table], file, of.rows)));
  }
  return found;
}

/** Makes a table by its numbered file and fills it; one that the lake lacks stays empty. */
async function loadTable(
  { connection, views }: DuckDB,
  clickhouse: Clickhouse,
  table: string,
  folder: string,
): Promise<void> {
  const name = nameOf(table);
  const files = await readdir(join(sql, 'clickhouse'));
  const ddl = files.find((file) => new RegExp(`^\\d+_${name}\\.sql$`).test(file)) ?? '';
  await clickhouse.run(await readFile(join(sql, 'clickhouse', ddl), 'utf8'));
  if (!views.has(table)) return;
  const parquet = join(folder, `${name}.parquet`);
  await connection.run(`copy (from ${table}) to ${quote(parquet)} (format parquet)`);
  const described = await connection.runAndReadAll(`describe ${table}`);
  const columns = described.getRowsJS().map(([column]) => `\`${column}\``);
  await clickhouse.run(
    `insert into ${name} (${columns.join(', ')}) select ${columns.join(', ')}
     from file(${literal(parquet)}, Parquet) settings max_partitions_per_insert_block = 10000`,
  );
}

function nameOf(table: string): string {
  return table.replace(/^.*\./, '');
}

async function compare(
  { connection }: DuckDB,
  { model, table, where = 'true', leftOut = {} }: Comparison,
  described: Table | undefined,
  file: string,
  rows: (table: string, count: number) => void,
): Promise<string[]> {
  if (described === undefined) return [`${table}: is not built in this lake`];
  const day = described.partitioned ? [['day', 'VARCHAR'] as const] : [];
  // What was redacted how is said of the rows that build made; a model of ClickHouse redacts nothing.
  const isCompared = (name: string) => name !== 'redaction_policy' && leftOut[name] === undefined;
  const columns = [...described.columns, ...day].filter(([name]) => isCompared(name));
  const wrong = Object.keys(leftOut).filter((name) => !described.columns.some(([known]) => known === name));
  const select = columns.map(([name, type]) => `${sameShape(name, type)} as ${identifier(name)}`).join(', ');
  const ask = async (query: string) => (await connection.runAndReadAll(query)).getRowObjectsJS();
  await connection.run(
    `create or replace temp table in_lake as select ${select} from ${table} where ${where}`,
  );
  await connection.run(
    `create or replace temp table in_cluster as select ${select} from read_parquet(${quote(file)}) where ${where}`,
  );
  const [count] = await ask('select count(*) as rows from in_lake');
  rows(table, Number(count?.rows));
  const found = wrong.map((name) => `${table}: has no column ${name} to leave out`);
  for (const [one, other, place] of [
    ['in_lake', 'in_cluster', 'the lake'],
    ['in_cluster', 'in_lake', 'ClickHouse'],
  ] as const) {
    const only = await ask(`from ${one} except all from ${other}`);
    if (only.length === 0) continue;
    const first = JSON.stringify(only[0], (_, value) => (typeof value === 'bigint' ? String(value) : value));
    found.push(`${table} (model_${model}): ${only.length} rows in ${place} only, first ${first}`);
  }
  return found;
}

/** A column as the lake types it; ClickHouse has no null lists, so a list that is null counts as one that is empty. */
function sameShape(name: string, type: string): string {
  const column = identifier(name);
  if (type.endsWith('[]')) return `coalesce(${column}::${type}, [])::varchar[]`;
  return type === 'JSON' ? `${column}::varchar` : `${column}::${type}`;
}
