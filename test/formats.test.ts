import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { profiles } from '../pipelines/formats/all.js';
import type { ExportResult } from '../pipelines/lib/exportSummary.js';
import { brokenRows } from './schemas/brokenRows.js';
import { checkerOf, profileSchemas } from './schemas/profiles.js';
import { rowsOf, run } from './support/exported.js';
import type { TestLake } from './support/lake.js';
import { sampleSets } from './support/sampleSets.js';
import { lakeOfSets } from './support/trainingSets.js';

let lake: TestLake;
const exports = new Map<string, ExportResult>();

before(async () => {
  lake = await lakeOfSets(sampleSets());
  for (const { name } of profiles) exports.set(name, await run(lake, { profile: name }));
});
after(() => lake.remove());

test('each profile carries the datasets that its schemas are written for, and says which it leaves out', () => {
  const built = Object.keys(sampleSets());
  for (const { name } of profiles) {
    const carried = Object.keys(profileSchemas[name] ?? {}).sort();
    assert.deepEqual(Object.keys(exports.get(name)?.datasets ?? {}).sort(), carried, name);
    const left = built.filter((dataset) => !carried.includes(dataset)).sort();
    assert.deepEqual(Object.keys(exports.get(name)?.omitted ?? {}).sort(), left, name);
  }
});

for (const { name } of profiles) {
  for (const [dataset, schema] of Object.entries(profileSchemas[name] ?? {})) {
    test(`${name}: every row of ${dataset} holds to its schema`, async () => {
      const exported = exports.get(name) as ExportResult;
      const rows = await rowsOf(exported, dataset);
      assert.ok(rows.length >= 3, `${rows.length} rows`);
      const check = checkerOf(schema);
      for (const row of rows)
        assert.ok(check(row), `${JSON.stringify(check.errors)} in ${JSON.stringify(row)}`);
    });
  }
}

for (const { name } of profiles) {
  for (const [dataset, schema] of Object.entries(profileSchemas[name] ?? {})) {
    test(`${name}: the schema of ${dataset} refuses five broken rows and more`, async () => {
      const rows = await rowsOf(exports.get(name) as ExportResult, dataset);
      // The richest row: every break finds what it changes.
      const [good] = rows.toSorted((a, b) => JSON.stringify(b).length - JSON.stringify(a).length);
      const check = checkerOf(schema);
      const breaks = Object.entries(brokenRows(name, dataset));
      assert.ok(breaks.length >= 5, `${breaks.length} broken rows`);
      for (const [what, breakRow] of breaks) {
        const row = structuredClone(good) ?? {};
        assert.ok(check(row));
        breakRow(row);
        assert.equal(check(row), false, `${what} is let through`);
      }
    });
  }
}
