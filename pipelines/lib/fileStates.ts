import type { DuckDBConnection } from '@duckdb/node-api';
import { lastRows } from './rawState.js';
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
    ),
    states as (
      select
        latest.source, latest.source_path as path, latest.file_key as "fileKey", latest.generation::integer as generation,
        last_range.session_id as "sessionId", last_range.partition_day as day, latest.size, latest.mtime_ms as "mtimeMs",
        latest.inode, latest.end_offset as "end",
        if(last_range.unterminated, last_range.start_offset, latest.end_offset) as "resumeOffset",
        coalesce(
          if(last_range.unterminated, last_range.first_line_no, last_range.first_line_no + last_range.lines), 1
        ) as "resumeLine",
        latest.head_sha256 as head, latest.tail_sha256 as tail
      from latest
      left join last_range using (file_key)
    ),
    parts as (
      select states as state, row_number() over (order by "fileKey") // 4096 as part from states
    )
    select to_json(list(state order by state."fileKey"))::varchar from parts group by part order by part`);
  // One text for thousands of files: a value at a time takes longer than all else that an ingest without news does.
  const states = reader.getRows().flatMap(([json]) => JSON.parse(String(json)) as FileState[]);
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
