import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { makeLake, type TestLake } from './support/lake.js';
import { literalModel } from './support/trainingSets.js';

const sql = new URL('../../sql/', import.meta.url);
const examples = {
  dataset: 'VARCHAR',
  id: 'VARCHAR',
  split: 'VARCHAR',
  prompt_hash: 'VARCHAR',
  content_hash: 'VARCHAR',
  document_ids: 'VARCHAR[]',
};
const documents = { document_id: 'VARCHAR', near_duplicate_cluster: 'VARCHAR' };
type Row = Record<string, unknown>;

let lake: TestLake;
before(async () => {
  lake = await makeLake({ TRACEMILL_WORKERS: '1' });
  for (const name of ['duplicates/withheld', 'checks/nothing_is_trained_and_tested'])
    await lake.sql({ [name]: await readFile(new URL(`${name}.sql`, sql), 'utf8') });
});
after(() => lake.remove());

const row = (id: string, split: string, more: Row = {}): Row => ({
  dataset: 'sft',
  id,
  split,
  prompt_hash: null,
  content_hash: `content of ${id}`,
  document_ids: [`document of ${id}`],
  day: '2026-01-01',
  ...more,
});

/** Rows withheld of these examples, as `id: reason (match)`, and what checks fail. */
async function withheld(rows: Row[], clusters: Record<string, string> = {}) {
  await lake.sql({
    'datasets/training_examples': literalModel(examples, rows),
    'duplicates/near_duplicates': literalModel(
      documents,
      Object.entries(clusters).map(([id, cluster]) => ({
        document_id: `document of ${id}`,
        near_duplicate_cluster: cluster,
        day: '2026-01-01',
      })),
    ),
  });
  const { failures } = await lake.build();
  const found = await lake.query('select * from duplicates.withheld order by id');
  return {
    failures: failures.map(({ model }) => model),
    rows: found.map(({ id, reason, match_id }) => `${id}: ${reason} (${match_id})`),
  };
}

test('a row is withheld for its content, its prompt or a near duplicate, by that order; train rows never are', async () => {
  const rows = [
    row('t1', 'train', { content_hash: 'same', prompt_hash: 'asked' }),
    row('t2', 'train', { dataset: 'preference', prompt_hash: 'asked' }),
    row('t3', 'train'),
    row('v1', 'validation', { content_hash: 'same', prompt_hash: 'asked' }),
    row('v2', 'test', { prompt_hash: 'asked' }),
    row('v3', 'test'),
    row('v4', 'validation'),
    row('v5', 'test', { prompt_hash: 'other' }),
  ];
  assert.deepEqual(await withheld(rows, { t3: 'c', v3: 'c', v4: 'd', v5: 'd' }), {
    failures: [],
    rows: [
      'v1: same content as a train row (t1)',
      'v2: same prompt as a train row (t1)',
      'v3: near duplicate of a train row (t3)',
    ],
  });
});

test('rows without a prompt share none; those of validation and test may be alike', async () => {
  const rows = [
    row('t1', 'train'),
    row('v1', 'validation'),
    row('v2', 'validation', { content_hash: 'x' }),
    row('v3', 'test', { content_hash: 'x' }),
  ];
  assert.deepEqual(await withheld(rows), { failures: [], rows: [] });
});

test('a day more withholds rows, and moves none', async () => {
  const old = [row('t1', 'train'), row('v1', 'validation', { prompt_hash: 'asked' }), row('v2', 'test')];
  const splits = async () => lake.query('select id, split from datasets.training_examples order by id');
  assert.deepEqual((await withheld(old)).rows, []);
  const before = await splits();
  const added = row('t2', 'train', { day: '2026-01-02', prompt_hash: 'asked' });
  assert.deepEqual((await withheld([...old, added])).rows, ['v1: same prompt as a train row (t2)']);
  assert.deepEqual(
    (await splits()).filter(({ id }) => id !== 't2'),
    before,
  );
});

test('a model that withholds too little fails the claim', async () => {
  const whole = await readFile(new URL('duplicates/withheld.sql', sql), 'utf8');
  const marks = [{ content_hash: 'same' }, { prompt_hash: 'asked' }, {}];
  for (const [index, mark] of marks.entries()) {
    await lake.sql({
      'duplicates/withheld': whole.replace(
        /^where examples.split/m,
        `where rank <> ${index + 1} and examples.split`,
      ),
    });
    const { failures } = await withheld(
      [row('t', 'train', mark), row('v', 'test', mark)],
      index === 2 ? { t: 'c', v: 'c' } : {},
    );
    assert.deepEqual(failures, ['checks.nothing_is_trained_and_tested']);
  }
});
