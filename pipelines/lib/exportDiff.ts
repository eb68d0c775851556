import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import type { FoundExport } from './exportVersions.js';
import type { LeftOut } from './leftOut.js';
import { quotePath } from './quotePath.js';
import { linesOf } from './textLines.js';

/** Rows of a split that only the later export has, only the earlier one, or both with other columns after the id. */
export type SplitDiff = {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
};

export type Change<T> = { readonly from: T | null; readonly to: T | null };

/** What differs between two exports; what is the same is not in it. */
export type ExportDiff = {
  readonly from: string;
  readonly to: string;
  /** False where the shapes differ: then a row in both counts as the same. */
  readonly comparable: boolean;
  readonly datasets: Readonly<Record<string, Readonly<Record<string, SplitDiff>>>>;
  readonly rows: Readonly<Record<string, Change<number>>>;
  readonly tokens: Readonly<Record<string, Change<number>>>;
  /** Rows left out, by dataset and then by reason. */
  readonly left_out: Readonly<Record<string, Readonly<Record<string, Change<number>>>>>;
  /** Profile, filters, benchmarks and code, by name. */
  readonly settings: Readonly<Record<string, Change<unknown>>>;
  /** SQL and content of each dataset's model. */
  readonly models: Readonly<Record<string, Readonly<Record<string, Change<unknown>>>>>;
};

/** Compares two exports by their manifests and, row by row, by their files. */
export async function diffExports(
  connection: DuckDBConnection,
  from: FoundExport,
  to: FoundExport,
): Promise<ExportDiff> {
  const comparable = from.manifest.profile === to.manifest.profile;
  const [before, after] = [from.manifest.datasets, to.manifest.datasets];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const datasets: Record<string, Record<string, SplitDiff>> = {};
  for (const name of names) {
    const splits = new Set([
      ...Object.keys(before[name]?.splits ?? {}),
      ...Object.keys(after[name]?.splits ?? {}),
    ]);
    for (const split of splits) {
      await readRows(connection, 'rows_before', from, name, split);
      await readRows(connection, 'rows_after', to, name, split);
      const diff = await compareRows(connection, comparable);
      if (Object.values(diff).every((ids) => ids.length === 0)) continue;
      datasets[name] = { ...datasets[name], [split]: diff };
    }
  }
  const perDataset = <T>(changes: (name: string) => Readonly<Record<string, Change<T>>>) =>
    Object.fromEntries(
      names
        .map((name) => [name, changes(name)] as const)
        .filter(([, found]) => Object.keys(found).length > 0),
    );
  return {
    from: from.manifest.version,
    to: to.manifest.version,
    comparable,
    datasets,
    rows: changes(counts(before, 'rows'), counts(after, 'rows')),
    tokens: changes(counts(before, 'tokens'), counts(after, 'tokens')),
    left_out: perDataset((name) => changes(reasons(before[name]), reasons(after[name]))),
    settings: changes(settings(from), settings(to)),
    models: perDataset((name) => changes<unknown>(before[name]?.model ?? {}, after[name]?.model ?? {})),
  };
}

/** Makes a table of a split's rows: id and a hash of the whole row. */
async function readRows(
  connection: DuckDBConnection,
  table: string,
  { folder, manifest }: FoundExport,
  dataset: string,
  split: string,
): Promise<void> {
  const files = manifest.datasets[dataset]?.splits[split]?.files ?? [];
  const parquet = files.filter((file) => file.endsWith('.parquet'));
  const paths = (list: readonly string[]) =>
    `[${list.map((file) => quotePath(join(folder, file))).join(', ')}]`;
  if (parquet.length > 0) {
    const id = await idColumn(connection, paths(parquet));
    await connection.run(
      `create or replace table ${table} as select ${id} as id, md5(files::varchar) as hash
       from read_parquet(${paths(parquet)}, hive_partitioning = false) as files`,
    );
    return;
  }
  await connection.run(`create or replace table ${table} (id varchar, hash varchar)`);
  const appender = await connection.createAppender(table);
  for (const file of files) {
    for await (const line of linesOf(join(folder, file))) {
      const hash = createHash('md5').update(line).digest('hex');
      const id = idOf(line, file);
      // A line without an id (OpenAI takes none) is known by its text.
      appender.appendVarchar(typeof id === 'string' ? id : hash);
      appender.appendVarchar(hash);
      appender.endRow();
    }
  }
  appender.closeSync();
}

function idOf(line: Buffer, file: string): unknown {
  try {
    return JSON.parse(line.toString()).id;
  } catch (cause) {
    throw new UserError(`${file}: has a line that is no JSON object; export again`, { cause });
  }
}

/** The id of a row: its own column, or in verl's shape within `extra_info`. */
async function idColumn(connection: DuckDBConnection, paths: string): Promise<string> {
  const reader = await connection.runAndReadAll(`describe select * from read_parquet(${paths})`);
  return reader.getRowsJS().some(([name]) => name === 'id') ? 'id' : 'extra_info.id';
}

async function compareRows(connection: DuckDBConnection, comparable: boolean): Promise<SplitDiff> {
  const ids = async (sql: string) =>
    (await connection.runAndReadAll(`${sql} order by id`)).getRowsJS().map(([id]) => String(id));
  return {
    added: await ids('select id from rows_after anti join rows_before using (id)'),
    removed: await ids('select id from rows_before anti join rows_after using (id)'),
    changed: comparable
      ? await ids(
          'select id from rows_before join rows_after using (id) where rows_before.hash <> rows_after.hash',
        )
      : [],
  };
}

function changes<T>(
  from: Readonly<Record<string, T>>,
  to: Readonly<Record<string, T>>,
): Record<string, Change<T>> {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  const pairs = names.map((name) => [name, { from: from[name] ?? null, to: to[name] ?? null }] as const);
  return Object.fromEntries(pairs.filter(([, change]) => !isDeepStrictEqual(change.from, change.to)));
}

function counts(datasets: FoundExport['manifest']['datasets'], key: 'rows' | 'tokens') {
  return Object.fromEntries(Object.entries(datasets).map(([name, dataset]) => [name, dataset[key]]));
}

/** How many rows were left out for each reason. */
function reasons(dataset: LeftOut | undefined): Record<string, number> {
  if (dataset === undefined) return {};
  const { refused, withheld, contaminated, copies } = dataset;
  const of = (kind: string, list: LeftOut['refused'] = {}) =>
    Object.entries(list).map(([reason, { rows }]) => [`${kind}: ${reason}`, rows] as const);
  const all = [...of('refused', refused), ...of('withheld', withheld), ...of('contaminated', contaminated)];
  return Object.fromEntries(copies > 0 ? [...all, ['copies of an older day', copies]] : all);
}

function settings({ manifest }: FoundExport): Record<string, unknown> {
  const { profile, filters, benchmarks = [], code } = manifest;
  const given = Object.entries(filters).map(([name, value]) => [`--${name}`, value] as const);
  const files = benchmarks.map(({ name, sha256 }) => [`--decontaminate ${name}`, sha256] as const);
  return { profile, ...Object.fromEntries([...given, ...files]), ...code };
}
