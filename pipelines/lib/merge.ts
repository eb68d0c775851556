import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { emptyRow } from './commitLog.js';
import { type CommitRow, readRanges } from './commits.js';
import { draftPath } from './lake.js';
import type { RawDraft } from './rawWriter.js';
import { quote } from './warehouse.js';

/** A day is merged once quiet when it has two small files, and in any case when it has this many. */
export const manyFiles = 64;
// Of log text: a batch of a large read is never small, the last one of a day may be.
const smallBytes = 16 << 20;
const mergedBytes = 32 << 20;

/** What merging wrote: drafts to publish, and the rows of its commit. */
export type Merge = { readonly drafts: RawDraft[]; readonly rows: CommitRow[] };

/** Writes the small raw files of each quiet day as one, the rows in their order; after readCommits. */
export async function mergeSmallFiles(options: {
  lake: string;
  connection: DuckDBConnection;
  settleMs: number;
  batchId: string;
  now: Date;
}): Promise<Merge> {
  const { lake, connection, batchId } = options;
  const drafts: RawDraft[] = [];
  const rows: CommitRow[] = [];
  for (const day of await crowdedDays(connection)) {
    const isQuiet = options.now.getTime() - day.changedMs >= options.settleMs;
    if (day.files.length < (isQuiet ? 2 : manyFiles)) continue;
    for (const group of groupSmall(day.files)) {
      const draft = draftPath(lake, '.parquet');
      const file = `raw/${day.source}/day=${day.day}/${batchId}-${String(drafts.length).padStart(4, '0')}.parquet`;
      const files = group.map((name) => quote(join(lake, name))).join(', ');
      // Only so does DuckDB end row groups by size; with one thread the order stays.
      await connection.run('set preserve_insertion_order = false');
      await connection.run(`
        copy (select * from read_parquet([${files}], hive_partitioning = false)) to ${quote(draft)}
        (format parquet, compression zstd, compression_level 1, row_group_size 4096, row_group_size_bytes '32MB')`);
      await connection.run('set preserve_insertion_order = true');
      drafts.push({ draft, file });
      rows.push({
        ...emptyRow('merge', batchId, options.now),
        source: day.source,
        partition_day: day.day,
        raw_files: [file],
        replaces: group,
      });
    }
  }
  return { drafts, rows };
}

type LiveFile = { readonly file: string; readonly bytes: number };
type CrowdedDay = { source: string; day: string; files: LiveFile[]; changedMs: number };

/** Days with two live raw files or more of which some are small, and when one of their source files last changed. */
async function crowdedDays(connection: DuckDBConnection): Promise<CrowdedDay[]> {
  const crowded = await connection.runAndReadAll(`
    select count(*) > 1 from (
      select unnest(raw_files) as file from commits
      except
      select unnest(replaces) from commits where op = 'merge' or (op = 'purge' and file_key is null)
    )
    group by file[:-len(parse_filename(file)) - 1]
    having count(*) > 1
    limit 1`);
  if (crowded.getRows().length === 0) return [];
  await readRanges(connection);
  const reader = await connection.runAndReadAll(`
    with placed as (
      select unnest(raw_files) as file, (end_offset - start_offset) / len(raw_files) as bytes from ranges
    ),
    files as (
      select file, sum(bytes) as bytes from placed group by file
    ),
    days as (
      select
        split_part(file, '/', 2) as source,
        regexp_extract(file, '/day=([^/]+)/', 1) as day,
        list({file: file, bytes: bytes} order by file) as files
      from files
      group by all
      having count(*) filter (bytes < ${smallBytes}) > 1
    ),
    latest as (
      select source, partition_day, max_by(mtime_ms, (batch_id, end_offset, start_offset)) as mtime_ms
      from commits
      where op = 'add'
      group by source, partition_day, file_key
    )
    select
      days.source,
      days.day,
      days.files,
      (
        select max(mtime_ms) from latest
        where latest.source = days.source and coalesce(partition_day, days.day) = days.day
      ) as changed_ms
    from days
    order by all`);
  return reader.getRowObjectsJson().map((row) => ({
    source: String(row.source),
    day: String(row.day),
    files: row.files as unknown as LiveFile[],
    changedMs: Number(row.changed_ms ?? 0),
  }));
}

/** Neighbours of which each is small and all together are not large; groups of one are left out. */
function groupSmall(files: readonly LiveFile[]): string[][] {
  const groups: string[][] = [];
  let group: string[] = [];
  let bytes = 0;
  const end = () => {
    if (group.length > 1) groups.push(group);
    group = [];
    bytes = 0;
  };
  for (const live of files) {
    if (live.bytes >= smallBytes || bytes + live.bytes > mergedBytes) end();
    if (live.bytes >= smallBytes) continue;
    group.push(live.file);
    bytes += live.bytes;
  }
  end();
  return groups;
}
