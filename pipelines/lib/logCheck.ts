import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { unfinishedNote, unnamedFiles } from './commitLog.js';
import { commitNumber, listCommits, readCommits } from './commits.js';
import { openDuckDB } from './warehouse.js';

/** What the log of commits says against itself or against the folder of raw files, in words; after readRanges. */
export async function checkLog(connection: DuckDBConnection, lake: string): Promise<string[]> {
  return [
    ...(await lostCommits(lake)),
    ...(await brokenFiles(connection)),
    ...(await strayFiles(connection, lake)),
    ...(await keptFiles(connection, lake)),
  ];
}

/** Commits are numbered without a gap, from 1 or from the snapshot that folded those before. */
async function lostCommits(lake: string): Promise<string[]> {
  const { live } = await listCommits(lake);
  const numbers = live.map(commitNumber).sort((a, b) => a - b);
  const folded = live.some((name) => name.startsWith('snapshot-')) ? (numbers[0] ?? 0) : 0;
  const lost: number[] = [];
  for (let number = folded + 1; number < (numbers.at(-1) ?? 0); number += 1) {
    if (!numbers.includes(number)) lost.push(number);
  }
  return lost.map((number) => {
    const name = `${String(number).padStart(8, '0')}.parquet`;
    return `lake/commits/${name}: is missing; restore it from a backup, or what it read stays lost`;
  });
}

/** The ranges of a file follow one another from its first byte and line; one that repeats another was committed twice. */
async function brokenFiles(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(`
    with ordered as (
      select
        *,
        row_number() over (partition by file_key, start_offset, end_offset order by batch_id) as copy_no,
        lead(start_offset) over in_file as next_start,
      from ranges
      window in_file as (partition by file_key order by start_offset, end_offset)
    ),
    -- A last line read without its newline is followed by a range that begins with it again.
    standing as (
      select * from ordered where copy_no = 1 and not (unterminated and next_start is not distinct from start_offset)
    ),
    followed as (
      select
        *,
        coalesce(lag(end_offset) over in_file, 0) as expected_start,
        coalesce(lag(first_line_no + lines) over in_file, 1) as expected_line,
      from standing
      window in_file as (partition by file_key order by start_offset)
    )
    select source, source_path, start_offset, 'is in the log twice' as problem from ordered where copy_no > 1
    union all
    select source, source_path, start_offset, 'does not begin where the range before it ends'
    from followed where start_offset <> expected_start
    union all
    select source, source_path, start_offset, 'has another line number than the range before it ends with'
    from followed where start_offset = expected_start and first_line_no <> expected_line
    order by all`);
  return reader
    .getRowsJson()
    .map(
      ([source, path, start, problem]) =>
        `${source}/${path} [${start}, …): ${problem}; restore lake/commits from a backup`,
    );
}

/** Raw files that no commit names count for nobody; after a kill they wait for the next ingest. */
async function strayFiles(connection: DuckDBConnection, lake: string): Promise<string[]> {
  const unnamed = await unnamedFiles(connection, lake);
  // An ingest beside this is about to commit them, or has just done so: its log is another one by now.
  if (unnamed.length === 0 || existsSync(join(lake, unfinishedNote))) return [];
  const now = await openDuckDB();
  try {
    await readCommits(now.connection, lake);
    const still = new Set(await unnamedFiles(now.connection, lake));
    return unnamed
      .filter((file) => still.has(file))
      .map((file) => `lake/${file}: no commit names it; move it away, it counts for nobody`);
  } finally {
    now.close();
  }
}

/** Raw files that a purge wrote anew and did not come to remove. */
async function keptFiles(connection: DuckDBConnection, lake: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    "select distinct unnest(replaces) as file from commits where op = 'purge' and file_key is null order by file",
  );
  return reader
    .getRowsJson()
    .map(([file]) => String(file))
    .filter((file) => existsSync(join(lake, file)))
    .map((file) => `lake/${file}: was purged and is still there; run \`tracemill ingest\`, which removes it`);
}
