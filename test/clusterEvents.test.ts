import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEventStore } from './support/events.js';
import { oddEvents } from './support/oddEvents.js';
import { differences } from './support/parity.js';
import { recordedComparisons } from './support/recordedComparisons.js';

test('both engines fold the same rows from events that keep few promises', async (t) => {
  const store = await makeEventStore();
  t.after(store.remove);
  await store.record(
    'odd.jsonl',
    oddEvents(1, 60, 300)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const { failures } = await store.run();
  assert.deepEqual(failures, []);
  const counts = new Map<string, number>();
  const found = await differences(store.config.data, recordedComparisons, (table, rows) => {
    counts.set(table, rows);
    t.diagnostic(`${table}: ${rows} rows`);
  });
  assert.deepEqual(found, []);
  // A table without rows would prove nothing.
  assert.deepEqual(
    [...counts].filter(([, rows]) => rows === 0),
    [],
  );
});
