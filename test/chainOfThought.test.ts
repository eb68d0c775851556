import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  call,
  judgedModels,
  lakeOf,
  result,
  type SessionSpec,
  said,
  steer,
  thought,
} from './support/core.js';
import type { TestLake } from './support/lake.js';

const sessions: SessionSpec[] = [
  {
    id: 'thinks',
    turns: [
      { question: 'one', steps: [said('first')] },
      {
        question: 'two',
        steps: [
          thought('hm'),
          call('c1', 'Bash', { n: 1 }),
          result('c1', 'no', 'error'),
          steer('again'),
          call('c2', 'Bash', { n: 2 }),
          said('second'),
        ],
      },
      { question: 'three', end: 'open', steps: [thought('later')] },
    ],
  },
  { id: 'silent', turns: [{ question: 'one', steps: [thought(''), said('first')] }] },
  {
    id: 'thinks too late',
    turns: [
      { question: 'one', steps: [said('first')] },
      { question: 'two', end: 'interrupted', steps: [thought('hm'), said('begun')] },
    ],
  },
];

let lake: TestLake;
before(async () => {
  lake = await lakeOf(sessions, {}, { models: judgedModels });
});
after(() => lake.remove());

test('a conversation with reasoning that can be read, as sft has it, and none without', async () => {
  const rows = await lake.query('select session_id, messages, num_tool_calls from datasets.chain_of_thought');
  const sft = await lake.query(`select messages from datasets.sft where session_id = 'thinks'`);
  assert.deepEqual(rows, [{ session_id: 'thinks', messages: sft[0]?.messages, num_tool_calls: 1 }]);
});

test('spans are a tree of turns, their steps and what came back, with what is known of each', async () => {
  const [row = {}] = await lake.query('select spans from datasets.chain_of_thought');
  assert.deepEqual(JSON.parse(String(row.spans)), [
    { id: 'thinks-1', kind: 'turn', duration_ms: 1000, children: [{ id: 'thinks-1', kind: 'output' }] },
    {
      id: 'thinks-2',
      kind: 'turn',
      duration_ms: 1000,
      children: [
        { id: 'thinks-3', kind: 'reasoning' },
        {
          id: 'thinks-4',
          kind: 'tool_call',
          tool_name: 'Bash',
          duration_ms: 50,
          children: [{ id: 'thinks-5', kind: 'tool_result', tool_name: 'Bash', is_error: true }],
        },
        { id: 'thinks-6', kind: 'steer' },
        { id: 'thinks-8', kind: 'output' },
      ],
    },
  ]);
});
