import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const hour = fileURLToPath(new URL('./support/watchAnHour.js', import.meta.url));

test('the memory of watch stays flat over an hour of growing logs', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-hour-'));
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', hour, folder], { encoding: 'utf8' });
  await rm(folder, { recursive: true, force: true });
  type Sample = { poll: number; rss: number; heap: number };
  const { passes, memory } = JSON.parse(stdout || stderr) as { passes: number; memory: Sample[] };
  assert.equal(passes, 720);
  const mb = (bytes: number) => Math.round(bytes / 1e5) / 10;
  t.diagnostic(memory.map(({ poll, rss, heap }) => `${poll}: ${mb(rss)}/${mb(heap)}`).join(' '));
  // Ten minutes in, everything is loaded; the 50 logs that begin later are some kilobytes.
  const [, early] = memory;
  const late = memory.at(-1);
  assert.ok(early !== undefined && late !== undefined && early.poll === 120 && late.poll === 720);
  assert.ok(late.heap - early.heap < 1e6, `heap from ${early.heap} to ${late.heap}`);
  // V8 may once give its youngest objects 16 MB more.
  assert.ok(late.rss - early.rss < 30e6, `RSS from ${early.rss} to ${late.rss}`);
});
