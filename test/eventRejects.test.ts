import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { readStatus } from '../pipelines/lib/lakeStatus.js';
import { type EventSpec, eventLine, makeEventStore } from './support/events.js';

const models = ['events.recorded_events', 'events.rejects', 'staging.rejects'];
const deep = (levels: number): unknown => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

test('an event that cannot be read is a reject with its reason, its neighbours are not', async (t) => {
  const event = (spec: Omit<EventSpec, 'id'>) => eventLine({ id: 'bad', ...spec } as EventSpec);
  const scored = (score: unknown) =>
    event({ event_type: 'artifact.scored', artifact_id: 'x', payload: { score } });
  const cases: [Record<string, unknown>, string][] = [
    [{ ...event({ event_type: 'x' }), id: undefined }, 'no id'],
    [event({ event_type: '' }), 'no event_type'],
    [event({ event_type: 'x', timestamp: 'yesterday' }), 'no valid timestamp'],
    [event({ event_type: 'x', timestamp: '2026-02-30T10:00:00Z' }), 'no valid timestamp'],
    [event({ event_type: 'x', timestamp: '2026-02-01' }), 'no valid timestamp'],
    [event({ event_type: 'x', timestamp: 1777636800000 }), 'no valid timestamp'],
    [event({ event_type: 'x', timestamp: '1969-12-31T23:59:59Z' }), 'no valid timestamp'],
    [event({ event_type: 'x', schema_version: 1.5 }), 'schema_version is no whole number from 1'],
    [event({ event_type: 'x', schema_version: 0 }), 'schema_version is no whole number from 1'],
    [event({ event_type: 'x', payload: [1] }), 'payload is no object'],
    [event({ event_type: 'x', payload: null }), 'payload is no object'],
    [event({ event_type: 'x', payload: deep(501) }), 'payload is nested deeper than 500 levels'],
    [event({ event_type: 'x', payload: { text: 'x'.repeat(8 << 20) } }), 'larger than 8 MB'],
    [event({ event_type: 'attempt.started' }), 'no attempt_id'],
    [event({ event_type: 'agent.created' }), 'no agent_id'],
    [event({ event_type: 'artifact.created' }), 'no artifact_id'],
    [event({ event_type: 'directive.added' }), 'no lineage_id'],
    [event({ event_type: 'session.created' }), 'no session_id'],
    [event({ event_type: 'evolution.outcome' }), 'no evolution_id in payload'],
    [event({ event_type: 'insight.applied' }), 'no insight_id in payload'],
    [event({ event_type: 'flow.router.outcome.v1' }), 'no decision_id in payload'],
    [scored(0.5), 'score is no number from 1 to 10'],
    [scored(11), 'score is no number from 1 to 10'],
    [scored('9'), 'score is no number from 1 to 10'],
    [scored(undefined), 'score is no number from 1 to 10'],
    [
      event({ event_type: 'artifact.compared', payload: { ranking: ['x'] } }),
      'ranking is no list of two or more different artifacts',
    ],
    [
      event({ event_type: 'artifact.compared', payload: { ranking: ['x', 'y', 'x'] } }),
      'ranking is no list of two or more different artifacts',
    ],
  ];
  const good = [
    eventLine({ id: 'g1', event_type: 'artifact.scored', artifact_id: 'x', payload: { score: 1 } }),
    eventLine({ id: 'g2', event_type: 'artifact.scored', artifact_id: 'x', payload: { score: 10 } }),
    eventLine({ id: 'g3', event_type: 'x', payload: deep(500) }),
    eventLine({ id: 'g4', event_type: 'x', timestamp: '2026-05-01T14:00+02:00' }),
    eventLine({ id: 'g5', event_type: 'x', timestamp: '2026-05-01T12:00Z' }),
    eventLine({ id: 'g6', event_type: 'x', timestamp: '2026-05-01 12:00:00.123456' }),
  ];
  const store = await makeEventStore();
  t.after(store.remove);
  await store.record('a.jsonl', [...cases.map(([line]) => line), ...good]);
  assert.deepEqual((await store.run(models)).failures, []);
  const rejects = await store.query(
    'select line_no::integer as line, reason, source from events.rejects order by line_no',
  );
  assert.deepEqual(
    rejects,
    cases.map(([, reason], index) => ({ line: index + 1, reason, source: 'events' })),
  );
  const events = await store.query('select event_id, day from events.recorded_events order by event_id');
  assert.deepEqual(
    events.map(({ event_id }) => event_id),
    ['g1', 'g2', 'g3', 'g4', 'g5', 'g6'],
  );
  assert.ok(events.every(({ day }) => day === '2026-05-01'));
});

test('torn, glued and empty lines of the spool are mended or named, and status counts them', async (t) => {
  const line = (id: string) => JSON.stringify(eventLine({ id, event_type: 'x', payload: { n: 1 } }));
  const store = await makeEventStore();
  t.after(store.remove);
  await store.record('a.jsonl', [
    line('e1'),
    line('e2').slice(0, 60),
    '',
    `${line('e3')}${line('e4')}`,
    `\ufeff${line('e5')}`,
    line('e6').replace('"n"', String.raw`"half \ud83d pair"`),
    '[1, 2]',
    line('e7').replace('"x"', '"artifact.scored"'),
  ]);
  await store.remember(['{"ts_ms": 1', { ts_ms: 1777636800000, name: 'n', subject: '{}' }]);
  assert.deepEqual((await store.run(models)).failures, []);
  const events = await store.query(`select event_id, payload from events.recorded_events
    where origin = 'recorded' order by event_id`);
  assert.deepEqual(
    events.map((row) => Object.values(row)),
    [
      ['e1', '{"n":1}'],
      ['e3', '{"n":1}'],
      ['e4', '{"n":1}'],
      ['e5', '{"n":1}'],
      ['e6', '{"half  pair":1}'],
    ],
  );
  const { rejects } = await readStatus(store.config, new Date());
  assert.deepEqual(rejects, [
    { source: 'events', reason: 'JSON but not an object', lines: 1 },
    { source: 'events', reason: 'blank line', lines: 1 },
    { source: 'events', reason: 'broken JSON object', lines: 1 },
    { source: 'events', reason: 'no artifact_id', lines: 1 },
    { source: 'seq', reason: 'broken JSON object', lines: 1 },
  ]);
});

test('copies and conflicts of an id end the same in any order of arrival', async (t) => {
  const event = (id: string, at: string, payload: unknown, more: object = {}) =>
    eventLine({ id, event_type: 'x', timestamp: `2026-05-0${at}T12:00:00.000Z`, payload, ...more });
  const lines = [
    // Twice the same, its keys in another order.
    event('copy', '1', { a: 1, b: 2 }),
    event('copy', '1', { b: 2, a: 1 }),
    // The same payload told again on another day: one event, the earlier.
    event('late', '3', { a: 1 }),
    event('late', '2', { a: 1 }),
    // Three payloads for one id: the earliest stands.
    event('split', '2', { a: 'second' }),
    event('split', '1', { a: 'first' }),
    event('split', '3', { a: 'third' }),
    // At one moment the hash decides.
    event('tie', '1', { a: 'one' }),
    event('tie', '1', { a: 'two' }),
    event('kind', '1', { a: 1 }),
    event('kind', '1', { a: 1 }, { event_type: 'y' }),
    // What is no event at all takes no event's place.
    event('poor', '2', { a: 1 }),
    event('poor', '1', 'text'),
  ];
  const fold = async (batches: unknown[][]) => {
    const store = await makeEventStore();
    t.after(store.remove);
    for (const [index, batch] of batches.entries()) {
      await store.record(`${index}.jsonl`, batch);
      assert.deepEqual((await store.run(models)).failures, []);
    }
    const events = await store.query(`select event_id, event_type, occurred_at, payload
      from events.recorded_events order by event_id`);
    const rejects = await store.query(
      'select event_id, reason, count(*)::integer as n from events.rejects group by all order by all',
    );
    return { events, rejects };
  };
  const forwards = await fold([lines]);
  const day = (date: string) => new Date(`2026-05-0${date}T12:00:00.000Z`);
  const [one, two] = ['{"a":"one"}', '{"a":"two"}'];
  const tie = sha256(one) < sha256(two) ? one : two;
  assert.deepEqual(
    forwards.events.map((row) => Object.values(row)),
    [
      ['copy', 'x', day('1'), '{"a":1,"b":2}'],
      ['kind', 'x', day('1'), '{"a":1}'],
      ['late', 'x', day('2'), '{"a":1}'],
      ['poor', 'x', day('2'), '{"a":1}'],
      ['split', 'x', day('1'), '{"a":"first"}'],
      ['tie', 'x', day('1'), tie],
    ],
  );
  const conflict = 'same id, other payload or type';
  assert.deepEqual(
    forwards.rejects.map((row) => Object.values(row)),
    [
      ['kind', conflict, 1],
      ['poor', 'payload is no object', 1],
      ['split', conflict, 2],
      ['tie', conflict, 1],
    ],
  );
  assert.deepEqual(await fold([lines.toReversed()]), forwards);
  // Bit by bit, a build between.
  const batches = [0, 1, 2].map((batch) => lines.toReversed().filter((_, index) => index % 3 === batch));
  assert.deepEqual(await fold(batches), forwards);
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
