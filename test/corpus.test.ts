import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { openWarehouse } from '../pipelines/lib/warehouse.js';

const corpus = process.env.TRACEMILL_CORPUS;
const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

// A corpus of real logs that is not part of the project: TRACEMILL_CORPUS names its folder (claude/ and codex/ in it).
test('the whole job on real logs loses nothing and repeats itself', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS is not set' : false,
}, async () => {
  const data = await mkdtemp(join(tmpdir(), 'tracemill-corpus-'));
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args, '--json'], {
      encoding: 'utf8',
      env: {
        ...process.env,
        TRACEMILL_DATA: data,
        SEQ_AGENT_QA_CLAUDE_DIR: join(corpus ?? '', 'claude'),
        SEQ_AGENT_QA_CODEX_DIR: join(corpus ?? '', 'codex'),
        TRACEMILL_SETTLE: '0',
      },
    });
    assert.equal(status, 0, `${args[0]}: ${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  try {
    const job = () => ['ingest', 'build', 'export', 'handoff'].map((verb) => run(verb));
    job();
    await assertFewAlarms(data, Number(run('verify').bytes));
    const made = await hashes(data);
    // The second run reads the rows that handoff wrote into seq_mem.jsonl, and makes nothing of them.
    job();
    const before = await hashes(data);
    const kept = /^(exports|handoff|lake\/(core|events|datasets))\/|^seq_mem/;
    for (const [path, hash] of Object.entries(made))
      if (kept.test(path)) assert.equal(before[path], hash, path);
    job();
    assert.deepEqual(await hashes(data), before, 'a third run changes no file');
  } finally {
    await rm(data, { recursive: true, force: true });
  }
});

/** The corpus holds no secret: under one credential a megabyte may be taken for one; people and places are counted apart. */
async function assertFewAlarms(data: string, bytes: number): Promise<void> {
  const { connection, close } = await openWarehouse({ config: readConfig({ TRACEMILL_DATA: data }) });
  const rowsOf = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS();
  const alarms = await rowsOf(
    `select rule, source_path, line_no, place from core.redactions where kind = 'credential' order by all`,
  );
  close();
  assert.ok(alarms.length < bytes / 1e6, JSON.stringify(alarms));
}

async function hashes(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    // The lock is a database that every writer opens.
    if (!entry.isFile() || entry.name === 'lock.duckdb') continue;
    const path = join(entry.parentPath, entry.name);
    found[relative(folder, path)] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return found;
}
