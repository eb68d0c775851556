import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { refuseForeignFiles } from './foreignNames.js';
import { quote, writeParquet } from './warehouse.js';

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

/** One raw Parquet file that counts; `file` is below lake/. */
export type RawFile = { readonly source: string; readonly day: string; readonly file: string };

/** The raw files of one day of one source, and a hash of what they hold that no merge changes and every tombstone does. */
export type RawDay = {
  readonly source: string;
  readonly day: string;
  readonly files: readonly string[];
  readonly content: string;
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

/** What the log said last of each file, as a SELECT over `commits`. */
export const lastRows = `
  select * from commits
  where op = 'add'
  qualify row_number() over (
    partition by file_key order by batch_id desc, end_offset desc, start_offset desc
  ) = 1`;

/**
 * Fills the temp tables `raw_files_state`, one row a file_key with what is known of its file now, `raw_superseded`, last
 * lines read without their newline that a later range of the same file read again longer, and `raw_forgotten`, lines that
 * a tombstone names; whole files that one names are marked in the first.
 */
export async function rawFilesTable(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    create or replace temp table raw_files_state as
    with latest as (${lastRows}),
    read_to as (
      select
        file_key,
        max_by(first_line_no + lines - 1, (batch_id, end_offset)) as lines,
        max_by(session_id, batch_id) as session_id,
        max_by(partition_day, batch_id) as day
      from commits
      where op = 'add' and end_offset > start_offset
      group by file_key
    )
    select
      latest.source,
      latest.file_key,
      latest.source_path,
      latest.generation,
      row_number() over (
        partition by latest.source, latest.source_path order by latest.generation desc
      ) = 1 as is_current,
      read_to.session_id,
      read_to.day,
      latest.end_offset,
      coalesce(read_to.lines, 0) as lines,
      latest.mtime_ms as quiet_since_ms,
      latest.file_key in (select file_key from commits where op = 'forget' and start_offset is null and file_key is not null)
        or coalesce(
          read_to.session_id in (select session_id from commits where op = 'forget' and source = 'session'),
          false) as is_forgotten
    from latest
    left join read_to using (file_key)`);
  await connection.run(`
    create or replace temp table raw_forgotten as
    select distinct file_key, start_offset as byte_offset
    from commits
    where op = 'forget' and file_key is not null and start_offset is not null`);
  await connection.run(`
    create or replace temp table raw_superseded as
    select tails.file_key, tails.start_offset as byte_offset, tails.end_offset - tails.start_offset as byte_length
    from commits as tails
    join commits as later on
      later.file_key = tails.file_key
      and later.start_offset = tails.start_offset
      and later.end_offset > tails.end_offset
    where tails.op = 'add' and tails.unterminated and tails.end_offset > tails.start_offset and later.op = 'add'
    group by all`);
}

/** The raw files that count, by source and day, with their content hash; after readCommits. Sorted. */
export async function rawDays(connection: DuckDBConnection): Promise<RawDay[]> {
  await readRanges(connection);
  await rawFilesTable(connection);
  const reader = await connection.runAndReadAll(`
    with forgotten as (
      select
        ranges.file_key,
        ranges.start_offset,
        ranges.end_offset,
        string_agg(distinct lines.byte_offset::varchar, ',' order by lines.byte_offset::varchar) as lines
      from raw_forgotten as lines
      join ranges on
        ranges.file_key = lines.file_key
        and lines.byte_offset >= ranges.start_offset
        and lines.byte_offset < ranges.end_offset
      group by all
    ),
    placed as (
      select
        ranges.source,
        unnest(ranges.raw_files) as file,
        concat_ws(
          chr(9), files.source_path, ranges.file_key, files.generation, files.is_current,
          ranges.start_offset, ranges.end_offset, ranges.sha256, forgotten.lines, if(files.is_forgotten, 'forgotten', null)
        ) as range
      from ranges
      join raw_files_state as files using (file_key)
      left join forgotten on
        forgotten.file_key = ranges.file_key
        and forgotten.start_offset = ranges.start_offset
        and forgotten.end_offset = ranges.end_offset
    ),
    dated as (
      select source, regexp_extract(file, '/day=([^/]+)/', 1) as day, file, range from placed
    )
    select
      source,
      day,
      list_sort(list_distinct(list(file))) as files,
      sha256(array_to_string(list_sort(list_distinct(list(range))), chr(10))) as content
    from dated
    group by source, day
    order by source, day`);
  return reader.getRowObjectsJson().map((row) => ({
    source: String(row.source),
    day: String(row.day),
    files: row.files as unknown as string[],
    content: String(row.content),
  }));
}

/**
 * Writes what every worker needs to read raw, from the tables that rawDays has filled: which file a line is of now, under
 * a path that names nobody. The connection has the functions of redaction.
 */
export async function writeRawState(connection: DuckDBConnection, lake: string): Promise<void> {
  const path = 'coalesce(decode(redact_bytes(encode(source_path))), source_path) as source_path';
  const write = (table: string, select: string) =>
    writeParquet(connection, select, join(lake, 'drafts', `${table}.parquet`));
  await write('raw_files_state', `select * replace (${path}) from raw_files_state where not is_forgotten`);
  await write('raw_superseded', 'from raw_superseded');
  await write('raw_forgotten', 'from raw_forgotten');
}
