import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type EventSpec, type EventStore, eventLine, makeEventStore } from './support/events.js';

const recorded = 'events.recorded_events';

/** A store that reads these events, all in one file, and builds the recorded events. */
async function storeOf(
  lines: readonly unknown[],
  models: readonly string[] = [recorded],
): Promise<EventStore> {
  const store = await makeEventStore();
  await store.record('a.jsonl', lines);
  assert.deepEqual((await store.run(models)).failures, []);
  return store;
}

test('a recorded event keeps its envelope, its payload and the place of its line', async (t) => {
  const first = eventLine({
    id: 'e0',
    event_type: 'session.created',
    session_id: 's',
    payload: { need: 'Tee' },
  });
  const event = eventLine({
    id: 'e1',
    event_type: 'artifact.created',
    timestamp: '2026-05-01T23:59:59.123+02:00',
    session_id: 's',
    lineage_id: 'l',
    agent_id: 'a',
    artifact_id: 'x',
    attempt_id: 't',
    tags: ['zeta', 'alpha', 'zeta'],
    payload: { kind: 'text', content: 'Grüße' },
  });
  const store = await storeOf([first, event]);
  t.after(store.remove);
  const [row] = await store.query(`select *, byte_offset::integer as start, byte_length::integer as length
    from ${recorded} where event_id = 'e1'`);
  assert.ok(row);
  const { start, length, payload, occurred_at } = row;
  assert.deepEqual(
    [row.origin, row.event_type, row.schema_version, row.is_known, row.day],
    ['recorded', 'artifact.created', 1, true, '2026-05-01'],
  );
  assert.deepEqual((occurred_at as Date).toISOString(), '2026-05-01T21:59:59.123Z');
  assert.deepEqual(
    [row.session_id, row.lineage_id, row.agent_id, row.artifact_id, row.attempt_id],
    ['s', 'l', 'a', 'x', 't'],
  );
  assert.deepEqual(row.tags, ['alpha', 'zeta']);
  assert.equal(payload, '{"content":"Grüße","kind":"text"}');
  assert.equal(row.payload_size, BigInt(Buffer.byteLength(String(payload))));
  const spool = await readFile(join(store.config.data, 'spool', 'events', String(row.source_path)));
  const bytes = spool.subarray(Number(start), Number(start) + Number(length));
  assert.deepEqual(JSON.parse(bytes.toString()), event);
});

test('tags are inferred from what an event says itself', async (t) => {
  const span = (payload: object): Omit<EventSpec, 'id'> => ({
    event_type: 'attempt.span_recorded',
    attempt_id: 't',
    payload: { span_id: 'x', ...payload },
  });
  const completed = (spans: unknown): Omit<EventSpec, 'id'> => ({
    event_type: 'attempt.completed',
    attempt_id: 't',
    payload: { output: '', spans },
  });
  const scored = (score: number): Omit<EventSpec, 'id'> => ({
    event_type: 'artifact.scored',
    artifact_id: 'x',
    payload: { score },
  });
  const routed = (outcome: string): Omit<EventSpec, 'id'> => ({
    event_type: 'flow.router.outcome.v1',
    payload: { decision_id: 'd', outcome },
  });
  const cases: [Omit<EventSpec, 'id'>, string[]][] = [
    [span({ kind: 'tool_call' }), ['tool_use']],
    [span({ kind: 'tool_result', is_error: true }), ['error']],
    [span({ kind: 'tool_result', is_error: false }), []],
    [span({ kind: 'reasoning', is_error: 'true' }), []],
    [completed(['1', '2', '3']), []],
    [completed(['1', '2', '3', '4']), ['multi_step']],
    [completed('1234'), []],
    [{ event_type: 'attempt.failed', attempt_id: 't', payload: { error: 'timeout' } }, ['error']],
    [scored(8), ['high_score']],
    [scored(7.99), []],
    [scored(3), ['low_score']],
    [scored(3.5), []],
    [
      { event_type: 'artifact.compared', payload: { ranking: ['x', 'y'] } },
      ['comparison', 'preference_signal'],
    ],
    [{ event_type: 'lineage.locked', lineage_id: 'l' }, ['preference_signal']],
    [{ event_type: 'lineage.unlocked', lineage_id: 'l' }, []],
    [{ event_type: 'flow.router.override.v1', payload: { decision_id: 'd' } }, ['preference_signal']],
    [routed('failure'), ['error']],
    [routed('wasted'), []],
    [{ event_type: 'attempt.failed', attempt_id: 't', tags: ['error', 'mine'] }, ['error', 'mine']],
  ];
  const lines = cases.map(([spec], index) => eventLine({ id: `e${index}`, ...spec } as EventSpec));
  const store = await storeOf(lines);
  t.after(store.remove);
  const rows = await store.query(`select event_id, tags from ${recorded}`);
  const found = Object.fromEntries(rows.map(({ event_id, tags }) => [event_id, tags]));
  for (const [index, [spec, tags]] of cases.entries()) {
    assert.deepEqual(found[`e${index}`], tags, JSON.stringify(spec));
  }
});

test('unknown types and newer versions are kept whole, and no view reads them', async (t) => {
  const { schema_version: _, ...unversioned } = eventLine({
    id: 'old',
    event_type: 'lineage.locked',
    lineage_id: 'l',
  });
  const store = await storeOf(
    [
      eventLine({ id: 'odd', event_type: 'studio.opened', payload: { window: { width: 3 } } }),
      // A score that version 1 would refuse, and whose tag it would infer.
      eventLine({
        id: 'new',
        event_type: 'artifact.scored',
        schema_version: 2,
        payload: { score: 97 },
        tags: ['x'],
      }),
      unversioned,
    ],
    ['events.payload_blobs', 'events.rejects'],
  );
  t.after(store.remove);
  const rows = await store.query(`select event_id, event_type, schema_version, is_known, tags, payload
    from ${recorded} order by event_id`);
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      ['new', 'artifact.scored', 2, false, ['x'], '{"score":97}'],
      ['odd', 'studio.opened', 1, false, [], '{"window":{"width":3}}'],
      ['old', 'lineage.locked', 1, true, ['preference_signal'], '{}'],
    ],
  );
  const kept = await store.query(`select id, content from events.training_events
    join events.payload_blobs on hash = payload_hash order by id`);
  assert.deepEqual(
    kept.map(({ content }) => content),
    ['{"score":97}', '{"window":{"width":3}}', '{}'],
  );
  assert.deepEqual(await store.query('from events.rejects'), []);
});

test("a router event's session is the one that its payload names", async (t) => {
  const routed = (id: string, more: object) =>
    eventLine({
      id,
      event_type: 'flow.router.decision.v1',
      payload: { decision_id: id, session_id: 'told' },
      ...more,
    });
  const store = await storeOf([routed('e1', {}), routed('e2', { session_id: 'desk' })]);
  t.after(store.remove);
  const rows = await store.query(`select session_id from ${recorded}`);
  assert.deepEqual(
    rows.map(({ session_id }) => session_id),
    ['told', 'told'],
  );
});

test('every generation of a spool file is read, an event in several of them once', async (t) => {
  const event = (id: string) => eventLine({ id, event_type: 'lineage.locked', lineage_id: id });
  const store = await storeOf([event('e1'), event('e2')]);
  t.after(store.remove);
  // The file is rotated: begun anew with other lines, one of the old ones among them.
  await store.rewrite('a.jsonl', [event('e3'), event('e2')]);
  assert.deepEqual((await store.run([recorded, 'events.rejects'])).failures, []);
  const rows = await store.query(`select event_id from ${recorded} order by event_id`);
  assert.deepEqual(
    rows.map(({ event_id }) => event_id),
    ['e1', 'e2', 'e3'],
  );
  assert.deepEqual(await store.query('from events.rejects'), []);
});

test('as of a moment, only the events up to it are in force', async (t) => {
  const store = await storeOf([
    eventLine({ id: 'e1', event_type: 'x', timestamp: '2026-05-01T12:00:00Z' }),
    eventLine({ id: 'e2', event_type: 'x', timestamp: '2026-05-01T12:00:00.001Z' }),
  ]);
  t.after(store.remove);
  const macros = await readFile(new URL('../../sql/macros/events.sql', import.meta.url), 'utf8');
  const inForce = /create or replace macro is_in_force[\s\S]*?;/.exec(macros)?.[0];
  const select = `select event_id from ${recorded} where is_in_force(occurred_at) order by event_id`;
  const ids = async (setting: string) =>
    (await store.query(select, [String(inForce), setting])).map((row) => row.event_id);
  assert.deepEqual(await ids('reset variable as_of'), ['e1', 'e2']);
  assert.deepEqual(await ids(`set variable as_of = timestamp '2026-05-01 12:00:00'`), ['e1']);
});
