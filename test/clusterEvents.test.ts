import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { appendLines, type EventSpec, eventLine, makeEventStore } from './support/events.js';
import { oddEvents } from './support/oddEvents.js';
import { baseTables, type Comparison, differences } from './support/parity.js';
import { recordedComparisons } from './support/recordedComparisons.js';
import { claude, session } from './support/smallSessions.js';

/** What is made of them, beside those. */
const derived: readonly Comparison[] = [
  { model: 'signatures', table: 'duplicates.signatures' },
  { model: 'near_duplicates', table: 'duplicates.near_duplicates' },
  { model: 'sft', table: 'datasets.sft' },
  {
    model: 'training_examples',
    table: 'datasets.training_examples',
    where: `dataset in ('sft', 'preference', 'reward')`,
  },
];

test('both engines fold the same rows from events that keep few promises', async (t) => {
  const store = await makeEventStore();
  t.after(store.remove);
  await store.record('odd.jsonl', oddEvents(1, 60, 300));
  const { failures } = await store.run();
  assert.deepEqual(failures, []);
  const counts = await compared(t, store.config.data, [...recordedComparisons, ...derived]);
  // A table without rows would prove nothing.
  assert.deepEqual(
    [...counts].filter(([, rows]) => rows === 0),
    [],
  );
});

test('both engines fold alike what programs record of attempts and agents of the session logs', async (t) => {
  const store = await makeEventStore();
  t.after(store.remove);
  for (const [file, records] of Object.entries(claude)) {
    await appendLines(join(dirname(store.config.data), 'claude/projects', file), records);
  }
  await store.run(['events.attempts']);
  const turns = await store.query(
    `select attempt_id, agent_version from events.attempts where origin = 'log' order by started_at`,
  );
  const [answered, interrupted, open] = turns.map(({ attempt_id: id }) => String(id));
  const version = String(turns[0]?.agent_version);
  const agent = { agent_id: 'claude-code', lineage_id: 'A', session_id: session };
  const events: Omit<EventSpec, 'id'>[] = [
    {
      event_type: 'agent.created',
      ...agent,
      payload: { version, name: 'Bee counter', config: { model: 'other' } },
    },
    // An artifact of a turn of the logs, and a better one of a program that went on from it.
    {
      event_type: 'artifact.created',
      ...agent,
      artifact_id: 'a',
      attempt_id: answered,
      payload: { content: 'Twelve' },
    },
    { event_type: 'artifact.scored', artifact_id: 'a', payload: { score: 4 } },
    {
      event_type: 'attempt.started',
      ...agent,
      attempt_id: interrupted,
      payload: { agent: { version }, input: { need: 'And?' } },
    },
    {
      event_type: 'attempt.span_recorded',
      attempt_id: interrupted,
      payload: { kind: 'tool_call', tokens: { input: 5 } },
    },
    {
      event_type: 'artifact.created',
      artifact_id: 'b',
      attempt_id: interrupted,
      payload: { content: 'Many bees' },
    },
    { event_type: 'artifact.scored', artifact_id: 'b', payload: { score: 9 } },
    {
      event_type: 'attempt.span_recorded',
      attempt_id: open,
      payload: { kind: 'output', output: 'Forgotten' },
    },
    { event_type: 'attempt.completed', attempt_id: open, payload: { output: 'Forgotten.' } },
  ];
  await store.record(
    'late.jsonl',
    events.map((event, place) => eventLine({ id: `e${place}`, ...event } as EventSpec)),
  );
  const folded = [
    'execution_spans',
    'attempt_events',
    'agent_definitions',
    'attempts',
    'artifacts',
    'answers',
    'reward',
  ];
  const comparisons = recordedComparisons.filter(({ model }) => folded.includes(model));
  const { failures } = await store.run([...comparisons.map(({ table }) => table), ...baseTables]);
  assert.deepEqual(failures, []);
  const counts = await compared(t, store.config.data, comparisons);
  assert.equal(counts.get('events.attempts'), 1);
  assert.equal(counts.get('events.artifacts'), 2);
  assert.equal(counts.get('datasets.reward'), 1);
});

/** How many rows of each table were held against each other, of which none may differ. */
async function compared(t: TestContext, data: string, comparisons: readonly Comparison[]) {
  const counts = new Map<string, number>();
  const found = await differences(data, comparisons, (table, rows) => {
    counts.set(table, rows);
    t.diagnostic(`${table}: ${rows} rows`);
  });
  assert.deepEqual(found, []);
  return counts;
}
