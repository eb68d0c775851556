import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleOf } from '../pipelines/lib/datasetRules.js';
import { manifestOf, run } from './support/exported.js';
import { assistant, call, sampleSets, tool, user } from './support/sampleSets.js';
import { contractColumns, lakeOfSets, type Row } from './support/trainingSets.js';

/** Why a row of a dataset is refused: the first good sample with some columns in place of its own. */
function refusal(dataset: string, more: Row = {}): string | null {
  const row = { ...sampleSets()[dataset]?.[0], ...more };
  const rule = ruleOf(dataset, Object.entries(contractColumns[dataset] ?? {}));
  const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, row[name]]));
  return rule.refusal({ lists: pick(rule.lists) as Record<string, Row[]>, values: pick(rule.values) });
}

const ask = [user('Why?')];
const open = assistant('', { tool_calls: [call('c1', 'f', {})] });

test('every sample of every dataset holds to its rule', () => {
  for (const dataset of Object.keys(sampleSets())) assert.equal(refusal(dataset), null, dataset);
});

test('sft and chain_of_thought end with the assistant and hold something to learn', () => {
  for (const dataset of ['sft', 'chain_of_thought']) {
    const of = (messages: Row[]) => refusal(dataset, { messages });
    assert.equal(of([...ask, assistant('x'), user('y')]), 'last message is not from assistant');
    assert.equal(of([...ask, assistant('x', { train: false })]), 'no message to train on');
    assert.equal(refusal(dataset, { score: 11 }), dataset === 'sft' ? 'score is outside its scale' : null);
    assert.equal(of([...ask, open]), 'a tool call without a result');
    assert.equal(of([...ask, open, user('and?'), assistant('x')]), 'a tool call without a result');
    assert.equal(of([...ask, tool('c1', 'f', 'x'), assistant('x')]), 'a tool message answers no open call');
    assert.equal(of([...ask, assistant('x', { thinking: 'hm' })]), 'a message has a key of no trainer');
  }
});

test('a pair is one assistant message a side, after a prompt of user or tool, and its sides differ', () => {
  const of = (more: Row) => refusal('preference', more);
  assert.equal(of({ prompt: [] }), 'prompt: no messages');
  assert.equal(of({ prompt: [...ask, assistant('x')] }), 'prompt does not end with user or tool');
  assert.equal(of({ prompt: [...ask, open] }), 'prompt: a tool call without a result');
  assert.equal(of({ prompt: [...ask, open, tool('c1', 'f', 'x')] }), null);
  assert.equal(of({ chosen: [] }), 'a completion is not exactly one message');
  assert.equal(of({ rejected: [assistant('x'), assistant('y')] }), 'a completion is not exactly one message');
  assert.equal(of({ rejected: [user('x')] }), 'a completion is not from assistant');
  assert.equal(of({ rejected: [assistant(' \n')] }), 'an empty completion');
  assert.equal(of({ chosen: [open] }), null, 'calls of a completion may be open');
  assert.equal(of({ chosen: [assistant('x')], rejected: [assistant('x ')] }), 'both sides say the same');
  const twin = assistant('', { tool_calls: [call('other', 'f', {})], reasoning_content: 'hm' });
  assert.equal(of({ chosen: [open], rejected: [twin] }), 'both sides say the same');
  assert.equal(of({ margin: null }), 'margin is not a number');
  assert.equal(of({ score_chosen: 11 }), 'score is outside its scale');
  assert.equal(of({ pair_weight: 0 }), 'pair_weight is not above 0');
  assert.equal(of({ pair_source: 'guess' }), 'pair_source is not of the contract');
});

test('a reward has a score in its scale, a KTO row a label', () => {
  assert.equal(refusal('reward', { score: null }), 'score is not a number');
  assert.equal(refusal('reward', { score: 0 }), 'score is outside its scale');
  assert.equal(refusal('reward', { score: 0, score_scale: '0-1' }), null);
  assert.equal(refusal('reward', { score_scale: 'stars' }), 'score_scale is not like 1-10');
  assert.equal(refusal('reward', { completion: [assistant('')] }), 'an empty completion');
  assert.equal(refusal('unpaired', { label: null }), 'label is not true or false');
  assert.equal(refusal('unpaired', { prompt: [assistant('x')] }), 'prompt does not end with user or tool');
});

test('steps, labels and their ids are of one length, and none is empty', () => {
  const of = (more: Row) => refusal('stepwise', more);
  assert.equal(of({ labels: [true] }), 'steps, labels and step_ids are not of one length');
  assert.equal(of({ step_ids: ['a'] }), 'steps, labels and step_ids are not of one length');
  assert.equal(of({ completions: [], labels: [], step_ids: [] }), 'no steps');
  assert.equal(of({ completions: ['x', ' '] }), 'an empty step');
  assert.equal(of({ labels: [true, null] }), 'label is not true or false');
  assert.equal(of({ completions: null }), 'no list of steps');
});

test('a logged action is among its candidates, where there are any', () => {
  const of = (more: Row) => refusal('router', more);
  assert.equal(of({ logged_action: 'dance' }), 'the logged action is no candidate');
  assert.equal(of({ logged_action: 'dance', candidates: [] }), null);
  assert.equal(of({ logged_action: 'dance', candidates: null }), null);
  assert.equal(of({ logged_action: '' }), 'no logged action');
  assert.equal(of({ reward: 2 }), 'reward is outside -1 to 1');
  assert.equal(of({ reward: null }), null, 'unknown is no 0');
});

test('a dataset of another name is looked at for its messages', () => {
  const rule = ruleOf('mine', [
    ['talk', 'JSON[]'],
    ['text', 'VARCHAR'],
  ]);
  assert.deepEqual([rule.lists, rule.texts], [['talk'], ['text']]);
  assert.equal(rule.refusal({ lists: { talk: [] }, values: {} }), 'no messages');
});

test('refused rows of every dataset are counted and named, the others are written', async () => {
  const broken: Record<string, [Row, string]> = {
    preference: [{ margin: null }, 'margin is not a number'],
    reward: [{ score: 12 }, 'score is outside its scale'],
    unpaired: [{ label: null }, 'label is not true or false'],
    stepwise: [{ labels: [true] }, 'steps, labels and step_ids are not of one length'],
    router: [{ logged_action: 'dance' }, 'the logged action is no candidate'],
    qa_documents: [{ text: ' ' }, 'empty text'],
    chain_of_thought: [{ messages: ask }, 'last message is not from assistant'],
    sft: [{ tools: '{}' }, 'tools is not a JSON array'],
  };
  const samples = sampleSets();
  const sets = Object.entries(broken).map(([name, [more]]) => {
    const rows = samples[name] ?? [];
    return [name, rows.map((row, index) => (index === 0 ? { ...row, ...more } : row))] as const;
  });
  const lake = await lakeOfSets(Object.fromEntries(sets));
  const { datasets } = await manifestOf(await run(lake));
  await lake.remove();
  for (const [name, [, reason]] of Object.entries(broken)) {
    assert.deepEqual(datasets[name]?.refused, { [reason]: { rows: 1, ids: [samples[name]?.[0]?.id] } }, name);
    assert.equal(datasets[name]?.rows, (samples[name]?.length ?? 0) - 1, name);
  }
});
