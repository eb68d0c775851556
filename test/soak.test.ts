import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTable } from './bench/readmeTable.js';
import { soak } from './soak/soak.js';
import { faultsTable, type Results } from './soak/summary.js';

// A short form; `just soak` is the long one.
const seed = Number(process.env.TRACEMILL_KILL_SEED ?? 1);

test('logs written, killed runs, a full disk, a wrong clock: in the end the lake of a quiet run', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-soak-'));
  const size = { files: 40, megabytes: 0.4, seconds: 12 };
  const say = (words: string) => t.diagnostic(words);
  const soaked = await soak({ folder, seed, ...size, models: 'few', keep: false, say });
  assert.deepEqual(soaked.problems, [], `seed ${seed}`);
  // Something did go wrong on the way, or this shows nothing.
  assert.ok(soaked.runs.some(({ signal }) => signal === 'SIGKILL'));
  assert.ok(soaked.runs.filter(({ code }) => code === 0).length > 5);
  assert.ok(Object.keys(soaked.faults).length >= 2);
  assert.ok(soaked.reader.opened > 0);
});

test('the table of faults in the README is that of the results', async () => {
  const read = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
  const readme = await read('README.md');
  const results: Results = JSON.parse(await read('test/soak/results.json'));
  assert.equal(withTable(readme, 'soak', faultsTable(results)), readme);
});
