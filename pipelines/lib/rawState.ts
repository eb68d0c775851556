import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { readRanges } from './commits.js';
import { writeParquet } from './warehouse.js';

/** The raw files of one day of one source, and a hash of what they hold that no merge changes and every tombstone does. */
export type RawDay = {
  readonly source: string;
  readonly day: string;
  readonly files: readonly string[];
  readonly content: string;
};

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

/**
 * The raw files that count, by source and day, with their content hash; after readCommits. Sorted. A tail that was read
 * again longer does not count: alone it would make a day of its own, `unknown` where its time was not written yet.
 */
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
      anti join raw_superseded as superseded on
        superseded.file_key = ranges.file_key
        and superseded.byte_offset = ranges.start_offset
        and superseded.byte_length = ranges.end_offset - ranges.start_offset
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

/** A log's path as tables have it, in SQL: without the homes that name Claude's folders. The connection has the functions of redaction. */
export const redactedPath = 'coalesce(decode(redact_bytes(encode(source_path))), source_path)';

/**
 * Writes what every worker needs to read raw, from the tables that rawDays has filled: which file a line is of now, under
 * a path that names nobody. The connection has the functions of redaction.
 */
export async function writeRawState(connection: DuckDBConnection, lake: string): Promise<void> {
  const write = (table: string, select: string) =>
    writeParquet(connection, select, join(lake, 'drafts', `${table}.parquet`));
  await write(
    'raw_files_state',
    `select * replace (${redactedPath} as source_path) from raw_files_state where not is_forgotten`,
  );
  await write('raw_superseded', 'from raw_superseded');
  await write('raw_forgotten', 'from raw_forgotten');
}
