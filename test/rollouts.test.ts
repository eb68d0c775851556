import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from '../pipelines/build.js';
import { type Config, readConfig } from '../pipelines/config.js';
import { ingest } from '../pipelines/ingest.js';
import { readCommits } from '../pipelines/lib/commits.js';
import { lakeFolder } from '../pipelines/lib/lake.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import type { Source } from '../pipelines/lib/source.js';
import { openDuckDB, openWarehouse } from '../pipelines/lib/warehouse.js';
import { planWork } from '../pipelines/lib/work.js';
import { codex } from '../pipelines/sources/codex.js';

const home = fileURLToPath(
  new URL('../../test/fixtures/traps/46-archived-and-local-dates/codex', import.meta.url),
);
const now = new Date('2026-06-01');

test('trap 46: archived rollouts are read compressed and once, and the lines say the day', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'tracemill-rollouts-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const config = readConfig({
    TRACEMILL_DATA: data,
    CODEX_HOME: home,
    CLAUDE_CONFIG_DIR: join(data, 'none'),
  });

  const { warnings } = await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
  assert.deepEqual(warnings, []);
  const { failures } = await build({ config, progress: silentProgress, now, select: '+core.turns' });
  assert.deepEqual(failures, []);
  const warehouse = await openWarehouse({ config, tables: ['core.turns'] });
  const turns = await warehouse.connection
    .runAndReadAll('select day, question, final_answer from core.turns order by day')
    .finally(warehouse.close);
  assert.deepEqual(turns.getRows(), [
    ['2026-02-20', 'who opens on monday?', 'Ben opens.'],
    ['2026-02-21', 'who is off on sunday?', 'Ida is off.'],
    ['2026-02-22', 'who works tonight?', 'Ida and Ben.'],
  ]);
});

test('trap 46: without its rules a rollout is missing, or has the local day', async () => {
  const early = 'archived_sessions/rollout-2026-02-20T09-00-00';
  const noon = 'archived_sessions/rollout-2026-02-21T09-00-00';
  const late = '2026/02/23/rollout-2026-02-23T00-20-00';
  assert.deepEqual(await daysOf(codex), [
    [early, '2026-02-20'],
    [noon, '2026-02-21'],
    [late, '2026-02-22'],
  ]);
  const plainOnly: Source = { ...codex, globs: () => ['**/rollout-*.jsonl'] };
  assert.deepEqual(await daysOf(plainOnly), [
    [noon, '2026-02-21'],
    [late, '2026-02-22'],
  ]);
  // Lines that are not looked into leave the date of the name.
  assert.deepEqual((await daysOf({ ...codex, isJsonLines: false })).at(-1), [late, '2026-02-23']);
});

/** Start of the path and day of each file that an ingest of this source would read into an empty lake. */
async function daysOf(source: Source): Promise<(string | null)[][]> {
  const config: Config = readConfig({ TRACEMILL_DATA: join(home, 'none'), CODEX_HOME: home });
  const { connection, close } = await openDuckDB();
  try {
    await readCommits(connection, lakeFolder(config));
    const { work } = await planWork({ connection, config, sources: [source], settleMs: 0, now });
    return work.map(({ file, day }) => [file.path.replace(/-[0-9a-f]{8}-.*/, ''), day]);
  } finally {
    close();
  }
}
