import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyRow, writeCommit } from '../pipelines/lib/commitLog.js';
import { openDisk } from './soak/disk.js';
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
    disk.fill(0);
    // More than what is left of the last page.
    const rows = Array.from({ length: 500 }, () => ({
      ...emptyRow('add', '00000001', new Date()),
      sha256: randomBytes(32).toString('hex'),
    }));
    await assert.rejects(writeCommit(folder, rows), /ENOSPC/);
  } finally {
    disk.remove();
    await rm(folder, { recursive: true, force: true });
  }
});
