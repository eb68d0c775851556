import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyRow, writeCommit } from '../pipelines/lib/commitLog.js';
import { type CommitRow, readCommits } from '../pipelines/lib/commits.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';

test('a commit holds its rows as they were, also where they fill a row group to the last', async () => {
  const lake = await mkdtemp(join(tmpdir(), 'tracemill-'));
  const duckdb = await openDuckDB();
  try {
    for (const folder of ['commits', 'drafts']) await mkdir(join(lake, folder));
    for (const count of [1, 4096, 4097]) {
      const rows = Array.from({ length: count }, (_, index) => rowOf(index));
      await rename(await writeCommit(lake, rows), join(lake, 'commits', '00000001.parquet'));
      await readCommits(duckdb.connection, lake);
      const reader = await duckdb.connection.runAndReadAll('select to_json(commits)::varchar from commits');
      const read = reader.getRows().map(([json]): unknown => JSON.parse(String(json)));
      assert.deepEqual(read, rows, `${count} rows`);
    }
  } finally {
    duckdb.close();
    await rm(lake, { recursive: true });
  }
});

/** Every kind of value, and each where it is missing; lists of none, one and more. */
function rowOf(index: number): CommitRow {
  const row = emptyRow('add', '00000001', new Date(1e12 + index));
  if (index % 3 === 0) return { ...row, unterminated: true };
  return {
    ...row,
    source: 'claude',
    source_path: `naïve-${index}.jsonl`,
    generation: index,
    end_offset: 2 ** 40 + index,
    mtime_ms: index + 0.25,
    raw_files: index % 2 === 0 ? ['raw/a'] : ['raw/a', 'raw/b', `raw/${index}`],
  };
}
