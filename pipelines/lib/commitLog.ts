import { access, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RowBuffer } from 'parquetjs-lite';
import { type CommitRow, commitColumns, listCommits, readCommits, readRanges } from './commits.js';
import { atPoint, draftPath, publishFile, publishFiles, sweepDrafts, writeAtomically } from './lake.js';
import { lastRows } from './rawState.js';
import type { RawDraft } from './rawWriter.js';
import { quote } from './warehouse.js';

/** A snapshot is made once so many commit files have gathered. */
export const commitsPerSnapshot = 64;
/** Raw files that a merge replaced stay this long, for readers that still hold them. */
export const retireMs = 86_400_000;
/** There while raw files get their names before their commit: a kill in between leaves it for the next sweep. */
export const unfinishedNote = 'raw.unfinished';

/** The name of a commit: its number, zero-padded so that names sort as numbers. */
export function batchId(number: number): string {
  return String(number).padStart(8, '0');
}

/** The package writes a row group once it has so many rows. */
const groupRows = 4096;

/** Writes the file of one commit as a draft, whose path it gives; commitFiles makes it count. */
export async function writeCommit(lake: string, rows: readonly CommitRow[]): Promise<string> {
  // Loaded here: a run that finds nothing new never needs it.
  const { default: parquet } = await import('parquetjs-lite');
  const types: Record<string, string> = { VARCHAR: 'UTF8', INTEGER: 'INT32', BIGINT: 'INT64' };
  const fields = Object.entries(commitColumns).map(([name, type]) => {
    const list = type.endsWith('[]');
    const base = list ? type.slice(0, -2) : type;
    const field = {
      type: types[base] ?? base,
      compression: 'GZIP',
      statistics: false,
      ...(list ? { repeated: true } : { optional: true }),
    };
    return [name, field] as const;
  });
  const draft = draftPath(lake, '.commit');
  const schema = new parquet.ParquetSchema(Object.fromEntries(fields));
  // Written at once at the end: the package does not wait for its first write, and nobody could catch its error.
  const parts: Buffer[] = [];
  const memory = {
    write: (bytes: Buffer, done: () => void) => {
      parts.push(bytes);
      done();
    },
    end: (done: () => void) => done(),
  };
  const writer = await parquet.ParquetWriter.openStream(schema, memory, { useDataPageV2: false });
  for (let at = 0; at < rows.length; at += groupRows) {
    const group = rows.slice(at, at + groupRows);
    const last = group.pop();
    writer.rowBuffer = inColumns(group);
    if (last !== undefined) await writer.appendRow(withoutNulls(last));
  }
  await writer.close();
  await writeFile(draft, Buffer.concat(parts), { mode: 0o600 });
  return draft;
}

/** An empty row of the log, for the fields that an op leaves out. */
export function emptyRow(op: CommitRow['op'], id: string, now: Date): CommitRow {
  return {
    op,
    source: null,
    source_path: null,
    file_key: null,
    generation: null,
    session_id: null,
    start_offset: null,
    end_offset: null,
    sha256: null,
    lines: null,
    first_line_no: null,
    head_sha256: null,
    tail_sha256: null,
    size: null,
    mtime_ms: null,
    inode: null,
    raw_files: [],
    replaces: [],
    partition_day: null,
    batch_id: id,
    committed_at: now.toISOString(),
    unterminated: false,
  };
}

/** Folds the log into a snapshot once it has enough files. Says nothing new: state and content hashes stay. */
export async function foldLog(connection: DuckDBConnection, lake: string, now: Date): Promise<boolean> {
  const { live, next } = await listCommits(lake);
  if (live.length < commitsPerSnapshot) return false;
  const id = batchId(next - 1);
  const columns = Object.keys(commitColumns).join(', ');
  const values: Record<string, string> = {
    op: quote('snapshot'),
    raw_files: '[]',
    replaces: `[${live.map(quote).join(', ')}]`,
    batch_id: quote(id),
    committed_at: quote(now.toISOString()),
    unterminated: 'false',
  };
  const itself = Object.entries(commitColumns).map(([name, type]) => `(${values[name] ?? 'null'})::${type}`);
  await readCommits(connection, lake);
  await readRanges(connection);
  const draft = draftPath(lake, '.parquet');
  // Of rows without bytes only a file's last one says anything; a merge is told until its old files are gone. Those that a
  // purge replaced are gone: it is made under the lock, and so is the sweep before this.
  await connection.run(`
    copy (
      with latest as (${lastRows}),
      rows as (
        select ${columns} from ranges
        union all
        select * replace ([]::varchar[] as raw_files) from cut_ranges
        union all
        select ${columns} from latest where end_offset = start_offset
        union all
        select ${columns} from commits
        where op = 'forget' or (op = 'merge' and not (${isRetired(now)}))
        union all
        select ${itself.join(', ')}
      )
      select * from rows order by batch_id, source, file_key, start_offset, end_offset, op
    ) to ${quote(draft)} (format parquet, compression zstd)`);
  await publishFile(draft, join(lake, 'commits', `snapshot-${id}.parquet`));
  atPoint('snapshot-renamed');
  return true;
}

/** Names raw drafts and commits them; a kill before the commit leaves a note for the next sweep. */
export async function commitFiles(options: {
  lake: string;
  id: string;
  drafts: readonly RawDraft[];
  /** The commit, as writeCommit left it. */
  commit: string;
  points: { renamed: string; committed?: string };
}): Promise<void> {
  const { lake, id, drafts, points } = options;
  const note = join(lake, unfinishedNote);
  if (drafts.length > 0) await writeAtomically(note, '');
  const files = drafts.map(({ draft, file }) => ({ draft, target: join(lake, file) }));
  await publishFiles(files, points.renamed);
  atPoint('before-commit');
  await publishFile(options.commit, join(lake, 'commits', `${id}.parquet`));
  if (points.committed !== undefined) atPoint(points.committed);
  await rm(note, { force: true });
}

/** Removes what a killed run left, and what snapshots and merges replaced long ago. Ends with the temp table `commits`. */
export async function sweepLog(connection: DuckDBConnection, lake: string, now: Date): Promise<void> {
  await sweepDrafts(lake);
  for (const name of (await listCommits(lake)).folded) await rm(join(lake, 'commits', name), { force: true });
  await readCommits(connection, lake);
  const note = join(lake, unfinishedNote);
  const unfinished = await access(note).then(
    () => true,
    () => false,
  );
  const retired = await retiredFiles(connection, now);
  if (unfinished || retired.length > 0) {
    for (const file of [...retired, ...(await unnamedFiles(connection, lake))])
      await rm(join(lake, file), { force: true });
  }
  if (unfinished) await rm(note, { force: true });
  atPoint('swept');
}

/** Raw files that no commit names, relative to the lake, sorted; after readCommits. */
export async function unnamedFiles(connection: DuckDBConnection, lake: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `select unnest(raw_files) from commits
     union
     select unnest(replaces) from commits where op = 'merge'`,
  );
  const named = new Set(reader.getRows().map(([file]) => String(file)));
  const files = await readdir(join(lake, 'raw'), { recursive: true }).catch(() => []);
  return files
    .filter((file) => file.endsWith('.parquet'))
    .map((file) => `raw/${file}`)
    .filter((file) => !named.has(file))
    .sort();
}

/** Raw files that a merge replaced long enough ago to go, or that a purge did: those must not wait. */
async function retiredFiles(connection: DuckDBConnection, now: Date): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `select unnest(replaces) from commits where ${isRetired(now)} or (op = 'purge' and file_key is null)`,
  );
  return reader.getRows().map(([file]) => String(file));
}

function isRetired(now: Date): string {
  const kept = new Date(now.getTime() - retireMs).toISOString();
  return `op = 'merge' and committed_at <= ${quote(kept)}`;
}

/**
 * Rows as the package keeps those that wait to be written. It makes some hundred objects of each row that it is given
 * itself, which after a large ingest took a quarter of a second while nothing else was left to do.
 */
function inColumns(rows: readonly CommitRow[]): RowBuffer {
  const buffer: RowBuffer = { rowCount: rows.length, pageRowCount: rows.length, columnData: {}, pages: {} };
  for (const name of Object.keys(commitColumns) as (keyof CommitRow)[]) {
    const [values, dlevels, rlevels]: [unknown[], number[], number[]] = [[], [], []];
    for (const row of rows) {
      const value = row[name];
      const items = Array.isArray(value) ? value : value === null ? [] : [value];
      // An empty list or no value has a place, too, at level 0.
      for (let index = 0; index < Math.max(items.length, 1); index += 1) {
        const item: unknown = items[index];
        if (item !== undefined) values.push(typeof item === 'string' ? Buffer.from(item) : item);
        dlevels.push(item === undefined ? 0 : 1);
        rlevels.push(index === 0 ? 0 : 1);
      }
    }
    buffer.columnData[name] = { values, dlevels, rlevels, distinct_values: new Set(), count: dlevels.length };
    buffer.pages[name] = [];
  }
  return buffer;
}

function withoutNulls(row: CommitRow): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}
