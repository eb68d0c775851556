import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  type AttemptSpec,
  artifact,
  attempt,
  type EventSpec,
  locked,
  scored,
  span,
  unlocked,
} from './support/recordedEvents.js';
import { openWorlds } from './support/recordedWorld.js';

const worlds = await openWorlds();
const { ask } = worlds;
after(() => worlds.close());

test('an artifact is an answer, and so is what an attempt without one ended with', async () => {
  const rows = await ask(
    [
      ...artifact('a', 'made of it'),
      ...attempt('b', { output: { x: [1, 1e21] } }),
      ...attempt('c', { error: 'boom', output: 'half' }),
      ...attempt('d', { error: 'boom' }),
      attempt('running')[0] as EventSpec,
    ],
    'select answer_id, artifact_id, attempt_id, status, error, output from events.answers order by answer_id',
  );
  assert.deepEqual(rows, [
    ['a', 'a', 't-a', 'completed', null, 'made of it'],
    ['b', null, 'b', 'completed', null, '{"x":[1,1e+21]}'],
    ['c', null, 'c', 'failed', 'boom', 'half'],
    ['d', null, 'd', 'failed', 'boom', null],
  ]);
});

test('an attempt and an artifact of one name are two answers', async () => {
  const rows = await ask(
    [...artifact('same', 'one'), ...attempt('same', { output: 'two' })],
    'select answer_id, output from events.answers order by output',
  );
  assert.deepEqual(rows, [
    ['same', 'one'],
    ['attempt/same', 'two'],
  ]);
});

test('the prompt is need, constraints, input and documents, in one fixed form', async () => {
  const prompts = await ask(
    [
      ...artifact('a', 'x', {
        need: 'Write a poem',
        constraints: ['short', 'no rhyme'],
        test_input: 'the sea',
        documents: [{ id: 'tides', content: 'Twice a day.' }, 'Salt.'],
      }),
      ...artifact('b', 'x', { need: 'Write a poem', constraints: [], test_input: ' ' }),
    ],
    'select prompt from events.answers order by answer_id',
  );
  assert.deepEqual(prompts.flat(), [
    `Write a poem

Constraints:
- short
- no rhyme

Input:
the sea

Context documents:

[tides]
Twice a day.

Salt.`,
    'Write a poem',
  ]);
});

test('prompt_hash is of what was asked, context_hash of the documents, the system prompt in neither', async () => {
  const asked: Record<string, AttemptSpec> = {
    plain: { need: 'Write' },
    'other agent': { need: 'Write', system_prompt: 'You are a poet', agent: 'poet', model: 'model-b' },
    'other case': { need: ' write\n' },
    'other need': { need: 'Read' },
    constrained: { need: 'Write', constraints: ['short'] },
    documented: { need: 'Write', documents: ['D'] },
    'other document': { need: 'Write', documents: ['d'] },
  };
  const rows = await ask(
    Object.entries(asked).flatMap(([id, spec]) => artifact(id, 'x', spec)),
    `select answer_id, prompt_hash = first(prompt_hash) over plain_first, context_hash = first(context_hash) over plain_first
     from events.answers
     window plain_first as (order by answer_id <> 'plain' rows between unbounded preceding and unbounded following)
     order by answer_id`,
  );
  assert.deepEqual(rows, [
    ['constrained', false, true],
    ['documented', true, false],
    ['other agent', true, true],
    ['other case', true, true],
    ['other document', true, false],
    ['other need', false, true],
    ['plain', true, true],
  ]);
});

test('where nothing was asked there is no prompt', async () => {
  const rows = await ask(
    [...artifact('a', 'x', { need: ' ', documents: ['D'] })],
    'select answer_id, prompt, prompt_hash from events.answers',
  );
  assert.deepEqual(rows, [['a', null, null]]);
});

test('the score is that of the last evaluation; an answer without one has none', async () => {
  const rows = await ask(
    [
      ...artifact('a', 'x'),
      ...artifact('b', 'y'),
      scored('a', 9, { rater: 'ann' }),
      { ...scored('a', 4, { rater: 'bob' }), id: 'the last' },
    ],
    'select answer_id, score, rater, score_event from events.answers order by answer_id',
  );
  assert.deepEqual(rows, [
    ['a', 4, 'bob', 'the last'],
    ['b', null, null, null],
  ]);
});

test('a lock holds the artifact it names, else the newest answer before it; unlocked it holds none', async () => {
  const rows = await ask(
    [
      ...artifact('a1', 'x', { lineage: 'A' }),
      ...artifact('a2', 'y', { lineage: 'A' }),
      ...artifact('b1', 'x', { lineage: 'B' }),
      ...artifact('b2', 'y', { lineage: 'B' }),
      ...artifact('c1', 'x', { lineage: 'C' }),
      ...artifact('d1', 'x', { lineage: 'D' }),
      locked('A', 'a1'),
      locked('B'),
      locked('C'),
      locked('D', 'a2'),
      unlocked('C'),
      ...artifact('b3', 'z', { lineage: 'B' }),
    ],
    'select answer_id from events.answers where is_locked order by answer_id',
  );
  // D names an artifact of another lineage: that says nothing of its own.
  assert.deepEqual(rows.flat(), ['a1', 'b2']);
});

test('an attempt that failed is not what a lock without an artifact holds', async () => {
  const rows = await ask(
    [...artifact('a1', 'x'), ...attempt('a2', { error: 'boom', output: 'half' }), locked('A')],
    'select answer_id from events.answers where is_locked',
  );
  assert.deepEqual(rows.flat(), ['a1']);
});

test('spans come in order of time, one told again in its last telling', async () => {
  const [row] = await ask(
    [
      ...artifact('a', 'x'),
      span('t-a', { span_id: '1', kind: 'reasoning', output: 'hm' }),
      span('t-a', { span_id: '2', kind: 'tool_call', tool_name: 'ls', input: { path: '.' } }),
      span('t-a', { span_id: '3', parent_span_id: '2', kind: 'tool_result', output: 'b', is_error: true }),
      span('t-a', { span_id: '1', kind: 'reasoning', output: 'aha' }),
    ],
    'select spans, span_count, has_reasoning from events.answers',
  );
  const place = ['event_id', 'source_path', 'byte_offset', 'byte_end'];
  const told = JSON.parse(String(row?.[0])).map((one: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(one).filter(([key, value]) => value !== null && !place.includes(key))),
  );
  assert.deepEqual(told, [
    { span_id: '2', kind: 'tool_call', tool_name: 'ls', input: { path: '.' } },
    { span_id: '3', parent_span_id: '2', kind: 'tool_result', output: 'b', is_error: true },
    { span_id: '1', kind: 'reasoning', output: 'aha' },
  ]);
  assert.deepEqual(row?.slice(1), [3, true]);
});

test('a span that its program did not number is named by its event', async () => {
  const [row] = await ask(
    [
      ...artifact('a', 'x'),
      { ...span('t-a', { kind: 'output', output: 'b' }), id: 'told' },
      span('t-a', { span_id: 7, kind: 'tool_call' }),
      span('t-a', { span_id: 7, kind: 'tool_call' }),
      span('t-a', { parent_span_id: 7, kind: 'tool_result', output: 'c' }),
    ],
    'select spans from events.answers',
  );
  const told: Record<string, unknown>[] = JSON.parse(String(row?.[0]));
  const seen = told.map(({ event_id: event, span_id: id, parent_span_id: parent }) => [
    id === event ? 'its event' : id,
    parent,
  ]);
  assert.deepEqual(seen, [
    ['its event', null],
    ['7', null],
    ['its event', '7'],
  ]);
});

test('the family of a session is its root; an answer of no session is in no family and left out', async () => {
  const nowhere = artifact('lost', 'x').map(({ session_id: _, ...event }) => event);
  const rows = await ask(
    [...artifact('a', 'x', { session: 'child' }), ...artifact('b', 'x', { session: 'alone' }), ...nowhere],
    'select answer_id, group_id from events.answers order by answer_id',
    { 'core.session_roots': [{ day: '2026-05-01', session_id: 'child', root_session_id: 'root' }] },
  );
  assert.deepEqual(rows, [
    ['a', 'root'],
    ['b', 'alone'],
  ]);
});

test('an answer names its events and their bytes, and stands on the day it was given', async () => {
  const [started, , made] = artifact('a', 'x');
  const [row] = await ask(
    [
      { ...(started as EventSpec), at: '2026-05-01T23:00:00Z' },
      { ...(made as EventSpec), at: '2026-05-02T01:00:00Z' },
    ],
    'select source_events, sources, day from events.answers',
  );
  assert.deepEqual(row, [
    ['e-0000', 'e-0001'],
    [
      { source_path: 'spool.jsonl', byte_offset: 0n, byte_end: 100n },
      { source_path: 'spool.jsonl', byte_offset: 100n, byte_end: 200n },
    ],
    '2026-05-02',
  ]);
});
