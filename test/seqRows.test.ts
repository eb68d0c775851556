import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { eventLine, makeEventStore } from './support/events.js';

const models = ['events.recorded_events', 'events.rejects'];
const noon = Date.parse('2026-05-01T12:00:00.000Z');

/** A row of the established form. */
function seqRow(more: Record<string, unknown>): Record<string, unknown> {
  return {
    ts_ms: noon,
    dur_us: 12,
    ok: true,
    session_id: 'desk',
    content_hash: '',
    name: 'cli.run',
    ...more,
  };
}

async function eventsOf(rows: readonly unknown[]) {
  const store = await makeEventStore();
  try {
    await store.remember(rows);
    assert.deepEqual((await store.run(models)).failures, []);
    const events = await store.query('from events.recorded_events order by event_id');
    const rejects = await store.query(
      'select line_no::integer as line, source, reason from events.rejects order by all',
    );
    return { events, rejects };
  } finally {
    await store.remove();
  }
}

test("a row of seq's memory log is an event of its name, its subject the payload", async () => {
  const subject = { decision_id: 'd', user_intent: 'Grüße', confidence: 0.5 };
  const { events } = await eventsOf([
    seqRow({ event_id: 'q1', subject: JSON.stringify({ n: 1e21, a: [] }) }),
    seqRow({ event_id: 'q2', name: 'flow.router.decision.v1', subject: JSON.stringify(subject) }),
  ]);
  const [event, decision] = events;
  assert.ok(event && decision);
  assert.deepEqual(
    [event.origin, event.event_type, event.schema_version, event.is_known, event.session_id, event.payload],
    ['seq', 'cli.run', 1, false, 'desk', '{"a":[],"n":1e+21}'],
  );
  assert.equal((event.occurred_at as Date).getTime(), noon);
  assert.deepEqual([event.day, event.tags], ['2026-05-01', []]);
  assert.equal(decision.is_known, true);
  assert.equal(decision.payload, '{"confidence":0.5,"decision_id":"d","user_intent":"Grüße"}');
});

test('a subject that is no object goes into the payload with what the row says beside it', async () => {
  const { events } = await eventsOf([
    seqRow({ event_id: 'q1', subject: 'git fetch' }),
    seqRow({ event_id: 'q2', subject: '[1]', ok: false }),
    seqRow({ event_id: 'q3', subject: '{"half": "\\ud83d"}' }),
    seqRow({ event_id: 'q4', subject: { already: 'parsed' } }),
    seqRow({ event_id: 'q5', subject: '{"torn": ' }),
  ]);
  assert.deepEqual(
    events.map(({ payload, tags }) => [payload, tags]),
    [
      ['{"dur_us":12,"ok":true,"subject":"git fetch"}', []],
      ['{"dur_us":12,"ok":false,"subject":"[1]"}', ['error']],
      ['{"half":""}', []],
      ['{"already":"parsed"}', []],
      ['{"dur_us":12,"ok":true,"subject":"{\\"torn\\": "}', []],
    ],
  );
});

test('a row without an id is named by its content, so that its copies are one event', async () => {
  const { events, rejects } = await eventsOf([
    seqRow({ subject: 'make' }),
    seqRow({ subject: 'make' }),
    seqRow({ subject: 'make', event_id: '' }),
    seqRow({ subject: 'make', ts_ms: noon + 1 }),
    seqRow({ subject: 'make', session_id: 'other' }),
  ]);
  assert.equal(events.length, 3);
  assert.deepEqual(rejects, []);
  const expected = createHash('sha256').update(`event|cli.run|desk|${noon}|make`).digest('hex').slice(0, 32);
  assert.ok(events.some(({ event_id }) => event_id === expected));
});

test('a time may be text; a row without one, or without a name, is a reject', async () => {
  const { events, rejects } = await eventsOf([
    seqRow({ event_id: 'q1', subject: '{}', ts_ms: String(noon) }),
    seqRow({ event_id: 'q2', subject: '{}', ts_ms: null }),
    seqRow({ event_id: 'q3', subject: '{}', ts_ms: -1 }),
    seqRow({ event_id: 'q4', subject: '{}', name: undefined }),
  ]);
  assert.deepEqual(
    events.map(({ event_id, occurred_at }) => [event_id, (occurred_at as Date).getTime()]),
    [['q1', noon]],
  );
  assert.deepEqual(rejects, [
    { line: 2, source: 'seq', reason: 'no valid timestamp' },
    { line: 3, source: 'seq', reason: 'no valid timestamp' },
    { line: 4, source: 'seq', reason: 'no event_type' },
  ]);
});

test('pairs that tracemill itself handed to seq make no events; those of others do', async () => {
  const own = createHash('sha256').update('event|agent.qa.pair|pair-1').digest('hex').slice(0, 32);
  const pair = (event_id: string, subject: object) =>
    seqRow({ event_id, name: 'agent.qa.pair', subject: JSON.stringify(subject) });
  const { events, rejects } = await eventsOf([
    pair(own, { qa_id: 'pair-1', question: 'who?', answer: 'me' }),
    pair('foreign', { question: 'who?', answer: 'me' }),
    pair('foreign-too', { qa_id: 'pair-1', question: 'who?', answer: 'me' }),
  ]);
  assert.deepEqual(
    events.map(({ event_id }) => event_id),
    ['foreign', 'foreign-too'],
  );
  assert.deepEqual(rejects, []);
});

test('an event told to both the spool and seq is one event', async (t) => {
  const store = await makeEventStore();
  t.after(store.remove);
  const payload = { decision_id: 'd', session_id: 's' };
  await store.record('a.jsonl', [eventLine({ id: 'e1', event_type: 'flow.router.decision.v1', payload })]);
  await store.remember([
    seqRow({ event_id: 'e1', name: 'flow.router.decision.v1', subject: JSON.stringify(payload) }),
  ]);
  assert.deepEqual((await store.run(models)).failures, []);
  const events = await store.query('select event_id, session_id, origin from events.recorded_events');
  assert.deepEqual(events, [{ event_id: 'e1', session_id: 's', origin: 'recorded' }]);
  assert.deepEqual(await store.query('from events.rejects'), []);
});
