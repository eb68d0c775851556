import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { duckdbPackage } from './duckdbPackage.js';
import { type Column, readManifest, type Table } from './manifest.js';
import type { RawDay } from './rawState.js';
import { spillFolder } from './spillFolder.js';

export type DuckDB = {
  readonly connection: DuckDBConnection;
  /** What createView made: name -> SELECT. */
  readonly views: Map<string, string>;
  readonly close: () => void;
};

/** The kinds of raw rows that ingest writes; each is a table `raw.<source>`. */
export const rawSources = ['claude', 'codex', 'claude_files', 'seq', 'events'] as const;

export const rawColumns: readonly Column[] = [
  ['source', 'VARCHAR'],
  ['source_path', 'VARCHAR'],
  ['file_key', 'VARCHAR'],
  ['line_no', 'BIGINT'],
  ['byte_offset', 'BIGINT'],
  ['byte_length', 'BIGINT'],
  ['line', 'VARCHAR'],
  ['bytes', 'BLOB'],
  ['generation', 'INTEGER'],
  ['is_current', 'BOOLEAN'],
];

/** A DuckDB in memory that behaves the same everywhere: one thread, UTC, no extension from outside. */
export async function openDuckDB(options: { memoryMb?: number; spill?: string } = {}): Promise<DuckDB> {
  const instance = await duckdbPackage.DuckDBInstance.create(':memory:', {
    threads: '1',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: `${options.memoryMb ?? 1000}MB`,
    temp_directory: options.spill ?? '',
    // A view opens its files and so does each query on it: their footers are kept; rows would be held twice.
    enable_external_file_cache: 'false',
  });
  const connection = await instance.connect();
  await connection.run(`set TimeZone = 'UTC'; set parquet_metadata_cache = true`);
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  return { connection, views: new Map(), close };
}

/** The published tables as views `core.turns` …, all or those named, with the `day` of their files. */
export async function openWarehouse(options: {
  config: Config;
  tables?: readonly string[];
  /** DuckDB's share; what is over goes to the disk. */
  memoryMb?: number;
}): Promise<DuckDB> {
  const lake = join(options.config.data, 'lake');
  const { tables } = await readManifest(lake);
  // Not below lake/drafts: a build beside this reader would sweep it away.
  const spill = await spillFolder();
  const duckdb = await openDuckDB({ spill, ...(options.memoryMb ? { memoryMb: options.memoryMb } : {}) });
  const close = () => {
    duckdb.close();
    rmSync(spill, { recursive: true, force: true });
  };
  const warehouse = { ...duckdb, close };
  for (const name of options.tables ?? Object.keys(tables)) {
    const table = tables[name];
    if (table === undefined) throw new UserError(`${name}: not built yet; run \`tracemill build\``);
    await createView(warehouse, name, tableRelation(lake, table));
  }
  return warehouse;
}

/** Makes or replaces the view `core.turns` over a SELECT, unless it is there already. */
export async function createView({ connection, views }: DuckDB, name: string, select: string): Promise<void> {
  if (views.get(name) === select) return;
  const [layer = '', table = ''] = name.split('.');
  const schema = identifier(layer);
  if (![...views.keys()].some((other) => other.startsWith(`${layer}.`))) {
    await connection.run(`create schema if not exists ${schema}`);
  }
  await connection.run(`create or replace view ${schema}.${identifier(table)} as ${select}`);
  views.set(name, select);
}

/** A built table as a SELECT over its files, of one day or of all; typed and empty where no file has a row. */
export function tableRelation(lake: string, table: Table, day?: string): string {
  const keys = day === undefined || !table.partitioned ? Object.keys(table.files).sort() : [day];
  const files = keys.flatMap((key) => (table.files[key]?.rows ? [table.files[key].file] : []));
  if (files.length === 0) return emptyRelation(table.columns, table.partitioned);
  return `select * from ${readParquet(lake, files, table.partitioned)}`;
}

/**
 * Raw lines as a SELECT: under the path their file has now, with its generation, without lines read again longer or named
 * by a tombstone. Reads what build left in drafts: raw_files_state, raw_superseded, raw_forgotten.
 */
export function rawRelation(lake: string, days: readonly RawDay[]): string {
  const files = days.flatMap((day) => day.files);
  if (files.length === 0) return emptyRelation(rawColumns, true);
  const read = (name: string) => `read_parquet(${quote(join(lake, 'drafts', `${name}.parquet`))})`;
  return `select lines.* replace (files.source_path as source_path), files.generation, files.is_current
    from ${readParquet(lake, files, true)} as lines
    join ${read('raw_files_state')} as files using (file_key)
    anti join ${read('raw_superseded')} as superseded using (file_key, byte_offset, byte_length)
    anti join ${read('raw_forgotten')} as forgotten using (file_key, byte_offset)`;
}

function emptyRelation(columns: readonly Column[], withDay: boolean): string {
  const all = withDay ? [...columns, ['day', 'VARCHAR'] as const] : columns;
  return `select ${all.map(([name, type]) => `null::${type} as ${identifier(name)}`).join(', ')} where false`;
}

/** Writes the rows of a SELECT, in their order, as the Parquet of every table; gives how many. */
export async function writeParquet(
  connection: DuckDBConnection,
  select: string,
  file: string,
): Promise<number> {
  const options = 'format parquet, compression zstd, row_group_size 20000';
  return (await connection.run(`copy (${select}) to ${quote(file)} (${options})`)).rowsChanged;
}

/** A SQL string literal. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A SQL name in double quotes. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

// union_by_name: after a failed check a day may still have yesterday's columns. A `key=value` folder above the lake is no
// partition of it.
function readParquet(lake: string, files: readonly string[], withDay: boolean): string {
  const paths = files.map((file) => quote(join(lake, file))).join(', ');
  const options = withDay
    ? `hive_partitioning = true, hive_types = {'day': varchar}`
    : 'hive_partitioning = false';
  const read = `read_parquet([${paths}], union_by_name = true, ${options})`;
  const foreign = [...lake.matchAll(/([^/=]+)=[^/]*/g)].map((match) => identifier(match[1] ?? ''));
  return withDay && foreign.length > 0 ? `(select * exclude (${foreign.join(', ')}) from ${read})` : read;
}
