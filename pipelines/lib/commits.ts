import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { refuseForeignFiles } from './foreignNames.js';
import { quote } from './warehouse.js';

/**
 * What a commit says of one source range (add), of merged raw files (merge), of what it folds (snapshot), of a piece of a
 * range that was cut, or of raw files written anew without some lines (purge), of what a tombstone names (forget).
 */
export type CommitRow = {
  op: 'add' | 'merge' | 'snapshot' | 'purge' | 'forget';
  source: string | null;
  /** Below its root, the root's prefix before it. */
  source_path: string | null;
  file_key: string | null;
  /** 0 = the first file seen at this path, one more for each later one. */
  generation: number | null;
  session_id: string | null;
  start_offset: number | null;
  end_offset: number | null;
  /** Of the range's bytes. */
  sha256: string | null;
  lines: number | null;
  /** 1-based number of the range's first line in its file. */
  first_line_no: number | null;
  /** Of the first line without its newline, or of its first 64 KiB; null while it has no newline. */
  head_sha256: string | null;
  /** Of the file's last bytes before end_offset, at most 4096. */
  tail_sha256: string | null;
  /** Bytes on disk (compressed where the file is). */
  size: number | null;
  mtime_ms: number | null;
  inode: number | null;
  /** Paths below lake/. A range with bytes and none of them was purged: its bytes are in the lake no more. */
  raw_files: readonly string[];
  /**
   * Of a merge or purge: raw files. Of a piece: the range it was cut from, as `start-end`. Of a range that is not in the
   * lake: also a hash of each of its lines (lib/purgedLines.ts).
   */
  replaces: readonly string[];
  /** Null where each row has its own day: then the day is in the names of the raw files. */
  partition_day: string | null;
  batch_id: string;
  committed_at: string;
  /** The range is a last line read without its newline; a later range may begin at it again. */
  unterminated: boolean;
};

/** The columns of the log and their DuckDB types. */
export const commitColumns: Readonly<Record<keyof CommitRow, string>> = {
  op: 'VARCHAR',
  source: 'VARCHAR',
  source_path: 'VARCHAR',
  file_key: 'VARCHAR',
  generation: 'INTEGER',
  session_id: 'VARCHAR',
  start_offset: 'BIGINT',
  end_offset: 'BIGINT',
  sha256: 'VARCHAR',
  lines: 'BIGINT',
  first_line_no: 'BIGINT',
  head_sha256: 'VARCHAR',
  tail_sha256: 'VARCHAR',
  size: 'BIGINT',
  mtime_ms: 'DOUBLE',
  inode: 'BIGINT',
  raw_files: 'VARCHAR[]',
  replaces: 'VARCHAR[]',
  partition_day: 'VARCHAR',
  batch_id: 'VARCHAR',
  committed_at: 'VARCHAR',
  unterminated: 'BOOLEAN',
};

/** Names in lake/commits: those that count, those a snapshot has folded, and the number of the next one. */
export async function listCommits(lake: string): Promise<{ live: string[]; folded: string[]; next: number }> {
  const names = await readdir(join(lake, 'commits')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const commits = names.filter((name) => /^(snapshot-)?\d{8}\.parquet$/.test(name)).sort();
  const snapshot = commits.filter((name) => name.startsWith('snapshot-')).at(-1);
  const upTo = snapshot === undefined ? 0 : commitNumber(snapshot);
  const isLive = (name: string) =>
    name === snapshot || (!name.startsWith('snapshot-') && commitNumber(name) > upTo);
  const live = commits.filter(isLive);
  const next = Math.max(upTo, ...live.map(commitNumber)) + 1;
  return { live, folded: commits.filter((name) => !isLive(name)), next };
}

/** The number of a commit or snapshot file. */
export function commitNumber(name: string): number {
  return Number(/(\d{8})\.parquet$/.exec(name)?.[1] ?? 0);
}

/** Fills the temp table `commits` from the log as it counts now; without a log it is empty. */
export async function readCommits(connection: DuckDBConnection, lake: string): Promise<void> {
  const { live } = await listCommits(lake);
  const columns = Object.entries(commitColumns);
  const casts = columns.map(([name, type]) => `${name}::${type} as ${name}`).join(', ');
  const files = live.map((name) => quote(join(lake, 'commits', name))).join(', ');
  const nothing = columns.map(([name, type]) => `null::${type} as ${name}`).join(', ');
  const select =
    live.length === 0
      ? `select ${nothing} where false`
      : `select ${casts} from read_parquet([${files}], union_by_name = true)`;
  try {
    await connection.run(`create or replace temp table commits as ${select}`);
  } catch (error) {
    throw (await damagedCommit(connection, lake, live)) ?? error;
  }
  await refuseForeignFiles(connection);
}

/** The first commit file that cannot be read, as an error; undefined where all can be. */
async function damagedCommit(connection: DuckDBConnection, lake: string, names: readonly string[]) {
  for (const name of names) {
    const file = `commits/${name}`;
    try {
      await connection.runAndReadAll(
        `select count(columns(*)) from read_parquet(${quote(join(lake, file))})`,
      );
    } catch (cause) {
      return new UserError(`lake/${file}: is damaged and cannot be read; restore it from a backup`, {
        cause,
      });
    }
  }
  return undefined;
}

// Where merged files and those written anew went: `final` is the file that holds the rows now.
const replacedFiles = `
  merged as (
    select unnest(replaces) as file, raw_files[1] as target
    from commits
    where op = 'merge' or (op = 'purge' and file_key is null)
  ),
  moves as (
    select file, target from merged
    union all
    select moves.file, merged.target from moves join merged on moves.target = merged.file
  ),
  replaced as (
    select file, target as final from moves where target not in (select file from merged)
  )`;

/**
 * Fills the temp table `ranges`: one row a range that was read, its raw files as they are after all merges; a range that
 * was cut by a purge is there as its pieces. The cut ones stand in `cut_ranges`.
 */
export async function readRanges(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    create or replace temp table placed_ranges as
    with recursive ${replacedFiles},
    numbered as (
      select row_number() over () as row_no, * from commits where op in ('add', 'purge') and end_offset > start_offset
    ),
    cuts as (
      select file_key, replaces[1] as range, max(batch_id) as cut_by
      from commits
      where op = 'purge' and end_offset > start_offset
      group by all
    ),
    named as (
      select row_no, unnest(raw_files) as file from numbered
    ),
    placed as (
      select row_no, list_sort(list_distinct(list(coalesce(replaced.final, named.file)))) as raw_files
      from named
      left join replaced using (file)
      group by row_no
    )
    select
      numbered.* exclude (row_no) replace (coalesce(placed.raw_files, []) as raw_files),
      coalesce(cuts.cut_by > numbered.batch_id, false) as is_cut
    from numbered
    left join placed using (row_no)
    left join cuts on
      cuts.file_key = numbered.file_key
      and cuts.range = numbered.start_offset || '-' || numbered.end_offset
    order by row_no`);
  const columns = Object.keys(commitColumns).join(', ');
  await connection.run(`
    create or replace temp table ranges as select ${columns} from placed_ranges where not is_cut;
    create or replace temp table cut_ranges as select ${columns} from placed_ranges where is_cut`);
}
