import { createHash, type Hash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { batchId, commitFiles, emptyRow, sweepLog, writeCommit } from './commitLog.js';
import {
  type CommitRow,
  commitColumns,
  listCommits,
  rawFilesTable,
  readCommits,
  readRanges,
} from './commits.js';
import { atPoint, draftPath, lakeFolder, syncPath } from './lake.js';
import { withLock } from './lock.js';
import { lineHash } from './purgedLines.js';
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

type Piece = {
  start: number;
  end: number;
  lines: number;
  firstLine: number;
  hash: Hash;
  isGone: boolean;
  files: Set<string>;
  hashes: string[];
};

/** The rows that say what became of each range that held a forgotten line: pieces that stay, and pieces that are gone. */
async function cutRanges(options: {
  connection: DuckDBConnection;
  lake: string;
  id: string;
  now: Date;
  renamed: ReadonlyMap<string, string | null>;
}): Promise<CommitRow[]> {
  const { connection, lake, id, now, renamed } = options;
  const columns = Object.keys(commitColumns).map((name) => `ranges.${name}`);
  const reader = await connection.runAndReadAll(`
    select ${columns.join(', ')}, coalesce(superseded.file_key is not null, false) as is_superseded
    from ranges
    left join raw_superseded as superseded on
      superseded.file_key = ranges.file_key
      and superseded.byte_offset = ranges.start_offset
      and superseded.byte_length = ranges.end_offset - ranges.start_offset
    where exists (
      select 1 from forgotten_rows as gone
      where gone.file_key = ranges.file_key
        and gone.byte_offset >= ranges.start_offset
        and gone.byte_offset + gone.byte_length <= ranges.end_offset
    )
    order by ranges.file_key, ranges.start_offset, ranges.end_offset`);
  const rows: CommitRow[] = [];
  for (const { is_superseded, ...found } of reader.getRowObjectsJson()) {
    const range = {
      ...(found as unknown as CommitRow),
      start_offset: Number(found.start_offset),
      end_offset: Number(found.end_offset),
      first_line_no: Number(found.first_line_no),
      size: Number(found.size),
      mtime_ms: Number(found.mtime_ms),
      inode: Number(found.inode),
    };
    const pieces = await cut({ connection, lake, range, isSuperseded: is_superseded === true });
    rows.push(
      ...pieces.map((piece) => ({
        ...range,
        op: 'purge' as const,
        batch_id: id,
        committed_at: now.toISOString(),
        start_offset: piece.start,
        end_offset: piece.end,
        sha256: piece.hash.digest('hex'),
        lines: piece.lines,
        first_line_no: piece.firstLine,
        tail_sha256: null,
        raw_files: piece.isGone
          ? []
          : [...piece.files].flatMap((file) => (renamed.has(file) ? (renamed.get(file) ?? []) : file)),
        replaces: [`${range.start_offset}-${range.end_offset}`, ...piece.hashes],
      })),
    );
  }
  return rows;
}

/** Cuts one range; its bytes must still be those of the log, for what is gone cannot be looked at again. */
async function cut(options: {
  connection: DuckDBConnection;
  lake: string;
  range: CommitRow & { start_offset: number; end_offset: number; first_line_no: number };
  isSuperseded: boolean;
}): Promise<Piece[]> {
  const { connection, lake, range, isSuperseded } = options;
  const whole = createHash('sha256');
  const pieces: Piece[] = [];
  let at = range.start_offset;
  let line = range.first_line_no;
  const gone = await placesOf(connection, range);
  for await (const row of sortedRows({ connection, lake, range, isSuperseded })) {
    const isGone = gone.has(`${row.offset}/${row.length}`);
    let piece = pieces.at(-1);
    if (piece === undefined || piece.isGone !== isGone) {
      const hash = createHash('sha256');
      piece = { start: at, end: at, lines: 0, firstLine: line, hash, isGone, files: new Set(), hashes: [] };
      pieces.push(piece);
    }
    whole.update(row.bytes);
    piece.hash.update(row.bytes);
    piece.end = row.offset + row.length;
    piece.lines += 1;
    piece.files.add(row.file);
    if (isGone) piece.hashes.push(lineHash(row.bytes));
    if (row.offset !== at) break;
    at = piece.end;
    line += 1;
  }
  if (at !== range.end_offset || whole.digest('hex') !== range.sha256) {
    throw new UserError(
      `${range.source}/${range.source_path}: its lines in the lake differ from the log; run \`tracemill verify\` and mend it before you purge`,
    );
  }
  return pieces;
}

async function placesOf(connection: DuckDBConnection, range: CommitRow): Promise<Set<string>> {
  const reader = await connection.runAndReadAll(`
    select byte_offset::double, byte_length::double from forgotten_rows
    where file_key = ${quote(String(range.file_key))}
      and byte_offset >= ${range.start_offset} and byte_offset + byte_length <= ${range.end_offset}`);
  return new Set(reader.getRowsJson().map(([offset, length]) => `${offset}/${length}`));
}

type SortedRow = { file: string; offset: number; length: number; bytes: Buffer };

/** The rows of a range in order, each with its line's bytes and the raw file that holds it. */
async function* sortedRows(options: {
  connection: DuckDBConnection;
  lake: string;
  range: CommitRow;
  isSuperseded: boolean;
}): AsyncGenerator<SortedRow> {
  const { connection, lake, range, isSuperseded } = options;
  const files = range.raw_files.map((file) => quote(join(lake, file)));
  const result = await connection.stream(`
    select
      filename,
      byte_offset,
      byte_length,
      if(bytes is null, encode(line), bytes) || if(
        byte_length > coalesce(octet_length(bytes), strlen(line)), '\x0A'::blob, ''::blob) as content
    from read_parquet([${files.join(', ')}], hive_partitioning = false, filename = true)
    anti join (
      select * from raw_superseded where ${!isSuperseded}
    ) using (file_key, byte_offset, byte_length)
    where file_key = ${quote(String(range.file_key))}
      and byte_offset >= ${range.start_offset}
      and byte_offset + byte_length ${isSuperseded ? '=' : '<='} ${range.end_offset}
    order by byte_offset`);
  for await (const rows of result.yieldRows()) {
    for (const [name, offset, length, content] of rows) {
      const { bytes } = content as { bytes: Uint8Array };
      yield {
        file: String(name).slice(lake.length + 1),
        offset: Number(offset),
        length: Number(length),
        bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      };
    }
  }
}
