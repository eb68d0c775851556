import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type EventStore, eventLine } from './support/events.js';
import { makeRecordedStore } from './support/recordedStore.js';

const models = ['events.payload_blobs', 'events.payload_refs'];

function event(id: string, day: string, payload: unknown) {
  return eventLine({ id, event_type: 'x', timestamp: `2026-05-${day}T12:00:00.000Z`, payload });
}

const lines = [
  event('e1', '03', { prompt: 'Once' }),
  event('e2', '02', { prompt: 'Twice', a: 1 }),
  event('e3', '03', { a: 1, prompt: 'Twice' }),
  event('e4', '03', { a: 1, prompt: 'Twice' }),
];

async function kept(store: EventStore) {
  const rows =
    await store.query(`select content, size::integer as size, blobs.day, first_day, ref_count::integer as refs, hash
    from events.payload_blobs as blobs join events.payload_refs using (hash) order by content`);
  for (const { content, hash, size, day, first_day } of rows) {
    assert.equal(hash, createHash('sha256').update(String(content)).digest('hex'));
    assert.equal(size, Buffer.byteLength(String(content)));
    assert.equal(day, first_day);
  }
  const [count] = await store.query('select count(*)::integer as n from events.payload_refs');
  assert.equal(count?.n, rows.length);
  return rows.map(({ content, day, refs }) => [content, day, refs]);
}

test('a payload is stored once, in the day of its first event, and counted', async (t) => {
  const store = await makeRecordedStore();
  t.after(store.remove);
  await store.record('a.jsonl', lines);
  assert.deepEqual((await store.run(models)).failures, []);
  assert.deepEqual(await kept(store), [
    ['{"a":1,"prompt":"Twice"}', '2026-05-02', 3],
    ['{"prompt":"Once"}', '2026-05-03', 1],
  ]);
  // An older event comes late: the payload moves to its day, and leaves the others as they are.
  await store.record('b.jsonl', [event('e5', '01', { prompt: 'Once' })]);
  assert.deepEqual((await store.run(models)).failures, []);
  assert.deepEqual(await kept(store), [
    ['{"a":1,"prompt":"Twice"}', '2026-05-02', 3],
    ['{"prompt":"Once"}', '2026-05-01', 2],
  ]);
});

/** The project's SQL with one text of a file replaced by another. */
const breaking = (file: string, find: string, replace: string) => async (sql: string) => {
  const text = await readFile(join(sql, file), 'utf8');
  assert.equal(text.split(find).length, 2, `${file} has \`${find}\` once`);
  await writeFile(join(sql, file), text.replace(find, replace));
};

async function failuresWith(
  t: TestContext,
  edit: (sql: string) => Promise<void>,
  more: readonly unknown[] = [],
) {
  const store = await makeRecordedStore(edit);
  t.after(store.remove);
  await store.record('a.jsonl', [...lines, ...more]);
  const { failures } = await store.run(models);
  return failures.map(({ model, rule, rows }) => ({ model, rule, rows }));
}

test('a blob that is not what its hash says fails its check', async (t) => {
  const file = 'events/payload_blobs.sql';
  const sql = breaking(
    file,
    'payloads.payload as content',
    `replace(payloads.payload, 'Once', 'Ones') as content`,
  );
  const [failure] = await failuresWith(t, sql);
  assert.deepEqual(failure, {
    model: 'events.payload_blobs',
    rule: '@check hash = sha256(content)',
    rows: 1,
  });
});

test('an event without its payload fails the claim that all are kept', async (t) => {
  const sql = breaking(
    'events/payload_blobs.sql',
    'join first_events using (event_id)',
    `join first_events using (event_id)
    where payloads.payload not like '%Once%'`,
  );
  assert.deepEqual(await failuresWith(t, sql), [
    {
      model: 'checks.every_payload_is_kept',
      rule: "Every event's payload is in events.payload_blobs.",
      rows: 1,
    },
  ]);
});

test('one id on two days fails the claim that ids are unique', async (t) => {
  const sql = breaking('events/event_copies.sql', 'line_count > 1', 'line_count > 9');
  const failures = await failuresWith(t, sql, [event('e1', '04', { prompt: 'Once' })]);
  assert.deepEqual(failures, [
    { model: 'checks.event_ids_are_unique', rule: 'No two events of all days have one id.', rows: 1 },
  ]);
});
