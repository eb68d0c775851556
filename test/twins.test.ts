import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  call,
  compaction,
  interrupt,
  judgedModels,
  lakeOf,
  rejection,
  result,
  type SessionSpec,
  said,
  steer,
  type TurnSpec,
  thought,
} from './support/core.js';
import type { TestLake } from './support/lake.js';

const question = 'Name the function.';
/** An answered turn; `by` is the number of the turn that took its place. */
const turn = (steps: TurnSpec['steps'], by?: number, more: object = {}): TurnSpec => ({
  question,
  steps,
  ...(by === undefined ? {} : { voided_by: by }),
  ...more,
});
const earlier: TurnSpec = { question: 'What is it for?', steps: [said('It adds.')] };
/** Codex turns that were rolled back are never `answered`. */
const undone = (steps: TurnSpec['steps'], by?: number) => turn(steps, by, { end: 'rolled_back' });

const sessions: SessionSpec[] = [
  { id: 'retry', turns: [earlier, turn([said('add')], 3), turn([said('sum')])] },
  { id: 'rollback', agent: 'codex', turns: [undone([said('add')]), turn([said('sum')])] },
  { id: 'twice', turns: [turn([said('a')], 2), turn([said('b')], 3), turn([said('c')])] },
  { id: 'copy', turns: [earlier, turn([said('add')], 3), turn([said('sum')])] },
  { id: 'edited', turns: [turn([said('a')], 2), { question: `${question} Short.`, steps: [said('b')] }] },
  {
    id: 'interrupted',
    turns: [turn([said('a'), interrupt()], 2, { end: 'interrupted' }), turn([said('b')])],
  },
  { id: 'aborted', agent: 'codex', turns: [undone([said('a'), interrupt()]), turn([said('b')])] },
  { id: 'nothing yet', agent: 'codex', turns: [undone([thought('hm')]), turn([said('b')])] },
  { id: 'both stand', turns: [turn([said('a')]), turn([said('b')])] },
  {
    id: 'both undone',
    turns: [turn([said('a')], 2), turn([said('b')], 3), { question: 'x', steps: [said('c')] }],
  },
  { id: 'equal', turns: [turn([said('Sum')], 2), turn([said('sum ')])] },
  {
    id: 'unfinished',
    turns: [turn([said('a')], 2), turn([call('c1', 'Bash', {})], undefined, { end: 'tool' })],
  },
  // The rolled back turn came before an exchange that the other one had not: other contexts.
  {
    id: 'other context',
    turns: [turn([said('a')], 3), { question: 'y', steps: [said('z')] }, turn([said('b')])],
  },
  {
    id: 'other segment',
    turns: [turn([said('a')], 2), turn([compaction(), said('b')], undefined, { segment_no: 1 })],
  },
  {
    id: 'steered',
    turns: [
      turn([said('a')], 2),
      turn([call('c1', 'Bash', {}), result('c1', ''), steer('no verbs'), said('b')]),
    ],
  },
  {
    id: 'told why',
    turns: [
      turn([said('a')], 2),
      turn([call('c1', 'Edit', {}), result('c1', 'no', 'rejected'), rejection('c1', 'use b'), said('b')]),
    ],
  },
  {
    id: 'with tools',
    agent: 'codex',
    turns: [
      { question: 'Look.', steps: [call('c0', 'Read', { path: 'x' }), result('c0', 'X'), said('Seen.')] },
      undone([call('c1', 'Bash', { n: 1 }), result('c1', 'ok'), thought('so'), said('one')], 3),
      turn([thought('first'), said('I am looking.', { is_final: false }), said('two')]),
    ],
  },
  {
    id: 'in a subagent',
    kind: 'subagent',
    turns: [
      turn([said('a')], 2, { prompt_kind: 'agent' }),
      turn([said('b')], undefined, { prompt_kind: 'agent' }),
    ],
  },
];

let lake: TestLake;
before(async () => {
  lake = await lakeOf(sessions, {}, { models: judgedModels });
});
after(() => lake.remove());

/** The pairs of a session: source, chosen and rejected answer, weight. */
async function pairsOf(session: string) {
  const rows = await lake.query(
    `select pair_source, chosen->>'$.content' as chosen, rejected->>'$.content' as rejected, pair_weight
     from core.answer_twins where session_id = '${session}' order by rejected`,
  );
  return rows.map(Object.values);
}

test('the same words sent again on another branch: the answer that was left is rejected', async () => {
  assert.deepEqual(await pairsOf('copy'), [['retry', 'sum', 'add', 1]]);
  const [row = {}] = await lake.query(
    `select prompt, metadata, source_events, prompt_hash from core.answer_twins where session_id = 'copy'`,
  );
  assert.deepEqual(
    (row.prompt as string[]).map((message) => JSON.parse(message).content),
    ['What is it for?', 'It adds.', question],
  );
  const metadata = JSON.parse(String(row.metadata));
  assert.deepEqual(metadata.turn_ids, ['copy-3', 'copy-2']);
  assert.deepEqual(metadata.tool_calls_before, { chosen: 0, rejected: 0 });
  assert.equal(Object.keys(metadata.events).join(), 'input,chosen,rejected');
  const events = row.source_events as string[];
  assert.ok(Object.values(metadata.events).every((event) => events.includes(String(event))));
});

test('a finished answer of Codex that was rolled back is rejected', async () => {
  assert.deepEqual(await pairsOf('rollback'), [['rollback', 'sum', 'add', 1]]);
});

test('the answer that stands is chosen over each one undone for it, their weights one together', async () => {
  assert.deepEqual(await pairsOf('twice'), [
    ['retry', 'c', 'a', 0.5],
    ['retry', 'c', 'b', 0.5],
  ]);
});

test('a copied session tells of the same pair once', async () => {
  assert.deepEqual(await pairsOf('retry'), []);
});

test('a prompt that was edited, or sent again after an interrupt, gives no pair', async () => {
  for (const session of ['edited', 'interrupted', 'aborted', 'nothing yet'])
    assert.deepEqual(await pairsOf(session), [], session);
});

test('without one answer that was undone and one that stands nobody said which is better', async () => {
  for (const session of ['both stand', 'both undone', 'unfinished'])
    assert.deepEqual(await pairsOf(session), [], session);
});

test('equal answers, other contexts and words that only one answer was told give no pair', async () => {
  for (const session of ['equal', 'other context', 'other segment', 'steered', 'told why'])
    assert.deepEqual(await pairsOf(session), [], session);
});

test('people judge in main sessions only', async () => {
  assert.deepEqual(await pairsOf('in a subagent'), []);
});

test('a side is the final answer alone; what was called before it is counted, tools are those of the prompt', async () => {
  assert.deepEqual(await pairsOf('with tools'), [['rollback', 'two', 'one', 1]]);
  const [row = {}] = await lake.query(`select * from core.answer_twins where session_id = 'with tools'`);
  assert.deepEqual(JSON.parse(String(row.rejected)), {
    role: 'assistant',
    content: 'one',
    reasoning_content: 'so',
  });
  // Its message also holds a progress note, so the reasoning before that is not the answer's.
  assert.deepEqual(JSON.parse(String(row.chosen)), { role: 'assistant', content: 'two' });
  assert.deepEqual(JSON.parse(String(row.metadata)).tool_calls_before, { chosen: 0, rejected: 1 });
  assert.deepEqual(
    JSON.parse(String(row.tools)).map((tool: { function: { name: string } }) => tool.function.name),
    ['Read'],
  );
});
