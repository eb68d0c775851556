import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type AnswerSpec, judgedModels, lakeOf } from './support/core.js';
import type { TestLake } from './support/lake.js';

type Span = { span_id: string; kind: string } & Record<string, unknown>;
const span = (id: string, kind: string, more: object = {}): Span => ({
  span_id: id,
  kind,
  event_id: `event of ${id}`,
  source_path: 'spool.jsonl',
  byte_offset: 200,
  byte_end: 300,
  ...more,
});
const called = (id: string, input: unknown, more: object = {}) =>
  span(id, 'tool_call', { tool_name: 'web.search', input, ...more });
const gave = (id: string, output: unknown, more: object = {}) =>
  span(`${id}-result`, 'tool_result', { parent_span_id: id, output, ...more });

const good = { score: 9, score_event: 'the score' };
const answers: AnswerSpec[] = [
  { answer_id: 'good', ...good },
  { answer_id: 'fair', score: 7, score_event: 'x' },
  { answer_id: 'bad', score: 3, score_event: 'x' },
  { answer_id: 'unscored' },
  { answer_id: 'locked', is_locked: true, lock_event: 'the lock' },
  { answer_id: 'locked and bad', is_locked: true, lock_event: 'x', score: 1, score_event: 'y' },
  { answer_id: 'good failure', ...good, status: 'failed', output: 'Half a line.' },
  { answer_id: 'no prompt', ...good, prompt: null },
  { answer_id: 'no output', ...good, output: null },
  {
    answer_id: 'with tools',
    ...good,
    spans: [
      span('m1', 'llm_call'),
      span('r1', 'reasoning', { parent_span_id: 'm1', output: 'search first' }),
      called('t1', { q: 'a' }, { parent_span_id: 'm1', duration_ms: 40 }),
      called('t2', 'raw words', { parent_span_id: 'm1' }),
      gave('t2', { hits: 0 }, { is_error: true }),
      gave('t1', 'A'),
      called('t3', { q: 'b' }, { output: 'B' }),
      called('t4', { q: 'never answered' }),
      span('r2', 'reasoning', { output: 'that will do' }),
    ],
  },
  {
    answer_id: 'failed',
    status: 'failed',
    output: null,
    spans: [
      span('s0', 'llm_call', { output: { stop_reason: 'tool_use' } }),
      span('s1', 'reasoning', { output: 'look' }),
      called('s2', { q: 'a' }),
      gave('s2', 'A'),
      called('s3', { q: 'b' }),
      gave('s3', 'boom', { is_error: true }),
      span('s4', 'output', { output: 'sorry' }),
    ],
  },
  {
    answer_id: 'failed in silence',
    status: 'failed',
    output: null,
    spans: [span('s1', 'reasoning', { output: 'look' })],
  },
  {
    answer_id: 'failed without words',
    status: 'failed',
    output: null,
    spans: [span('s1', 'reasoning', { output: 'look' }), span('s2', 'llm_call', { is_error: true })],
  },
];

let lake: TestLake;
before(async () => {
  const unlike = answers.map((answer) => ({ prompt: `Write ${answer.answer_id}.`, ...answer }));
  lake = await lakeOf([], {}, { models: judgedModels, answers: unlike });
});
after(() => lake.remove());

async function named(dataset: string, columns = 'null as told'): Promise<[string, unknown][]> {
  const rows = await lake.query(
    `select ${columns}, replace(metadata->>'$.attempt_id', 'attempt of ', '') as answer from datasets.${dataset} order by answer`,
  );
  return rows.map(({ answer, told }) => [String(answer), told]);
}

test('sft takes scores of 8 or more, of completed attempts, with prompt and answer', async () => {
  assert.deepEqual(await named('sft', `score || ' ' || outcome as told`), [
    ['good', '9.0 scored'],
    ['with tools', '9.0 scored'],
  ]);
  const [row = {}] = await lake.query(
    `select * from datasets.sft where metadata->>'$.attempt_id' = 'attempt of good'`,
  );
  assert.deepEqual(row.messages, [
    '{"role":"user","content":"Write good."}',
    '{"role":"assistant","content":"A line."}',
  ]);
  assert.deepEqual(row.source_events, ['start of good', 'end of good', 'the score']);
  assert.equal(row.harness, 'writer');
  assert.equal(row.tools, null);
});

test('tool calls that were answered come before the answer, reasoning with what follows it', async () => {
  const [row = {}] = await lake.query(
    `select * from datasets.sft where metadata->>'$.attempt_id' = 'attempt of with tools'`,
  );
  const calling = (id: string, args: object) => ({
    id,
    type: 'function',
    function: { name: 'web_search', arguments: args },
  });
  const tool = (id: string, content: string) => ({
    role: 'tool',
    content,
    tool_call_id: id,
    name: 'web_search',
  });
  assert.deepEqual(
    (row.messages as string[]).map((message) => JSON.parse(message)),
    [
      { role: 'user', content: 'Write with tools.' },
      {
        role: 'assistant',
        content: '',
        reasoning_content: 'search first',
        tool_calls: [calling('t1', { q: 'a' }), calling('t2', { input: 'raw words' })],
      },
      tool('t1', 'A'),
      tool('t2', '{"hits":0}'),
      { role: 'assistant', content: '', tool_calls: [calling('t3', { q: 'b' })] },
      tool('t3', 'B'),
      { role: 'assistant', content: 'A line.', reasoning_content: 'that will do' },
    ],
  );
  assert.equal(row.num_assistant_turns, 3);
  assert.equal(row.num_tool_calls, 3);
  assert.match(String(row.tools), /"properties":\{"input":\{"type":"string"\},"q":\{"type":"string"\}\}/);
  assert.equal(JSON.parse(String(row.metadata)).sources.length, 1 + 7);
});

test('spans hang under their parents', async () => {
  assert.deepEqual(await named('chain_of_thought'), [['with tools', null]]);
  const [row = {}] = await lake.query('select spans from datasets.chain_of_thought');
  const tool = (id: string, children?: object[], more: object = {}) => ({
    id,
    kind: 'tool_call',
    tool_name: 'web.search',
    ...more,
    ...(children === undefined ? {} : { children }),
  });
  assert.deepEqual(JSON.parse(String(row.spans)), [
    {
      id: 'm1',
      kind: 'llm_call',
      children: [
        { id: 'r1', kind: 'reasoning' },
        tool('t1', [{ id: 't1-result', kind: 'tool_result' }], { duration_ms: 40 }),
        tool('t2', [{ id: 't2-result', kind: 'tool_result', is_error: true }]),
      ],
    },
    tool('t3'),
    tool('t4'),
    { id: 'r2', kind: 'reasoning' },
  ]);
});

test('unpaired takes what people scored high or low, or locked; a score before a lock', async () => {
  assert.deepEqual(await named('unpaired', `label || ' ' || label_source as told`), [
    ['bad', 'false score'],
    ['good', 'true score'],
    ['good failure', 'true score'],
    ['locked', 'true lock'],
    ['locked and bad', 'false score'],
    ['with tools', 'true score'],
  ]);
  const [row = {}] = await lake.query(`select * from datasets.unpaired where label_source = 'lock'`);
  assert.deepEqual(row.prompt, ['{"role":"user","content":"Write locked."}']);
  assert.deepEqual(row.completion, ['{"role":"assistant","content":"A line."}']);
  assert.deepEqual(row.source_events, ['start of locked', 'end of locked', 'the lock']);
});

test('stepwise takes the spans of a failed attempt up to the first that failed', async () => {
  assert.deepEqual(await named('stepwise'), [['failed', null]]);
  const [row = {}] = await lake.query('select * from datasets.stepwise');
  assert.equal(row.prompt, 'Write failed.');
  assert.deepEqual(row.completions, ['look', 'web_search {"q":"a"}', 'web_search {"q":"b"}']);
  assert.deepEqual(row.labels, [true, true, false]);
  assert.deepEqual(row.step_ids, ['s1', 's2', 's3']);
  assert.deepEqual((row.source_events as string[]).slice(2), ['event of s1', 'event of s2', 'event of s3']);
});
