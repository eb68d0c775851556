import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { rowKeys } from '../pipelines/lib/queryFailure.js';
import { artifact, decision, override, scored } from './support/recordedEvents.js';
import { type OtherRows, openWorlds } from './support/recordedWorld.js';

const worlds = await openWorlds();
after(() => worlds.close());

const events = [
  ...artifact('a', 'good'),
  ...artifact('b', 'bad', { lineage: 'B' }),
  scored('a', 9),
  scored('b', 2),
  decision('d', 'lint'),
  override('d', 'lint', 'test'),
];

/** A row of a dataset of logs, over the world's events. */
function example(more: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) {
  const named = { input: 'e-0000', output: 'e-0001' };
  return {
    day: '2026-05-01',
    id: 'example',
    group_id: 's',
    // split_of('s')
    split: 'train',
    session_id: 's',
    harness: 'codex',
    content_hash: 'c',
    source_events: Object.values(named),
    metadata: { events: named, documents: ['doc'], ...metadata },
    ...more,
  };
}

/** The models and claims that a world breaks, with what they broke on. */
async function broken(rows: OtherRows, edits: Parameters<typeof openWorlds>[0] = {}): Promise<string[]> {
  const own = await openWorlds(edits);
  try {
    const { failures } = await own.world(events, rows);
    return failures.map(({ model, examples }) => `${model}: ${examples.join('; ')}`);
  } finally {
    own.close();
  }
}

test('each row of each dataset is an example, with the payload hashes of its events', async () => {
  const rows: OtherRows = {
    'datasets.sft': [example({ id: '1' }, { prompt_hash: 'p' })],
    'datasets.unpaired': [example({ id: '2', label_source: 'retry' })],
    'datasets.stepwise': [example({ id: '3' })],
    'datasets.chain_of_thought': [example({ id: '4' })],
    'datasets.qa_documents': [example({ id: '5', question_hash: 'q' })],
  };
  const world = await worlds.world(events, rows);
  assert.deepEqual(world.failures, []);
  const found = await world.query(
    `with first_events as (select payload_hash, min(event_id) as event_id from events.recorded_events group by all),
       payloads as (select map_from_entries(list((payload_hash, event_id))) as events from first_events)
     select example_type, events[input_hash] as input, events[output_hash] as output, events[chosen_hash] as chosen,
       events[rejected_hash] as rejected, score, score_delta, prompt_hash is not null as has_prompt, len(document_ids)::integer as documents
     from datasets.training_examples, payloads order by dataset, example_type, score`,
  );
  assert.deepEqual(
    found.map((row) => Object.values(row)),
    [
      ['chain_of_thought', 'e-0000', 'e-0001', null, null, null, null, false, 1],
      ['preference/override', 'e-0008', null, 'e-0009', 'e-0008', null, null, true, 0],
      ['preference/scores', 'e-0000', null, 'e-0002', 'e-0005', null, 7, true, 2],
      ['qa_documents', 'e-0000', 'e-0001', null, null, null, null, true, 1],
      ['reward', 'e-0000', 'e-0005', null, null, 2, null, true, 1],
      ['reward', 'e-0000', 'e-0002', null, null, 9, null, true, 1],
      ['router', 'e-0008', null, null, null, null, null, true, 0],
      ['sft', 'e-0000', 'e-0001', null, null, null, null, true, 1],
      ['stepwise', 'e-0000', 'e-0001', null, null, null, null, false, 1],
      ['unpaired/retry', 'e-0000', 'e-0001', null, null, null, null, false, 1],
    ],
  );
});

test('a row that stands on two days is one example, of the older day', async () => {
  const sft = ['2026-05-02', '2026-05-01', '2026-05-03'].map((day) => example({ day }));
  const world = await worlds.world(events, { 'datasets.sft': sft });
  const rows = await world.query(`select day from datasets.training_examples where dataset = 'sft'`);
  assert.deepEqual(rows, [{ day: '2026-05-01' }]);
});

test('an example whose event is not there, or that names none, breaks a claim', async () => {
  const lost = example(
    { id: 'lost', source_events: ['e-0000', 'gone'] },
    { events: { input: 'e-0000', output: 'gone' } },
  );
  assert.deepEqual(await broken({ 'datasets.sft': [lost] }), [
    `checks.examples_are_kept: ${rowKeys({ id: 'lost', hash: null })}`,
    `checks.source_events_exist: ${rowKeys({ id: 'lost', event_id: 'gone' })}`,
  ]);
  const silent = example({ id: 'silent', source_events: [] });
  assert.deepEqual(await broken({ 'datasets.stepwise': [silent] }), [
    `checks.source_events_exist: ${rowKeys({ id: 'silent', event_id: null })}`,
  ]);
});

test('a payload that is kept nowhere breaks a claim', async () => {
  const found = await broken(
    { 'datasets.sft': [example({ id: 'kept' })] },
    {
      'datasets/training_examples': (sql) =>
        sql.replace('outputs.payload_hash as output_hash', `outputs.payload_hash || 'x' as output_hash`),
    },
  );
  assert.equal(found.length, 1);
  assert.match(String(found[0]), /^checks\.examples_are_kept: id=/);
});

test('a family, or a session, on two sides breaks a claim', async () => {
  const sft = [example({ id: '1' }), example({ id: '2', split: 'test' })];
  assert.deepEqual(await broken({ 'datasets.sft': sft }), [
    `datasets.training_examples: ${rowKeys({ id: '2' })}`,
    `checks.families_stand_on_one_side: ${rowKeys({ family_id: 's' })}; ${rowKeys({ family_id: 's' })}`,
  ]);
});

test('a score that no evaluation among its source events gave breaks a claim', async () => {
  const rated = (id: string, score: number, event: string) =>
    example({ id, score, source_events: ['e-0000', 'e-0001', event] });
  assert.deepEqual(await broken({ 'datasets.sft': [rated('given', 9, 'e-0006')] }), []);
  assert.deepEqual(await broken({ 'datasets.sft': [rated('not given', 8, 'e-0006')] }), [
    `checks.scores_are_given: ${rowKeys({ id: 'not given' })}`,
  ]);
  assert.deepEqual(await broken({ 'datasets.sft': [rated('of another', 9, 'e-0007')] }), [
    `checks.scores_are_given: ${rowKeys({ id: 'of another' })}`,
  ]);
  const raised = await broken(
    {},
    { 'datasets/reward': (sql) => sql.replace('given_score as score', 'given_score + 0.5 as score') },
  );
  assert.equal(raised.length, 1);
  assert.match(String(raised[0]), /^checks\.scores_are_given: /);
});

test('a pair of two prompts, of two contexts or of equal sides breaks a claim', async () => {
  const pair = artifact('c', 'worse', { lineage: 'C', need: 'Read' });
  const other = artifact('d', 'GOOD', { lineage: 'D', documents: ['D'] });
  const edits = {
    // Every rule that keeps answers apart is off.
    'events/answer_orders': (sql: string) =>
      sql
        .replaceAll('session_id, prompt_hash, context_hash, prompt_text_hash', 'session_id')
        .replaceAll('better.output_hash <> worse.output_hash', 'true')
        .replaceAll('session_id, cycle, prompt_hash, context_hash, prompt_text_hash', 'session_id'),
    'events/answer_pairs': (sql: string) =>
      sql.replace('normal_text(chosen) <> normal_text(rejected)', 'true'),
    'datasets/preference': (sql: string) => sql.replace(/^-- @check normal_text.*$/m, ''),
  };
  const own = await openWorlds(edits);
  try {
    const { failures } = await own.world([
      ...artifact('a', 'good'),
      ...pair,
      ...other,
      ...[scored('a', 9), scored('c', 2), scored('d', 3)],
    ]);
    assert.deepEqual(
      failures.map(({ model, rows }) => [model, rows]),
      [['checks.pairs_share_their_prompt', 2]],
    );
  } finally {
    own.close();
  }
});
