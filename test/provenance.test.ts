import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { corpus, type Home, type Query, withLake } from './support/builtLake.js';
import { untraced } from './support/provenance.js';

const samples = fileURLToPath(new URL('../../data/samples', import.meta.url));

/** Traces rows of every dataset, 200 of each, drawn by the hash of their ids: dataset -> rows traced. */
async function trace(query: Query, home: Home): Promise<Record<string, number>> {
  const traced: Record<string, number> = {};
  const datasets = await query(`select table_name as name from duckdb_columns()
    where schema_name = 'datasets' and column_name = 'metadata' order by all`);
  for (const { name } of datasets) {
    const rows = await query(`select * from datasets.${name} order by sha256(id) limit 200`);
    for (const row of rows) {
      const logs =
        row.harness === 'claude-code' ? [home.claude] : row.harness === 'codex' ? [home.codex] : [];
      const roots = [...logs, home.events, dirname(home.seq)];
      assert.deepEqual(untraced(row, roots), [], `${name} ${row.id}`);
    }
    traced[String(name)] = rows.length;
  }
  return traced;
}

test('the text of every row stands in the bytes that its metadata names: samples', async () => {
  const home = {
    claude: join(samples, 'claude/projects'),
    codex: join(samples, 'codex/sessions'),
    events: join(samples, 'events'),
    seq: join(samples, 'seq_mem.jsonl'),
  };
  await withLake(home, async (query) => {
    const traced = await trace(query, home);
    for (const [dataset, rows] of Object.entries(traced)) assert.ok(rows > 0, `${dataset} has no row`);

    // With the last line of its bytes gone a row has text that is nowhere.
    const [row = {}] = await query(`select * from datasets.sft where harness = 'codex' order by id limit 1`);
    const metadata = JSON.parse(String(row.metadata));
    const shorter = {
      ...row,
      metadata: JSON.stringify({ ...metadata, sources: metadata.sources.slice(0, -1) }),
    };
    assert.notDeepEqual(untraced(shorter, [home.codex]), []);
  });
});

// TRACEMILL_CORPUS_DATA, if it is set, is the data folder of a lake that was built of the corpus before.
test('the text of 200 rows of each dataset stands in the bytes that their metadata names: real logs', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS is not set' : false,
}, async () => {
  if (corpus === undefined) return;
  const home = corpus;
  await withLake(
    home,
    async (query) => {
      const traced = await trace(query, home);
      for (const dataset of ['sft', 'chain_of_thought', 'unpaired', 'stepwise', 'qa_documents'])
        assert.ok((traced[dataset] ?? 0) > 0, `${dataset} has no row`);
    },
    process.env.TRACEMILL_CORPUS_DATA,
  );
});
