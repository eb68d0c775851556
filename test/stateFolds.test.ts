import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from '../pipelines/config.js';
import { openDuckDB, openWarehouse, quote } from '../pipelines/lib/warehouse.js';
import { canonicalJson, readLines, replaceEvents, storeOf } from './support/eventStore.js';
import { propertyRuns } from './support/propertyRuns.js';
import { makeRecordedStore } from './support/recordedStore.js';
import { type Arrival, growing, plainFold, worlds } from './support/worlds.js';

const tables = [
  'sessions',
  'lineages',
  'agent_definitions',
  'rollouts',
  'attempts',
  'execution_spans',
  'artifact_links',
  'artifacts',
  'orphans',
  'evaluations',
  'evolution_records',
  'learning_insights',
  'router_decisions',
];

/** Every state table's rows as JSON, and the SHA-256 of its files. */
async function stateOf(config: Config): Promise<Record<string, unknown>> {
  const manifest = JSON.parse(await readFile(join(config.data, 'lake', 'manifest.json'), 'utf8'));
  const warehouse = await openWarehouse({ config, tables: tables.map((table) => `events.${table}`) });
  const state: Record<string, unknown> = {};
  for (const table of tables) {
    const rows = await warehouse.connection.runAndReadAll(
      `select to_json(rows)::varchar from events.${table} as rows`,
    );
    const files: Record<string, { sha256: string; rows: number }> = manifest.tables[`events.${table}`].files;
    // A day without rows may have an empty file or none, by what else arrived on it.
    const full = Object.entries(files).filter(([, file]) => file.rows > 0);
    state[table] = {
      rows: rows.getRows().flat(),
      files: full.map(([day, { sha256 }]) => [day, sha256]).sort(),
    };
  }
  warehouse.close();
  return state;
}

test('state is what a walk through the events gives, at once or batch by batch, to the byte', async () => {
  await fc.assert(
    fc.asyncProperty(worlds(propertyRuns(3)), async (world) => {
      const atOnce = await storeOf(world);
      for (const [query, lines] of Object.entries(plainFold(world))) {
        assert.deepEqual(await readLines(atOnce, [query]), lines, query);
      }
      const stepwise = await storeOf([]);
      for (const batch of growing(world)) await replaceEvents(stepwise, batch);
      assert.deepEqual(await stateOf(stepwise.config), await stateOf(atOnce.config));
      await Promise.all([atOnce.remove(), stepwise.remove()]);
    }),
    { numRuns: 1, endOnFailure: true, includeErrorInReport: true },
  );
});

test('events that arrive in any order, some twice, in any number of files, fold into the same state', async () => {
  await fc.assert(
    fc.asyncProperty(worlds(propertyRuns(2)), async (world) => {
      const line = ({ id, at, type, payload, session, lineage, agent, attempt, artifact }: Arrival) => ({
        ...{ id, timestamp: at, event_type: type, schema_version: 1, payload },
        ...{
          session_id: session,
          lineage_id: lineage,
          agent_id: agent,
          attempt_id: attempt,
          artifact_id: artifact,
        },
      });
      const atOnce = await makeRecordedStore();
      await atOnce.record('all.jsonl', world.map(line));
      await atOnce.run(tables.map((table) => `events.${table}`));
      const stepwise = await makeRecordedStore();
      for (const batch of growing(world)) {
        // Each batch tells again what came before it.
        await stepwise.record(`${batch.length % 2}.jsonl`, batch.map(line));
        await stepwise.run(tables.map((table) => `events.${table}`));
      }
      assert.deepEqual(await stateOf(stepwise.config), await stateOf(atOnce.config));
      await Promise.all([atOnce.remove(), stepwise.remove()]);
    }),
    { numRuns: 1, endOnFailure: true, includeErrorInReport: true },
  );
});

test('a part cut out of canonical JSON is canonical again', async () => {
  const { connection, close } = await openDuckDB();
  for (const file of ['canonical', 'payloads']) {
    await connection.run(await readFile(new URL(`../../sql/macros/${file}.sql`, import.meta.url), 'utf8'));
  }
  const texts = fc.string({
    unit: fc.constantFrom('\u0000', '\u000b', '\u001f', '\\', '"', '1e21', 'u001F', '/', 'é'),
  });
  const value = fc.oneof(
    fc.jsonValue(),
    texts,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.dictionary(texts, texts),
  );
  const parts = fc.sample(value, 2000).filter((part) => part !== null);
  const rows = parts.map((part) => `(${quote(canonicalJson({ a: 1, part, z: [part] }))})`);
  const reader = await connection.runAndReadAll(
    `select canonical_part(json_transform(payload, '{"part": "JSON"}').part) from (values ${rows.join(', ')}) as rows(payload)`,
  );
  assert.deepEqual(reader.getRows().flat(), parts.map(canonicalJson));
  close();
});
