import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportDatasets } from '../pipelines/export.js';
import { emptyRow, writeCommit } from '../pipelines/lib/commitLog.js';
import { readFilters } from '../pipelines/lib/filters.js';
import { makeFolder } from '../pipelines/lib/lake.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openDisk } from './soak/disk.js';
import { makeLake } from './support/lake.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';
import { runCli } from './support/warehouse.js';

test('a lake on a disk that can only be read: each verb that writes says so', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-disk-'));
  const disk = openDisk(join(folder, 'data'));
  try {
    if (disk.kind !== 'tmpfs') return t.skip('this user may not mount a disk');
    const logs = { SEQ_AGENT_QA_CLAUDE_DIR: folder, SEQ_AGENT_QA_CODEX_DIR: folder };
    const run = () => runCli(['ingest'], { ...logs, TRACEMILL_DATA: join(folder, 'data') });
    assert.equal(run().status, 0);
    assert.ok(disk.setReadOnly(true));
    const { status, stderr } = run();
    const words = 'lake: its disk can only be read; mount it for writing and run again, nothing is lost\n';
    assert.deepEqual([status, stderr], [1, words]);
    await assert.rejects(makeFolder(join(folder, 'data', 'exports')), /^Error: EROFS/);
  } finally {
    disk.remove();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a commit that a full disk does not take is an error that can be caught', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-disk-'));
  const disk = openDisk(folder);
  try {
    if (disk.kind !== 'tmpfs') return t.skip('this user may not mount a disk');
    await mkdir(join(folder, 'drafts'));
    // The disk is as large as this page, and not a byte of anything else can be written.
    await writeFile(join(folder, 'page'), Buffer.alloc(4096));
    disk.fill(0);
    await assert.rejects(writeCommit(folder, [emptyRow('add', '00000001', new Date())]), /ENOSPC/);
  } finally {
    disk.remove();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a build whose table a full disk does not take says so, and blames no model', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-disk-'));
  const disk = openDisk(folder);
  try {
    if (disk.kind !== 'tmpfs') return t.skip('this user may not mount a disk');
    const lake = await makeLake({ TRACEMILL_DATA: join(folder, 'data') });
    const rows = 'select n, sha256(n::varchar) as hash from range(50000) as numbers (n) order by n';
    await lake.sql({ 'core/numbers': `-- One row per number.\n-- @key n\n${rows}\n` });
    // DuckDB meets the end of the disk in the middle of the table, before a file of ours is written.
    disk.fill(500_000);
    await assert.rejects(lake.build(), /^UserError: lake: its disk is full; .* nothing is lost$/);
    disk.drain();
    assert.deepEqual((await lake.build()).failures, []);
    await lake.remove();
  } finally {
    disk.remove();
    await rm(folder, { recursive: true, force: true });
  }
});

test('an export that a full disk does not take says so, and leaves no half of one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-disk-'));
  const disk = openDisk(folder);
  try {
    if (disk.kind !== 'tmpfs') return t.skip('this user may not mount a disk');
    const run = () =>
      exportDatasets({
        config,
        progress: silentProgress,
        now: new Date(),
        filters: readFilters({}),
        datasets: ['sft'],
        profile: 'trl',
        jsonl: false,
        out: join(folder, 'exports'),
      });
    const config = sampleConfig(await sampleLake());
    disk.fill(8192);
    await assert.rejects(run(), /^UserError: exports: its disk is full; .* nothing is lost$/);
    assert.deepEqual(await readdir(join(folder, 'exports')), []);
    disk.drain();
    assert.ok((await run()).added);
  } finally {
    disk.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
