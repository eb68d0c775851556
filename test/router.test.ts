import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { decision, type EventSpec, outcome, override } from './support/recordedEvents.js';
import { openWorlds } from './support/recordedWorld.js';

const worlds = await openWorlds();
const { ask } = worlds;
after(() => worlds.close());

/** What the history of a decision says, an earlier decision each: its id, and what was known of it. */
async function historyOf(id: string, events: EventSpec[]): Promise<string[]> {
  const [row] = await ask(
    events,
    `select history::varchar from datasets.router where metadata ->> '$.decision_id' = '${id}'`,
  );
  type Earlier = { decision_id: string; outcome: string | null; override_task: string | null };
  return (JSON.parse(String(row?.[0])) as Earlier[]).map((earlier) =>
    [earlier.decision_id, earlier.outcome, earlier.override_task].filter((word) => word !== null).join(' '),
  );
}

test('a decision is a row: the intent, what was chosen, and what came of it', async () => {
  const rows = await ask(
    [
      decision('d1', 'lint', { project_path: '/home/ann/site', context: { open: 2 }, git_branch: 'main' }),
      outcome('d1', 'success', { time_to_resolution_ms: 1500 }),
    ],
    `select prompt::varchar[], candidates, logged_action, reward, overridden, override_action, time_to_resolution_ms,
       history::varchar, session_id, project, metadata ->> '$.context.open', metadata ->> '$.git_branch', source_events
     from datasets.router`,
  );
  assert.deepEqual(rows, [
    [
      ['{"role":"user","content":"please d1"}'],
      ['lint'],
      ...['lint', 1, false, null, 1500n],
      '[]',
      ...['s', '~/site', '2', 'main'],
      ['e-0000', 'e-0001'],
    ],
  ]);
});

test('reward is what the outcome earns; without one, or of another name, it is null', async () => {
  const results = ['success', 'partial', 'failure', 'wasted', 'abandoned'];
  const rows = await ask(
    [
      decision('silent', 'lint'),
      ...results.flatMap((result) => [decision(result, 'lint'), outcome(result, result)]),
    ],
    `select metadata ->> '$.decision_id', reward from datasets.router order by created_at`,
  );
  assert.deepEqual(rows, [
    ['silent', null],
    ['success', 1],
    ['partial', 0.55],
    ['failure', 0],
    ['wasted', -0.2],
    ['abandoned', null],
  ]);
});

test('candidates are those given, each once, and the one that was chosen; never the one of an override', async () => {
  const rows = await ask(
    [
      decision('given', 'lint', { candidates: ['test', 'lint', 'test', ''] }),
      decision('forgotten', 'lint', { candidates: ['test'] }),
      decision('silent', 'lint'),
      override('silent', 'lint', 'test'),
    ],
    'select candidates, overridden, override_action from datasets.router order by created_at',
  );
  assert.deepEqual(rows, [
    [['test', 'lint'], false, null],
    [['test', 'lint'], false, null],
    [['lint'], true, 'test'],
  ]);
});

test('an outcome that names a manual override is one', async () => {
  const rows = await ask(
    [decision('d', 'lint'), outcome('d', 'failure', { manual_override_task: 'test' })],
    'select overridden, override_action, reward from datasets.router',
  );
  assert.deepEqual(rows, [[true, 'test', 0]]);
});

test('history holds the earlier decisions of the session, with what was known of them by then', async () => {
  const events = [
    decision('a', 'lint'),
    decision('b', 'test'),
    decision('elsewhere', 'lint', {}, 'other'),
    outcome('a', 'failure'),
    override('b', 'test', 'build'),
    decision('c', 'lint'),
    outcome('a', 'success'),
    outcome('b', 'partial'),
    decision('d', 'lint'),
    outcome('d', 'wasted'),
  ];
  assert.deepEqual(await historyOf('a', events), []);
  assert.deepEqual(await historyOf('b', events), ['a']);
  assert.deepEqual(await historyOf('c', events), ['a failure', 'b build']);
  assert.deepEqual(await historyOf('d', events), ['a success', 'b partial build', 'c']);
  assert.deepEqual(await historyOf('elsewhere', events), []);
});

test('what is reported in the moment of a decision was not known to it', async () => {
  const at = '2026-05-01T10:00:00.005Z';
  const events = [
    decision('a', 'lint'),
    { ...decision('b', 'lint'), at },
    { ...outcome('a', 'success'), at: '2026-05-01T10:00:00.004Z' },
  ];
  // The second place adds a millisecond, the third two: both fall on .006.
  assert.deepEqual(await historyOf('b', events), ['a']);
});

test('history is the last twenty decisions, oldest first', async () => {
  const ids = Array.from({ length: 23 }, (_, index) => `d${String(index).padStart(2, '0')}`);
  assert.deepEqual(
    await historyOf(
      'd22',
      ids.map((id) => decision(id, 'lint')),
    ),
    ids.slice(2, 22),
  );
});

test('later events leave the history of a decision as it was', async () => {
  const events = [decision('a', 'lint'), outcome('a', 'failure'), decision('b', 'lint')];
  const ids = 'select id from datasets.router order by created_at';
  const later = [outcome('a', 'success'), override('a', 'lint', 'test'), decision('c', 'lint')];
  const before = await ask(events, ids);
  const since = await ask([...events, ...later], ids);
  assert.equal(before.length, 2);
  assert.equal(since.length, 3);
  assert.deepEqual(since[1], before[1]);
});

test('a session is on one side: its family decides', async () => {
  const rows = await ask(
    [decision('a', 'lint', {}, 'child'), decision('b', 'lint', {}, 'root')],
    'select distinct group_id, split = split_of(group_id) from datasets.router',
    { 'core.session_roots': [{ day: '2026-01-01', session_id: 'child', root_session_id: 'root' }] },
  );
  assert.deepEqual(rows, [['root', true]]);
});

test('a decision without words, task or session is no row; the same one twice is one row that names both', async () => {
  const intent = { user_intent: 'fix it' };
  const rows = await ask(
    [
      decision('mute', 'lint', { user_intent: ' ' }),
      decision('idle', ' '),
      decision('nowhere', 'lint', { session_id: null }),
      decision('one', 'lint', intent, 'first'),
      decision('two', 'lint', intent, 'second'),
    ],
    `select session_id, metadata ->> '$.decision_ids' from datasets.router`,
  );
  assert.deepEqual(rows, [['first', '["one","two"]']]);
});
