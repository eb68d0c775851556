import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  type AttemptSpec,
  artifact,
  attempt,
  compared,
  type EventSpec,
  locked,
  scored,
  unlocked,
} from './support/recordedEvents.js';
import { openWorlds } from './support/recordedWorld.js';

const worlds = await openWorlds();
const { ask } = worlds;
after(() => worlds.close());

/** The pairs as `chosen > rejected by source`; the answers' words are their ids, unless given. */
async function pairs(events: EventSpec[]): Promise<string[]> {
  const rows = await ask(
    events,
    `select chosen_id || ' > ' || rejected_id || ' by ' || pair_source from events.answer_pairs order by all`,
  );
  return rows.flat().map(String);
}

/** Answers of these names to one prompt, each of a lineage of its own. */
function answers(names: string, spec: AttemptSpec = {}): EventSpec[] {
  return [...names].flatMap((name) => artifact(name, `words of ${name}`, { lineage: `of ${name}`, ...spec }));
}

test('scores: the best against each worse one by two points or more', async () => {
  const scores = { a: 9, b: 7, c: 7.5, d: 3 };
  const given = Object.entries(scores).map(([id, score]) => scored(id, score));
  assert.deepEqual(await pairs([...answers('abcd'), ...given]), ['a > b by scores', 'a > d by scores']);
});

test('scores: a tie for the best makes no pair of the two; the earlier answer stands for both', async () => {
  const given = [scored('a', 9), scored('b', 9), scored('c', 2)];
  assert.deepEqual(await pairs([...answers('bac'), ...given]), ['b > c by scores']);
});

test('scores: the last evaluation counts, unscored answers do not', async () => {
  const given = [scored('a', 9), scored('b', 2), scored('a', 3), scored('b', 5)];
  assert.deepEqual(await pairs([...answers('abc'), ...given]), ['b > a by scores']);
});

test('scores: only answers of one session, one cycle, one prompt and the same documents are compared', async () => {
  const apart: AttemptSpec[] = [
    { session: 'other' },
    { cycle: 2 },
    { cycle: null },
    { need: 'Write more' },
    { need: 'write' },
    { constraints: ['short'] },
    { test_input: 'x' },
    { documents: ['D'] },
    { documents: [{ id: 'd', content: { of: 'D' } }] },
  ];
  const alike: AttemptSpec[] = [
    { agent: 'poet' },
    { model: 'model-b' },
    { system_prompt: 'Be a poet.' },
    { constraints: [] },
  ];
  const events = [...apart, ...alike].flatMap((spec, index) => [
    ...artifact(`best ${index}`, 'good', { session: `${index}` }),
    ...artifact(`worst ${index}`, 'bad', { session: `${index}`, ...spec }),
    scored(`best ${index}`, 10),
    scored(`worst ${index}`, 1),
  ]);
  const expected = alike.map((_, index) => index + apart.length);
  assert.deepEqual(
    await pairs(events),
    expected.map((index) => `best ${index} > worst ${index} by scores`).sort(),
  );
});

test('no pair has an empty side or two sides that say the same', async () => {
  const events = [
    ...artifact('a', 'The sea.'),
    ...artifact('b', ' the  SEA.\n'),
    ...artifact('c', ' \n'),
    ...artifact('d', ''),
    ...artifact('e', 'The lake.'),
    ...artifact('f', ''),
    ...[scored('a', 9), scored('b', 5), scored('c', 4), scored('d', 3), scored('e', 2), scored('f', 10)],
  ];
  assert.deepEqual(await pairs(events), ['a > e by scores']);
});

test('an answer that was asked nothing is in no pair', async () => {
  assert.deepEqual(await pairs([...answers('ab', { need: '' }), scored('a', 9), scored('b', 1)]), []);
});

test('comparison: the first against each later one', async () => {
  assert.deepEqual(await pairs([...answers('abc'), compared('c', 'a', 'b')]), [
    'c > a by comparison',
    'c > b by comparison',
  ]);
});

test('comparison: within each prompt of a ranking that mixes them', async () => {
  const events = [
    ...answers('ab'),
    ...answers('cd', { need: 'Read' }),
    compared('a', 'd', 'b', 'c', 'unknown'),
  ];
  assert.deepEqual(await pairs(events), ['a > b by comparison', 'd > c by comparison']);
});

test('comparison: cycles of one session may be compared, sessions not', async () => {
  const events = [
    ...answers('a'),
    ...answers('b', { cycle: 2 }),
    ...answers('c', { session: 'other' }),
    compared('c', 'b', 'a'),
    // Scores of two cycles are on two scales: they neither make a pair nor contradict one.
    ...[scored('a', 9), scored('b', 2)],
  ];
  assert.deepEqual(await pairs(events), ['b > a by comparison']);
});

test('comparison: the last one of the same answers wins', async () => {
  assert.deepEqual(await pairs([...answers('ab'), compared('a', 'b'), compared('b', 'a')]), [
    'b > a by comparison',
  ]);
});

test('comparison: two of different sets that contradict each other say nothing of those two', async () => {
  const events = [...answers('abc'), compared('a', 'b'), compared('b', 'a', 'c')];
  assert.deepEqual(await pairs(events), ['b > c by comparison']);
});

test('lock: the locked answer over those of other lineages in its cycle, made before the lock', async () => {
  const events = [
    ...artifact('a1', 'first of A', { lineage: 'A' }),
    ...artifact('a2', 'second of A', { lineage: 'A' }),
    ...artifact('b', 'of B', { lineage: 'B' }),
    ...artifact('c', 'of C', { lineage: 'C', cycle: 2 }),
    ...attempt('d', { lineage: 'D', output: 'of D' }),
    ...attempt('e', { lineage: 'E', error: 'boom', output: 'of E' }),
    locked('A'),
    ...artifact('f', 'of F, too late', { lineage: 'F' }),
  ];
  assert.deepEqual(await pairs(events), ['a2 > b by lock', 'a2 > d by lock']);
  assert.deepEqual(await pairs([...events, unlocked('A')]), []);
});

test('lock: two lineages that are both locked are not held against each other', async () => {
  const events = [...answers('abc'), locked('of a', 'a'), locked('of b', 'b')];
  assert.deepEqual(await pairs(events), ['a > c by lock', 'b > c by lock']);
});

test('a pair that several sources state comes once, of the strongest, which names the others', async () => {
  const rows = await ask(
    [
      ...answers('abc'),
      scored('a', 9),
      scored('b', 2),
      scored('c', 3),
      compared('a', 'b'),
      locked('of a', 'a'),
    ],
    `select json_extract_string(metadata, '$.answer_ids[1]'), pair_source, json_extract(metadata, '$.stated_by')::varchar,
       margin, score_chosen, score_rejected, score_delta
     from datasets.preference order by 1`,
  );
  assert.deepEqual(rows, [
    ['b', 'comparison', '["comparison","scores","lock"]', 0, 9, 2, 7],
    ['c', 'scores', '["scores","lock"]', 6, 9, 3, 6],
  ]);
});

test('sources that contradict each other make no pair, and the orders they stated are kept', async () => {
  const events = [...answers('abc'), scored('a', 9), scored('b', 2), scored('c', 6), compared('b', 'c')];
  // The scores put c above b, though they made no pair of the two.
  assert.deepEqual(await pairs(events), ['a > b by scores', 'a > c by scores']);
  const world = await worlds.world(events);
  const rows = await world.query('select * from events.answer_orders where len(contradicted_by) > 0');
  assert.deepEqual(rows, [
    {
      better_id: 'b',
      worse_id: 'c',
      made_by: ['comparison'],
      stated_by: ['comparison'],
      contradicted_by: ['scores'],
      feedback_events: ['e-0012'],
    },
  ]);
});

test('pair_weight is 1/n of the pairs that a source gives for a prompt', async () => {
  const rows = await ask(
    [
      ...answers('abcd'),
      ...answers('xy', { cycle: 2 }),
      ...[scored('a', 9), scored('b', 1), scored('c', 2), scored('d', 3), scored('x', 9), scored('y', 1)],
      compared('a', 'd'),
    ],
    'select rejected_id, pair_source, pair_weight from events.answer_pairs order by all',
  );
  assert.deepEqual(rows, [
    ['b', 'scores', 0.5],
    ['c', 'scores', 0.5],
    ['d', 'comparison', 1],
    ['y', 'scores', 1],
  ]);
});
