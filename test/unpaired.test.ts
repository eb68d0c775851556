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
} from './support/core.js';
import type { TestLake } from './support/lake.js';

const refused = (id: string, words = '') => [result(id, `no: ${words}`, 'rejected'), rejection(id, words)];
const approved = (id: string): ReturnType<typeof result> => result(id, 'User has approved your plan. Go on.');

const sessions: SessionSpec[] = [
  {
    id: 'refused',
    turns: [
      { question: 'one', steps: [said('first')] },
      { question: 'gone', end: 'interrupted', voided_by: 3, steps: [said('a')] },
      {
        question: 'two',
        end: 'rejected',
        steps: [
          call('c1', 'Read', { path: 'a' }),
          result('c1', 'A'),
          call('c2', 'Edit', { file: 'a' }),
          ...refused('c2'),
        ],
      },
    ],
  },
  {
    id: 'reason',
    turns: [
      { question: 'go', steps: [call('c1', 'Bash', {}), ...refused('c1', 'use make'), said('Then make.')] },
    ],
  },
  {
    id: 'codex refused',
    agent: 'codex',
    turns: [{ question: 'go', end: 'rejected', steps: [call('c1', 'shell', {}), ...refused('c1')] }],
  },
  {
    id: 'parallel',
    turns: [
      {
        question: 'go',
        end: 'rejected',
        steps: [
          call('c1', 'Read', { n: 1 }, { message_id: 'm1' }),
          call('c2', 'Edit', { n: 2 }, { message_id: 'm1' }),
          call('c3', 'Edit', { n: 3 }, { message_id: 'm1' }),
          result('c1', 'ok'),
          ...refused('c2'),
          ...refused('c3'),
        ],
      },
    ],
  },
  {
    id: 'machine',
    turns: [
      {
        question: 'go',
        steps: [call('c1', 'Bash', {}), result('c1', 'denied', 'machine_denied'), said('Well.')],
      },
    ],
  },
  {
    id: 'clarified',
    turns: [
      {
        question: 'go',
        steps: [
          call('c1', 'AskUserQuestion', {}),
          result('c1', 'clarify', 'rejected'),
          rejection('c1', 'what?', 'clarification'),
          said('Well.'),
        ],
      },
    ],
  },
  {
    id: 'steered',
    turns: [
      {
        question: 'go',
        end: 'rejected',
        steps: [said('Hm.'), steer('faster'), call('c1', 'Bash', {}), ...refused('c1')],
      },
    ],
  },
  {
    id: 'after a compaction',
    turns: [
      { question: 'go', end: 'rejected', steps: [compaction(), call('c1', 'Bash', {}), ...refused('c1')] },
    ],
  },
  {
    id: 'command',
    turns: [
      {
        question: '/x',
        prompt_kind: 'command',
        end: 'rejected',
        steps: [call('c1', 'Bash', {}), ...refused('c1')],
      },
    ],
  },
  {
    id: 'subagent',
    kind: 'subagent',
    turns: [
      {
        question: 'go',
        prompt_kind: 'agent',
        end: 'rejected',
        steps: [call('c1', 'Bash', {}), ...refused('c1')],
      },
    ],
  },
  {
    id: 'undone',
    agent: 'codex',
    turns: [
      {
        question: 'a',
        end: 'rolled_back',
        steps: [call('c1', 'Bash', {}), result('c1', 'ok'), said('done')],
      },
      { question: 'b', end: 'rolled_back', steps: [said('cut'), interrupt()] },
      { question: 'c', end: 'rolled_back', steps: [call('c2', 'Bash', {}), result('c2', '')] },
      { question: 'd', steps: [said('fine')] },
    ],
  },
  {
    id: 'retried',
    turns: [
      { question: 'a', voided_by: 2, steps: [said('one')] },
      { question: 'a', voided_by: 3, steps: [said('two')] },
      { question: 'b', voided_by: 4, end: 'interrupted', steps: [said('three')] },
      { question: 'c', steps: [said('four')] },
    ],
  },
  {
    id: 'plan',
    turns: [
      {
        question: 'go',
        steps: [call('c1', 'ExitPlanMode', { plan: '1. do it' }), approved('c1'), said('Done.')],
      },
    ],
  },
  {
    id: 'plan in a file',
    turns: [
      {
        question: 'go',
        steps: [call('c1', 'ExitPlanMode', { file: 'plan.md' }), approved('c1'), said('Done.')],
      },
    ],
  },
  {
    id: 'plan as answer',
    agent: 'codex',
    turns: [
      { question: 'plan it', steps: [said('# Plan\n\n1. do it')] },
      {
        question: 'PLEASE IMPLEMENT THIS PLAN:\n# Plan\n\n1. do it',
        prompt_kind: 'plan',
        steps: [said('Done.')],
      },
    ],
  },
  {
    id: 'other plan',
    agent: 'codex',
    turns: [
      { question: 'plan it', steps: [said('# Plan\n\n1. do it')] },
      { question: 'PLEASE IMPLEMENT THIS PLAN:\n# Another', prompt_kind: 'plan', steps: [said('Done.')] },
    ],
  },
];

let lake: TestLake;
before(async () => {
  lake = await lakeOf(sessions, {}, { models: judgedModels });
});
after(() => lake.remove());

type Message = { role: string; content: string; tool_calls?: { id: string }[]; train?: boolean };
type Labelled = {
  label: boolean;
  source: string;
  prompt: Message[];
  completion: Message[];
  metadata: Record<string, unknown>;
};

async function labelled(session: string): Promise<Labelled[]> {
  const rows = await lake.query(
    `select * from datasets.unpaired where session_id = '${session}' order by len(prompt), completion::varchar`,
  );
  const messages = (value: unknown) => (value as string[]).map((message) => JSON.parse(message) as Message);
  return rows.map(({ label, label_source: source, prompt, completion, metadata }) => ({
    label: label as boolean,
    source: String(source),
    prompt: messages(prompt),
    completion: messages(completion),
    metadata: JSON.parse(String(metadata)),
  }));
}

/** What a session's rows say: `false rejection: words and calls of the message`. */
async function verdicts(session: string): Promise<string[]> {
  return (await labelled(session)).map(({ label, source, completion: [message] }) => {
    const calls = message?.tool_calls?.map(({ id }) => id) ?? [];
    return `${label} ${source}: ${[message?.content, ...calls].filter(Boolean).join(' ')}`;
  });
}

test('the message of a refused call is unwanted; its prompt is what stood before it, the refusal in neither', async () => {
  const [row] = await labelled('refused');
  assert.deepEqual(await verdicts('refused'), ['false rejection: c2']);
  assert.deepEqual(
    row?.prompt.map(({ role, content }) => `${role}: ${content}`),
    ['user: one', 'assistant: first', 'user: two', 'assistant: ', 'tool: A'],
  );
  assert.deepEqual(await verdicts('codex refused'), ['false rejection: c1']);
});

test('a reason makes another source, and stands in the metadata', async () => {
  assert.deepEqual(await verdicts('reason'), ['false rejection_with_reason: c1']);
  assert.equal((await labelled('reason'))[0]?.metadata.reason, 'use make');
});

test('of parallel calls the message is judged once, whole', async () => {
  assert.deepEqual(await verdicts('parallel'), ['false rejection: c1 c2 c3']);
  const [row] = await labelled('parallel');
  assert.deepEqual(row?.metadata.step_ids, ['parallel-2', 'parallel-3']);
});

test('what a machine denied, or a person only asked about, is no label', async () => {
  assert.deepEqual(await verdicts('machine'), []);
  assert.deepEqual(await verdicts('clarified'), []);
});

test('words typed while the agent worked are in the prompt', async () => {
  const [row] = await labelled('steered');
  assert.deepEqual(
    row?.prompt.map(({ content }) => content),
    ['go', 'Hm.', 'faster'],
  );
});

test('where the prompt is not in the log whole, or nobody was asked, there is no label', async () => {
  for (const session of ['after a compaction', 'command', 'subagent'])
    assert.deepEqual(await verdicts(session), [], session);
});

test('finished answers that were undone are unwanted; those cut off or without an answer are not judged', async () => {
  assert.deepEqual(await verdicts('undone'), ['false rollback: done']);
  const [row] = await labelled('undone');
  assert.deepEqual(
    row?.prompt.map(({ role }) => role),
    ['user', 'assistant', 'tool'],
  );
  // The same words on another branch are a retry, other words a rollback.
  assert.deepEqual(await verdicts('retried'), ['false retry: one', 'false rollback: two']);
});

test('an approved plan is wanted, if its message holds it', async () => {
  assert.deepEqual(await verdicts('plan'), ['true plan_approved: c1']);
  assert.deepEqual(await verdicts('plan in a file'), []);
  assert.deepEqual(await verdicts('plan as answer'), ['true plan_approved: # Plan\n\n1. do it']);
  assert.deepEqual(await verdicts('other plan'), []);
});

test('an answer that nobody judged has no row, and no prompt says train', async () => {
  const rows = await lake.query(`select prompt::varchar as prompt from datasets.unpaired`);
  assert.equal(rows.length, 10);
  assert.ok(rows.every(({ prompt }) => !String(prompt).includes('"train"')));
});
