import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { appendLines, type EventSpec, eventLine, makeEventStore } from './support/events.js';
import { oddEvents } from './support/oddEvents.js';
import { type Comparison, differences } from './support/parity.js';
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

// In one store: half of the time goes into the queries themselves, however few rows they read.
test('both engines fold the same rows from events that keep few promises, and from what programs record of attempts of the session logs', async (t) => {
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
  const agent = { agent_id: 'claude-code', lineage_id: 'of the logs', session_id: session };
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
  await store.record('odd.jsonl', oddEvents(1, 60, 300));
  await store.record(
    'late.jsonl',
    events.map((event, place) => eventLine({ id: `e${place}`, ...event } as EventSpec)),
  );
  const { failures } = await store.run();
  assert.deepEqual(failures, []);
  const counts = await compared(t, store.config.data, [...recordedComparisons, ...derived]);
  // A table without rows would prove nothing.
  assert.deepEqual(
    [...counts].filter(([, rows]) => rows === 0),
    [],
  );
  const [late] = await store.query(
    `select (select count(*)::integer from events.attempts where origin <> 'log' and session_id = '${session}') as attempts,
       (select count(*)::integer from events.artifacts where artifact_id in ('a', 'b')) as artifacts,
       (select count(*)::integer from datasets.reward where session_id = '${session}') as rewards`,
  );
  assert.deepEqual(late, { attempts: 1, artifacts: 2, rewards: 1 });
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
