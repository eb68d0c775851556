import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readClusterFolder } from '../pipelines/lib/clusterModels.js';
import { corpus, type Home } from './support/builtLake.js';
import { type Comparison, differences } from './support/parity.js';
import { recordedComparisons } from './support/recordedComparisons.js';
import { sampleLake } from './support/sampleLake.js';

/** The models of sql/clickhouse/models that stand for tables of the lake. */
const comparisons: readonly Comparison[] = [
  { model: 'turns', table: 'core.turns' },
  { model: 'messages', table: 'core.messages' },
  { model: 'judged_messages', table: 'core.judged_messages' },
  { model: 'answer_twins', table: 'core.answer_twins' },
  { model: 'pair_hashes', table: 'core.pair_hashes' },
  { model: 'pair_duplicates', table: 'core.pair_duplicates' },
  { model: 'signatures', table: 'duplicates.signatures' },
  { model: 'near_duplicates', table: 'duplicates.near_duplicates' },
  { model: 'qa_pairs', table: 'core.qa_pairs' },
  { model: 'sft', table: 'datasets.sft' },
  ...recordedComparisons,
  {
    model: 'training_examples',
    table: 'datasets.training_examples',
    where: `dataset in ('sft', 'preference', 'reward')`,
  },
];
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
  const known = [...comparisons.map(({ model }) => model), ...Object.keys(alone)].sort();
  assert.deepEqual(models.map(({ name }) => name).sort(), known);
});

test('both engines derive the same rows from the samples', async (t) => {
  const empty = await compareLake(t, await sampleLake());
  assert.deepEqual(empty, [], 'the samples have rows of every table');
});

test('both engines derive the same rows from real logs', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS is not set' : false,
}, async (t) => {
  if (corpus === undefined) return;
  await compareLake(t, process.env.TRACEMILL_CORPUS_DATA ?? (await builtLake(t, corpus)));
});

/** Fails where the engines differ; gives the tables without rows. */
async function compareLake(t: TestContext, data: string): Promise<string[]> {
  const empty: string[] = [];
  const found = await differences(data, comparisons, (table, rows) => {
    t.diagnostic(`${table}: ${rows} rows`);
    if (rows === 0) empty.push(table);
  });
  assert.deepEqual(found, []);
  return empty;
}

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
