import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgedModels, lakeOf } from './support/core.js';
import { oddSessions } from './support/oddSessions.js';
import { differences } from './support/parity.js';

test('both engines make the same messages, twins and conversations of sessions in no good order', async (t) => {
  const lake = await lakeOf(oddSessions(200, 4), {}, { models: judgedModels });
  t.after(() => lake.remove());
  const counts: Record<string, number> = {};
  const found = await differences(
    lake.config.data,
    [
      { model: 'messages', table: 'core.messages' },
      { model: 'judged_messages', table: 'core.judged_messages' },
      { model: 'answer_twins', table: 'core.answer_twins' },
      { model: 'sft', table: 'datasets.sft' },
    ],
    (table, rows) => {
      counts[table] = rows;
    },
    { given: ['core.turns'] },
  );
  assert.deepEqual(found, []);
  for (const [table, rows] of Object.entries(counts)) assert.ok(rows >= 15, `${table}: ${rows} rows`);
});
