import type { DuckDBConnection } from '@duckdb/node-api';
import { lastRows } from './commits.js';
import { quote } from './warehouse.js';

/** What the log knows of one file of one source. */
export type FileState = {
  readonly source: string;
  readonly path: string;
  readonly fileKey: string;
  readonly generation: number;
  /** Null until the first line is read; so is `day`, and for ever where each row has its own. */
  readonly sessionId: string | null;
  readonly day: string | null;
  /** Bytes on disk, mtime and inode as last seen. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** How far the file was read. */
  readonly end: number;
  /** Where the next range begins: at `end`, or at a last line that was read without its newline. */
  readonly resumeOffset: number;
  readonly resumeLine: number;
  readonly head: string | null;
  readonly tail: string | null;
};

export type KnownFiles = {
  readonly states: readonly FileState[];
  /** `source/path` -> the highest generation ever seen there. */
  readonly generations: ReadonlyMap<string, number>;
};

/** A range to compare with a file's bytes. */
export type KnownRange = { readonly start: number; readonly end: number; readonly sha256: string };

/** The state of every file of the log; after readCommits. */
export async function readFileStates(connection: DuckDBConnection): Promise<KnownFiles> {
  const reader = await connection.runAndReadAll(`
    with latest as (${lastRows}),
    last_range as (
      select * from commits
      where op = 'add' and end_offset > start_offset
      qualify row_number() over (
        partition by file_key order by batch_id desc, end_offset desc, start_offset desc
      ) = 1
    )
    select
      latest.source, latest.source_path, latest.file_key, latest.generation, last_range.session_id,
      last_range.partition_day, latest.size, latest.mtime_ms, latest.inode, latest.end_offset,
      if(last_range.unterminated, last_range.start_offset, latest.end_offset) as resume_offset,
      if(last_range.unterminated, last_range.first_line_no, last_range.first_line_no + last_range.lines) as resume_line,
      latest.head_sha256, latest.tail_sha256
    from latest
    left join last_range using (file_key)
    order by latest.file_key`);
  const states = reader.getRows().map((row) => ({
    source: String(row[0]),
    path: String(row[1]),
    fileKey: String(row[2]),
    generation: Number(row[3]),
    sessionId: textOrNull(row[4]),
    day: textOrNull(row[5]),
    size: Number(row[6]),
    mtimeMs: Number(row[7]),
    inode: Number(row[8]),
    end: Number(row[9]),
    resumeOffset: Number(row[10]),
    resumeLine: Number(row[11] ?? 1),
    head: textOrNull(row[12]),
    tail: textOrNull(row[13]),
  }));
  const seen = await connection.runAndReadAll(`
    select source, source_path, max(generation) from commits where op = 'add' group by all`);
  const generations = new Map(seen.getRows().map((row) => [`${row[0]}/${row[1]}`, Number(row[2])]));
  return { states, generations };
}

/** The ranges that make up what was read of a file, in order, without superseded ones; after readCommits. */
export async function readKnownRanges(connection: DuckDBConnection, fileKey: string): Promise<KnownRange[]> {
  const reader = await connection.runAndReadAll(`
    select start_offset, end_offset, sha256
    from commits
    where op = 'add' and end_offset > start_offset and file_key = ${quote(fileKey)}
    qualify row_number() over (partition by start_offset order by end_offset desc) = 1
    order by start_offset`);
  return reader
    .getRows()
    .map((row) => ({ start: Number(row[0]), end: Number(row[1]), sha256: String(row[2]) }));
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
