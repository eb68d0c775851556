import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Config } from '../pipelines/config.js';
import { exportDatasets } from '../pipelines/export.js';
import { profiles } from '../pipelines/formats/all.js';
import type { ExportResult } from '../pipelines/lib/exportSummary.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openWarehouse } from '../pipelines/lib/warehouse.js';
import { checkerOf, profileSchemas } from './schemas/profiles.js';
import { rowsOf } from './support/exported.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';

let out = '';
let config: Config;
const exports = new Map<string, ExportResult>();
const exportIn = (profile: string) => exports.get(profile) as ExportResult;

before(async () => {
  out = await mkdtemp(join(tmpdir(), 'tracemill-exports-'));
  // One thread counts so few rows sooner than a second one starts.
  config = { ...sampleConfig(await sampleLake()), workers: 1 };
  const options = {
    config,
    progress: silentProgress,
    now: new Date('2026-11-01'),
    filters: {},
    datasets: null,
  };
  for (const { name } of profiles) {
    exports.set(name, await exportDatasets({ ...options, profile: name, jsonl: false, out }));
  }
});
after(() => rm(out, { recursive: true, force: true }));

test('the samples give rows of every dataset, and no rule leaves one out', () => {
  const { datasets, omitted } = exportIn('trl');
  assert.deepEqual(Object.keys(datasets).sort(), Object.keys(profileSchemas.trl ?? {}).sort());
  assert.deepEqual(omitted, {});
  for (const [name, { rows, refused, withheld, copies }] of Object.entries(datasets)) {
    assert.ok(rows > 0, name);
    assert.deepEqual({ refused, withheld, copies }, { refused: {}, withheld: {}, copies: 0 }, name);
  }
});

for (const { name } of profiles) {
  test(`${name}: every row of the samples holds to its schema`, async () => {
    const carried = Object.entries(profileSchemas[name] ?? {});
    assert.deepEqual(Object.keys(exportIn(name).datasets).sort(), carried.map(([dataset]) => dataset).sort());
    for (const [dataset, schema] of carried) {
      const check = checkerOf(schema);
      const rows = await rowsOf(exportIn(name), dataset);
      assert.ok(rows.length > 0, dataset);
      for (const row of rows) assert.ok(check(row), `${dataset} ${row.id}: ${JSON.stringify(check.errors)}`);
    }
  });
}

test('every row of the lake stands in a file of the export, once', async () => {
  const warehouse = await openWarehouse({ config });
  for (const dataset of Object.keys(exportIn('trl').datasets)) {
    const reader = await warehouse.connection.runAndReadAll(`select id from datasets.${dataset} order by id`);
    const written = (await rowsOf(exportIn('trl'), dataset)).map(({ id }) => id);
    assert.deepEqual(written.toSorted(), reader.getRowsJS().flat(), dataset);
  }
  warehouse.close();
});
