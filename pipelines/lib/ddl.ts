import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, UserError } from '../errors.js';
import { type Clickhouse, hasTable } from './clickhouse.js';
import { clusterStatements } from './clusterDdl.js';
import { atPoint } from './lake.js';
import { sha256 } from './model.js';

/** One numbered file of sql/clickhouse: a single statement that may be run again. */
export type DdlFile = { readonly file: string; readonly sql: string };

type Applied = { file: string; sha256: string; cluster: string };

/** The numbered files of a sql folder, in their order. */
export async function readDdl(sqlFolder: string): Promise<DdlFile[]> {
  const folder = join(sqlFolder, 'clickhouse');
  const files = (await readdir(folder).catch(() => []))
    .filter((file) => /^\d{3}_\w+\.sql$/.test(file))
    .sort();
  if (files.length === 0)
    throw new UserError(`${folder}: holds no numbered SQL; set TRACEMILL_SQL to the folder sql of tracemill`);
  return Promise.all(files.map(async (file) => ({ file, sql: await readFile(join(folder, file), 'utf8') })));
}

/** Runs the files that this database has not seen, each once, and notes them; gives back their names. */
export async function applyDdl(
  clickhouse: Clickhouse,
  files: readonly DdlFile[],
  now: Date,
): Promise<string[]> {
  const applied = await readApplied(clickhouse);
  refuseForeign(clickhouse, files, applied);
  const known = new Set(applied.map(({ file }) => file));
  const unseen = files.filter(({ file }) => !known.has(file));
  for (const { file, sql } of unseen) {
    // Killed before the note below, the same file runs again: `if not exists` and `or replace` make that nothing.
    for (const statement of statements(clickhouse, sql)) await clickhouse.run(statement);
    atPoint('ddl-applied');
    const note = { file, sha256: sha256(sql), cluster: clickhouse.cluster ?? '' };
    await clickhouse.insert('applied_files', [{ ...note, applied_at: now.toISOString() }]);
  }
  return unseen.map(({ file }) => file);
}

/** What was applied; nothing in a new database, where the first file makes the table of it. */
async function readApplied(clickhouse: Clickhouse): Promise<Applied[]> {
  if (!(await hasTable(clickhouse, 'applied_files'))) return [];
  return clickhouse.rows('select file, sha256, cluster from applied_files');
}

/** What a file says on this database: itself, or its form on a cluster. */
function statements({ cluster, database }: Clickhouse, sql: string): string[] {
  return cluster === null ? [sql] : clusterStatements(sql, { cluster, database });
}

function refuseForeign(
  { cluster, database }: Clickhouse,
  files: readonly DdlFile[],
  applied: readonly Applied[],
): void {
  const texts = new Map(files.map(({ file, sql }) => [file, sha256(sql)]));
  for (const { file, sha256, cluster: made } of applied) {
    const text = texts.get(file);
    if (text === undefined) {
      throw new UserError(
        `sql/clickhouse/${file}: is not here, but was applied to database ${database}; use the newer tracemill that wrote it, or another CLICKHOUSE_DATABASE`,
      );
    }
    if (text !== sha256) {
      throw new UserError(
        `sql/clickhouse/${file}: changed after it was applied to database ${database}; put it back and write the change as a new numbered file, or drop the database and load again`,
      );
    }
    if (made !== (cluster ?? '')) {
      const how = made === '' ? 'without a cluster' : `on cluster ${made}`;
      throw new UserError(
        `CLICKHOUSE_CLUSTER: database ${database} was made ${how}; set it so, or name another CLICKHOUSE_DATABASE`,
        { exitCode: exitCodes.usage },
      );
    }
  }
}
