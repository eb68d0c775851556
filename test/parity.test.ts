import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readClusterFolder } from '../pipelines/lib/clusterModels.js';
import { corpus, type Home } from './support/builtLake.js';
import { differences } from './support/parity.js';
import { allComparisons } from './support/recordedComparisons.js';

/** The others, and why there is no table to hold them against. */
const alone: Readonly<Record<string, string>> = {
  answer_spans: 'rows of what events.answers has as a list',
  near_texts: 'a step of duplicates.near_duplicates',
  near_pairs: 'a step of duplicates.near_duplicates',
  near_clusters: 'a step of duplicates.near_duplicates',
  withheld: 'the lake looks at all datasets; clusterModels.test.ts holds the SQL of both against each other',
};

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

test('every model is held against its table of the lake', async () => {
  const { models } = await readClusterFolder(fileURLToPath(new URL('../../sql', import.meta.url)));
  const known = [...allComparisons.map(({ model }) => model), ...Object.keys(alone)].sort();
  assert.deepEqual(models.map(({ name }) => name).sort(), known);
});

// clusterExport.test.ts holds them against each other on the samples.
test('both engines derive the same rows from real logs', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS is not set' : false,
}, async (t) => {
  if (corpus === undefined) return;
  const data = process.env.TRACEMILL_CORPUS_DATA ?? (await builtLake(t, corpus));
  const found = await differences(data, allComparisons, (table, rows) =>
    t.diagnostic(`${table}: ${rows} rows`),
  );
  assert.deepEqual(found, []);
});

/** A data folder with a lake of these logs. */
async function builtLake(t: TestContext, home: Home): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'tracemill-lake-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const env = {
    ...process.env,
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: home.claude,
    SEQ_AGENT_QA_CODEX_DIR: home.codex,
    TRACEMILL_SPOOL: home.events,
    TRACEMILL_SEQ_MEM: home.seq,
    TRACEMILL_SETTLE: '0',
  };
  for (const verb of ['ingest', 'build']) {
    const { status, stderr } = spawnSync(process.execPath, [cli, verb], { encoding: 'utf8', env });
    assert.equal(status, 0, stderr);
  }
  return data;
}
