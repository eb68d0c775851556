import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { batchId, commitFiles, emptyRow, sweepLog, writeCommit } from './commitLog.js';
import { type CommitRow, listCommits, readCommits, readRanges } from './commits.js';
import { cutRanges } from './cutRanges.js';
import { atPoint, draftPath, lakeFolder, syncPath } from './lake.js';
import { withLock } from './lock.js';
import { rawFilesTable } from './rawState.js';
import type { RawDraft } from './rawWriter.js';
import { openDuckDB, quote } from './warehouse.js';

/** Purges all that is forgotten by now, as the lake's only writer; gives the commit, null where nothing was left to purge. */
export async function purgeForgotten(options: { config: Config; now: Date }): Promise<string | null> {
  const { config, now } = options;
  return withLock(config, 'forget', async () => {
    const lake = lakeFolder(config);
    const { connection, close } = await openDuckDB();
    try {
      await sweepLog(connection, lake, now);
      return await purgeRaw({ connection, lake, now });
    } finally {
      close();
    }
  });
}

/**
 * Takes every line that a tombstone names out of the raw files: those that hold one are written anew without it, one commit
 * says so, and the old files go at once. Under the lock, after sweepLog.
 */
async function purgeRaw(options: {
  connection: DuckDBConnection;
  lake: string;
  now: Date;
}): Promise<string | null> {
  const { connection, lake, now } = options;
  await readRanges(connection);
  await rawFilesTable(connection);
  const files = await filesToRewrite(connection, lake);
  if (files.length === 0) return null;
  const id = batchId((await listCommits(lake)).next);
  const drafts: RawDraft[] = [];
  const rows: CommitRow[] = [];
  /** Old file -> the one in its place; null where no line of it stays. */
  const renamed = new Map<string, string | null>();
  for (const file of files) {
    const draft = await rewrite(connection, lake, file);
    const name = file.replace(/[^/]*$/, `${id}-${String(renamed.size).padStart(4, '0')}.parquet`);
    renamed.set(file, draft === null ? null : name);
    if (draft !== null) drafts.push({ draft, file: name });
    rows.push({
      ...emptyRow('purge', id, now),
      raw_files: draft === null ? [] : [name],
      // What it was merged from may still be there, too.
      replaces: [file, ...(await mergedInto(connection, file))],
    });
  }
  const pieces = await cutRanges({ connection, lake, id, now, renamed });
  rows.push(...pieces);
  const commit = await writeCommit(lake, rows);
  await commitFiles({
    lake,
    id,
    drafts,
    commit,
    points: { renamed: 'purge-renamed', committed: 'purge-committed' },
  });
  const removed = rows.filter(({ file_key }) => file_key === null).flatMap(({ replaces }) => replaces);
  await removeFiles(lake, removed);
  await readCommits(connection, lake);
  return id;
}

/** Removes raw files that a purge wrote anew, for good. */
async function removeFiles(lake: string, files: readonly string[]): Promise<void> {
  const folders = new Set<string>();
  for (const file of files) {
    await rm(join(lake, file), { force: true });
    folders.add(join(lake, file.replace(/\/[^/]*$/, '')));
    atPoint('purge-removed');
  }
  for (const folder of folders) await syncPath(folder);
}

/** The live raw files that hold a forgotten line; makes the temp table `forgotten_rows` of their places. */
async function filesToRewrite(connection: DuckDBConnection, lake: string): Promise<string[]> {
  const suspects = await connection.runAndReadAll(`
    with suspects as (
      select unnest(ranges.raw_files) as file
      from ranges
      join raw_files_state as files using (file_key)
      where files.is_forgotten
      union
      select unnest(ranges.raw_files)
      from ranges
      join raw_forgotten as lines on
        lines.file_key = ranges.file_key
        and lines.byte_offset >= ranges.start_offset
        and lines.byte_offset < ranges.end_offset
    )
    select file from suspects order by file`);
  const files = suspects.getRowsJson().map(([file]) => String(file));
  await connection.run(`
    create or replace temp table forgotten_rows (file varchar, file_key varchar, byte_offset bigint, byte_length bigint)`);
  for (const file of files) {
    await connection.run(`
      insert into forgotten_rows
      select ${quote(file)}, lines.file_key, lines.byte_offset, lines.byte_length
      from read_parquet(${quote(join(lake, file))}, hive_partitioning = false) as lines
      join raw_files_state as files using (file_key)
      left join raw_forgotten as forgotten on
        forgotten.file_key = lines.file_key and forgotten.byte_offset = lines.byte_offset
      where files.is_forgotten or forgotten.file_key is not null`);
  }
  const found = await connection.runAndReadAll('select distinct file from forgotten_rows order by file');
  return found.getRowsJson().map(([file]) => String(file));
}

/** Writes a raw file without its forgotten lines, the rest in their order; null where nothing is left. */
async function rewrite(connection: DuckDBConnection, lake: string, file: string): Promise<string | null> {
  const draft = draftPath(lake, '.parquet');
  await connection.run('set preserve_insertion_order = false');
  const result = await connection.run(`
    copy (
      select * from read_parquet(${quote(join(lake, file))}, hive_partitioning = false)
      anti join forgotten_rows using (file_key, byte_offset, byte_length)
    ) to ${quote(draft)}
    (format parquet, compression zstd, compression_level 1, row_group_size 4096, row_group_size_bytes '32MB')`);
  await connection.run('set preserve_insertion_order = true');
  const [expected] = await connection
    .runAndReadAll(
      `select (select count(*) from read_parquet(${quote(join(lake, file))}, hive_partitioning = false))
         - (select count(*) from forgotten_rows where file = ${quote(file)})`,
    )
    .then((reader) => reader.getRowsJson()[0] ?? []);
  // The old file goes for good.
  if (Number(result.rowsChanged) !== Number(expected))
    throw new Error(`${file}: ${result.rowsChanged} rows written of ${expected} that stay`);
  if (Number(result.rowsChanged) > 0) return draft;
  await rm(draft, { force: true });
  return null;
}

async function mergedInto(connection: DuckDBConnection, file: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(`
    with recursive sources as (
      select unnest(replaces) as file from commits where op = 'merge' and list_contains(raw_files, ${quote(file)})
      union
      select unnest(commits.replaces)
      from sources
      join commits on commits.op = 'merge' and list_contains(commits.raw_files, sources.file)
    )
    select file from sources order by file`);
  return reader.getRowsJson().map(([name]) => String(name));
}
