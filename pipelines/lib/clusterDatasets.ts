import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { type Clickhouse, hasTable, openClickhouse } from './clickhouse.js';
import {
  type ClusterModel,
  clusterDatasets,
  clusterInputs,
  makeModels,
  modelSettings,
  readClusterFolder,
} from './clusterModels.js';
import { saveRows } from './clusterRows.js';
import { describeTables } from './describe.js';
import { readProject, selectModels } from './graph.js';
import { planTable, readLoads } from './loadPlan.js';
import { type Column, type Manifest, readManifest, storeDraft, type Table } from './manifest.js';
import type { Model } from './model.js';
import type { StartProgress } from './progress.js';
import { identifier, openDuckDB, quote, writeParquet } from './warehouse.js';

/** Datasets that stand in `lake`, a folder, as build leaves them in the lake; `models` are those that made them. */
export type Derived = {
  readonly lake: string;
  readonly tables: Manifest['tables'];
  readonly models: readonly Model[];
  /** The engine, as a manifest names it. */
  readonly code: Readonly<Record<string, string>>;
};

/** Derives the datasets, and what is withheld of them, in the ClickHouse that the lake is loaded into. */
export async function deriveDatasets(of: {
  config: Config;
  lake: string;
  /** Empty; holds the result, and what is on the way. */
  folder: string;
  progress: StartProgress;
}): Promise<Derived> {
  const { config, lake, folder, progress } = of;
  const manifest = await readManifest(lake);
  const described = await describeDatasets(config, lake);
  const { functions, models } = await readClusterFolder(config.sql);
  const arrived = join(folder, 'arrived');
  await mkdir(arrived, { mode: 0o700, recursive: true });
  const clickhouse = await openClickhouse(config, { settings: modelSettings });
  const { add, end } = progress('export: deriving in ClickHouse', models.length, 'items');
  try {
    await checkInputs(clickhouse, manifest);
    await makeModels(clickhouse, functions, models, () => add(1));
    for (const name of [...clusterDatasets, 'withheld']) {
      await saveRows(clickhouse, `select * from model_${name}`, join(arrived, `${name}.parquet`));
    }
  } finally {
    end();
    // Its engine and the workers that count tokens do not live in one process.
    await clickhouse.close();
  }
  const tables = await storeTables(folder, arrived, described.columns);
  await rm(arrived, { recursive: true });
  const events = manifest.tables['events.training_events'];
  return {
    lake: folder,
    tables: events ? { ...tables, 'events.training_events': seenFrom(folder, lake, events) } : tables,
    models: described.models.map((model) => withClusterSql(model, models)),
    code: { clickhouse: clickhouse.version },
  };
}

/** The columns of the datasets as the lake's models give them: one writer, one type, whatever derives the rows. */
async function describeDatasets(config: Config, lake: string) {
  const planner = await openDuckDB();
  try {
    const project = await readProject(planner.connection, config, lake);
    const names = clusterDatasets.map((name) => `datasets.${name}`);
    const selected = selectModels(project, names.map((name) => `+${name}`).join(','));
    await describeTables(planner, lake, project, selected);
    const { tables } = project.manifest;
    return {
      models: project.nodes,
      columns: new Map(names.map((name) => [name, tables[name]?.columns ?? []] as const)),
    };
  } finally {
    planner.close();
  }
}

/** Models read what is loaded: it must be what the lake publishes now. */
async function checkInputs(clickhouse: Clickhouse, manifest: Manifest): Promise<void> {
  const loads = (await hasTable(clickhouse, 'loads')) ? await readLoads(clickhouse) : null;
  for (const input of clusterInputs) {
    const table = input.replace(/^\w+\./, '');
    if (manifest.tables[input] === undefined) {
      throw new UserError(`${input}: is not built; run \`tracemill build --engine clickhouse\``);
    }
    if (loads === null) throw new UserError(`${input}: is not in ClickHouse; run \`tracemill load\``);
    const plan = await planTable(clickhouse, { table, manifest, loads, full: false });
    const day = plan?.replace[0]?.day ?? plan?.drop[0];
    if (day === undefined) continue;
    throw new UserError(`${input} ${day}: ClickHouse holds another state of it; run \`tracemill load\``);
  }
}

/** Makes files by day of the Parquet that arrived, typed and in order, as build would have made them. */
async function storeTables(
  folder: string,
  arrived: string,
  datasets: ReadonlyMap<string, readonly Column[]>,
): Promise<Record<string, Table>> {
  const duckdb = await openDuckDB({ spill: join(arrived, 'spill') });
  const { connection } = duckdb;
  try {
    const tables: Record<string, Table> = {};
    for (const [table, columns] of datasets) {
      const file = join(arrived, `${table.replace('datasets.', '')}.parquet`);
      tables[table] = await storeDays(connection, { folder, file, table, columns });
    }
    const withheld = ['dataset', 'id', 'reason'].map((name): Column => [name, 'VARCHAR']);
    const file = join(arrived, 'withheld.parquet');
    const entry = await storeFile(connection, {
      folder,
      table: 'duplicates.withheld',
      day: '',
      select: `select ${withheld.map(([name]) => name).join(', ')} from read_parquet(${quote(file)}) order by all`,
    });
    tables['duplicates.withheld'] = tableOf(withheld, false, { '': entry });
    return tables;
  } finally {
    duckdb.close();
  }
}

async function storeDays(
  connection: DuckDBConnection,
  of: { folder: string; file: string; table: string; columns: readonly Column[] },
): Promise<Table> {
  const { folder, file, table, columns } = of;
  const typed = columns.map(([name, type]) => `${identifier(name)}::${type} as ${identifier(name)}`);
  const rows = `read_parquet(${quote(file)})`;
  const days = await connection.runAndReadAll(`select distinct day from ${rows} order by day`);
  const files: Table['files'] = {};
  for (const [day] of days.getRows()) {
    const select = `select ${typed.join(', ')} from ${rows} where day = ${quote(String(day))} order by id`;
    files[String(day)] = await storeFile(connection, { folder, table, day: String(day), select });
  }
  return tableOf(columns, true, files);
}

async function storeFile(
  connection: DuckDBConnection,
  { folder, table, day, select }: { folder: string; table: string; day: string; select: string },
) {
  const draft = join(folder, 'arrived', 'draft.parquet');
  await writeParquet(connection, select, draft);
  const reader = await connection.runAndReadAll(`select count(*) from read_parquet(${quote(draft)})`);
  const rows = Number(reader.getRows()[0]?.[0]);
  return storeDraft(folder, draft, { table, day, rows, fingerprint: '' });
}

function tableOf(columns: readonly Column[], partitioned: boolean, files: Table['files']): Table {
  return { columns, partitioned, shape: '', fingerprint: '', files };
}

/** A table of one lake as a table of a folder beside it. */
function seenFrom(folder: string, lake: string, table: Table): Table {
  const files = Object.entries(table.files).map(
    ([day, entry]) => [day, { ...entry, file: relative(folder, join(lake, entry.file)) }] as const,
  );
  return { ...table, files: Object.fromEntries(files) };
}

/** A dataset's model with the SQL that made it here. */
function withClusterSql(model: Model, clusterModels: readonly ClusterModel[]): Model {
  const made = clusterModels.find(({ name }) => `datasets.${name}` === model.name);
  return made === undefined ? model : { ...model, sql: made.sql };
}
