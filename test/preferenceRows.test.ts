import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { artifact, compared, decision, outcome, override, scored } from './support/recordedEvents.js';
import { openWorlds } from './support/recordedWorld.js';

const worlds = await openWorlds();
const { ask } = worlds;
after(() => worlds.close());

test('a row has one message a side, no score that nobody gave, and what it comes from', async () => {
  const documents = ['D'];
  const [row] = await ask(
    [
      ...artifact('a', 'good', { documents, agent: 'poet', model: 'model-p', lineage: 'A' }),
      ...artifact('b', { not: 'text' }, { documents, lineage: 'B' }),
      { ...scored('a', 8), id: 'score' },
      { ...compared('a', 'b'), id: 'comparison' },
    ],
    `select prompt::varchar[], chosen::varchar[], rejected::varchar[], tools, margin, score_chosen, score_rejected, score_delta,
       harness, teacher_model, session_id, project, source_events, metadata::varchar
     from datasets.preference`,
  );
  const metadata = JSON.parse(String(row?.pop()));
  assert.deepEqual(row, [
    ['{"role":"user","content":"Write\\n\\nContext documents:\\n\\nD"}'],
    ['{"role":"assistant","content":"good"}'],
    ['{"role":"assistant","content":"{\\"not\\":\\"text\\"}"}'],
    ...[null, 0, 8, null, null],
    ...['poet', 'model-p', 's', null],
    ['comparison', 'e-0000', 'e-0002', 'e-0003', 'e-0005', 'score'],
  ]);
  assert.deepEqual(metadata.events, { input: 'e-0000', chosen: 'e-0002', rejected: 'e-0005' });
  assert.deepEqual(metadata.attempt_ids, ['t-a', 't-b']);
  assert.deepEqual(metadata.sources[1], { source_path: 'spool.jsonl', byte_offset: 200, byte_end: 300 });
  assert.equal(metadata.documents.length, 2);
});

test('override: the task a person took over the one the router chose, where they differ', async () => {
  const rows = await ask(
    [
      decision('fix', 'lint', { project_path: '/home/ann/site' }),
      decision('same', 'lint'),
      decision('told', 'lint'),
      decision('kept', 'lint'),
      decision('silent', 'lint', { user_intent: ' ' }),
      ...[
        override('fix', 'lint', 'test'),
        override('same', 'lint', ' Lint'),
        override('silent', 'lint', 'test'),
      ],
      ...[outcome('told', 'failure', { manual_override_task: 'build' }), outcome('kept', 'success')],
    ],
    `select prompt[1]::varchar, chosen[1] ->> '$.content', rejected[1] ->> '$.content', pair_source, margin, pair_weight,
       score_delta, project, metadata ->> '$.events.chosen'
     from datasets.preference order by 1`,
  );
  assert.deepEqual(rows, [
    ['{"role":"user","content":"please fix"}', 'test', 'lint', 'override', 0, 1, null, '~/site', 'e-0005'],
    ['{"role":"user","content":"please told"}', 'build', 'lint', 'override', 0, 1, null, null, 'e-0008'],
  ]);
});

test('pairs stand on the day of the chosen answer, in the split of its family', async () => {
  const rows = await ask(
    [
      ...artifact('a', 'late', { at: '2026-05-03T10:00:00Z' }),
      ...artifact('b', 'early', { at: '2026-05-01T10:00:00Z' }),
      { ...scored('a', 9), at: '2026-05-09T10:00:00Z' },
      { ...scored('b', 1), at: '2026-05-08T10:00:00Z' },
    ],
    'select day, group_id, split = split_of(group_id) from datasets.preference',
    { 'core.session_roots': [{ day: '2026-04-01', session_id: 's', root_session_id: 'root' }] },
  );
  assert.deepEqual(rows, [['2026-05-03', 'root', true]]);
});

test('pairs of session logs come as they are, without scores', async () => {
  const twin = {
    day: '2026-05-01',
    twin_id: 'twin',
    chosen_turn_id: 't2',
    rejected_turn_id: 't1',
    session_id: 'log',
    group_id: 'root',
    agent: 'claude',
    project_path: '~/site',
    model: 'model-l',
    prompt: [{ role: 'user', content: 'Why?' }],
    chosen: { role: 'assistant', content: 'Because.' },
    rejected: { role: 'assistant', content: 'So.' },
    pair_source: 'rollback',
    prompt_hash: 'p',
    chosen_hash: 'c',
    rejected_hash: 'r',
    pair_weight: 0.5,
    created_at: '2026-05-01 10:00:00',
    source_events: ['e-0000', 'e-0002'],
    metadata: { rule: 'r', events: { input: 'e-0000', chosen: 'e-0002', rejected: 'e-0001' } },
  };
  const rows = await ask(
    artifact('a', 'x'),
    `select prompt::varchar[], chosen::varchar[], rejected::varchar[], margin, score_delta, pair_weight, pair_source,
       group_id, harness, teacher_model, project, metadata ->> '$.rule'
     from datasets.preference`,
    { 'core.answer_twins': [twin] },
  );
  assert.deepEqual(rows, [
    [
      ['{"role":"user","content":"Why?"}'],
      ['{"role":"assistant","content":"Because."}'],
      ['{"role":"assistant","content":"So."}'],
      ...[0, null, 0.5, 'rollback', 'root', 'claude-code', 'model-l', '~/site', 'r'],
    ],
  ]);
});
