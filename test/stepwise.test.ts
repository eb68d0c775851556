import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  call,
  judgedModels,
  lakeOf,
  rejection,
  result,
  type SessionSpec,
  type StepSpec,
  said,
  steer,
  thought,
} from './support/core.js';
import type { TestLake } from './support/lake.js';

const refused = (id: string, words = '') => [result(id, 'no', 'rejected'), rejection(id, words)];
/** A turn of a session whose mode asks, ended by a refusal. */
const turn = (steps: StepSpec[], more: object = {}) => ({
  question: 'go',
  end: 'rejected',
  permission_mode: 'default',
  steps,
  ...more,
});
const bash = (id: string, command = id) => call(id, 'Bash', { command });

/** A session per permission mode, refused a tool once. */
const byMode = (agent: string, modes: (string | null)[], tool: string): SessionSpec[] =>
  modes.map((mode) => ({
    id: `${agent} ${mode} ${tool}`,
    agent,
    turns: [turn([call('c1', tool, {}), ...refused('c1')], { permission_mode: mode })],
  }));
const granular = (asks: boolean) =>
  JSON.stringify({ granular: { sandbox_approval: asks, rules: false, mcp_elicitations: true } });

const sessions: SessionSpec[] = [
  {
    id: 'plain',
    turns: [
      turn([
        thought('hm'),
        said('I look.'),
        bash('c1', 'ls'),
        result('c1', 'a'),
        bash('c2', 'cat a'),
        result('c2', 'failed', 'error'),
        said('I remove it.'),
        bash('c3', 'rm a'),
        ...refused('c3'),
        bash('c4', 'rm b'),
        ...refused('c4'),
      ]),
    ],
  },
  {
    id: 'parallel',
    turns: [
      turn(
        [
          call('c1', 'Read', {}, { message_id: 'm1' }),
          bash('c2', 'rm a'),
          call('c3', 'Read', { n: 3 }, { message_id: 'm1' }),
          result('c1', ''),
          result('c3', ''),
          ...refused('c2'),
        ].map((step) => ({ ...step, message_id: step.kind === 'tool_call' ? 'm1' : null })),
      ),
    ],
  },
  {
    id: 'goes on',
    turns: [
      turn([
        bash('c1'),
        ...refused('c1', 'not so'),
        bash('c2'),
        result('c2', ''),
        bash('c3'),
        ...refused('c3'),
      ]),
    ],
  },
  {
    id: 'did not run',
    turns: [
      turn([
        bash('c1'),
        result('c1', 'denied', 'machine_denied'),
        bash('c2'),
        result('c2', 'stopped', 'interrupted'),
        call('c3', 'AskUserQuestion', {}),
        result('c3', 'clarify', 'rejected'),
        rejection('c3', '', 'clarification'),
        bash('c4'),
        ...refused('c4'),
      ]),
    ],
  },
  {
    id: 'later',
    turns: [
      { question: 'one', steps: [said('I look.'), bash('c0', 'ls'), result('c0', 'a\nb'), said('Seen.')] },
      turn([bash('c1'), ...refused('c1')]),
    ],
  },
  {
    id: 'steered',
    turns: [
      turn([
        bash('c1'),
        result('c1', 'ok'),
        steer('faster'),
        bash('c2'),
        result('c2', ''),
        bash('c3'),
        ...refused('c3'),
      ]),
    ],
  },
  {
    id: 'machine',
    turns: [turn([bash('c1'), result('c1', 'denied', 'machine_denied'), said('Well.')], { end: 'answered' })],
  },
  ...byMode(
    'claude',
    ['default', 'acceptEdits', 'plan', 'bypassPermissions', 'auto', 'dontAsk', null],
    'Bash',
  ),
  ...byMode('claude', ['default', null], 'Agent'),
  ...byMode(
    'codex',
    ['untrusted', 'on-failure', 'on-request', 'never', granular(true), granular(false), null],
    'shell',
  ),
];

let lake: TestLake;
before(async () => {
  lake = await lakeOf(sessions, {}, { models: judgedModels });
});
after(() => lake.remove());

async function rowOf(session: string) {
  const [row = {}] = await lake.query(`select * from datasets.stepwise where session_id = '${session}'`);
  const labels = (row.labels ?? []) as boolean[];
  const steps = ((row.completions ?? []) as string[]).map((step, index) => `${labels[index]} ${step}`);
  return { prompt: row.prompt, steps, ids: row.step_ids, metadata: JSON.parse(String(row.metadata ?? '{}')) };
}

test('steps up to the first refused call: those that ran are right, it is not, the rest is cut', async () => {
  const { prompt, steps, ids, metadata } = await rowOf('plain');
  assert.equal(prompt, 'go');
  assert.deepEqual(steps, [
    'true I look.\n\nBash {"command":"ls"}',
    'true Bash {"command":"cat a"}',
    'false I remove it.\n\nBash {"command":"rm a"}',
  ]);
  assert.deepEqual(ids, ['plain-3', 'plain-5', 'plain-8']);
  assert.equal(metadata.rule, 'steps before a tool call that a person refused, without a reason');
  assert.equal(metadata.permission_mode, 'default');
});

test('of parallel calls those that stand before the refused one are right', async () => {
  const { steps } = await rowOf('parallel');
  assert.deepEqual(steps, ['true Read {}', 'false Bash {"command":"rm a"}']);
});

test('a turn that goes on after a refusal with a reason gives one row', async () => {
  const { steps, metadata } = await rowOf('goes on');
  assert.deepEqual(steps, ['false Bash {"command":"c1"}']);
  assert.equal(metadata.rule, 'steps before a tool call that a person refused, with a reason');
  assert.equal(metadata.reason, 'not so');
});

test('what a machine denied, a person stopped or asked about did not run and is no step', async () => {
  assert.deepEqual((await rowOf('did not run')).steps, ['false Bash {"command":"c4"}']);
  assert.deepEqual((await rowOf('machine')).steps, []);
});

test('the prompt is the question, and where more stands before the steps all of it', async () => {
  assert.equal(
    (await rowOf('later')).prompt,
    [
      'User: one',
      'Assistant: I look.\nCall: Bash {"command":"ls"}',
      'Result of Bash: a\nb',
      'Assistant: Seen.',
      'User: go',
    ].join('\n\n'),
  );
  const steered = await rowOf('steered');
  assert.equal(
    steered.prompt,
    ['User: go', 'Call: Bash {"command":"c1"}', 'Result of Bash: ok', 'User: faster'].join('\n\n'),
  );
  assert.deepEqual(steered.steps, ['true Bash {"command":"c2"}', 'false Bash {"command":"c3"}']);
});

test('only a mode that asks lets a person pass or refuse a step', async () => {
  const rows = await lake.query(
    `select session_id from datasets.stepwise where regexp_matches(session_id, '^(claude|codex) ') order by all`,
  );
  assert.deepEqual(
    rows.map(({ session_id: session }) => session),
    [
      'claude acceptEdits Bash',
      'claude default Agent',
      'claude default Bash',
      // Not logged: the refusal of a tool that is never run unasked shows that the session asks.
      'claude null Bash',
      'claude plan Bash',
      'codex null shell',
      'codex on-failure shell',
      'codex on-request shell',
      'codex untrusted shell',
      `codex ${granular(true)} shell`,
    ],
  );
});
