import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import type { Policy } from '../pipelines/lib/redaction/policy.js';
import { corpus, type Home, type Query, withLake } from './support/builtLake.js';
import { expectedRows, foundRows } from './support/countedRows.js';
import { untraced } from './support/provenance.js';
import { sampleLake, samples } from './support/sampleLake.js';

test('samples: every row was to be expected, and its text stands in the bytes that its metadata names', async () => {
  const use = async (query: Query, policy: Policy) => {
    await compareCounts(query);
    const traced = await trace(query, samples, policy);
    for (const [dataset, rows] of Object.entries(traced)) assert.ok(rows > 0, `${dataset} has no row`);

    // With the last line of its bytes gone a row has text that is nowhere.
    const [row = {}] = await query(`select * from datasets.sft where harness = 'codex' order by id limit 1`);
    const metadata = JSON.parse(String(row.metadata));
    const shorter = {
      ...row,
      metadata: JSON.stringify({ ...metadata, sources: metadata.sources.slice(0, -1) }),
    };
    assert.notDeepEqual(untraced(shorter, [samples.codex, dirname(samples.codex)], policy), []);
  };
  await withLake(samples, use, await sampleLake());
});

// TRACEMILL_CORPUS_DATA, if it is set, is the data folder of a lake that was built of the corpus before.
test('real logs: as many rows as were to be expected; the text of 200 of each dataset stands in the bytes named', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS is not set' : false,
}, async () => {
  const home = corpus ?? samples;
  const use = async (query: Query, policy: Policy) => {
    await compareCounts(query);
    await trace(query, home, policy);
  };
  await withLake(home, use, process.env.TRACEMILL_CORPUS_DATA);
});

/** Holds the datasets to what queries that share nothing with the models find in the core tables. */
async function compareCounts(query: Query): Promise<void> {
  const counts = async (sql: string) =>
    (await query(sql)).map(({ name, rows }) => `${name}: ${Number(rows)}`);
  assert.deepEqual(await counts(foundRows), await counts(expectedRows));
}

/** Traces rows of every dataset, 200 of each, drawn by the hash of their ids: dataset -> rows traced. */
async function trace(query: Query, home: Home, policy: Policy): Promise<Record<string, number>> {
  const traced: Record<string, number> = {};
  const datasets = await query(`select table_name as name from duckdb_columns()
    where schema_name = 'datasets' and column_name = 'metadata' order by all`);
  for (const { name } of datasets) {
    const rows = await query(`select * from datasets.${name} order by sha256(id) limit 200`);
    for (const row of rows) {
      // Archived sessions of Codex lie beside its sessions.
      const codex = [home.codex, dirname(home.codex)];
      const logs = row.harness === 'claude-code' ? [home.claude] : row.harness === 'codex' ? codex : [];
      const missing = untraced(row, [...logs, home.events, dirname(home.seq)], policy);
      assert.deepEqual(missing, [], `${name} ${row.id}`);
    }
    traced[String(name)] = rows.length;
  }
  return traced;
}
