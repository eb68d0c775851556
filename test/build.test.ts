import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLake, type TestLake } from './support/lake.js';

/** Two layers by day, one whole model split by day, and one day model that reads it. */
const models = {
  'macros/text': 'create or replace macro shout(text) as upper(text);\n',
  'staging/words': `-- One row per raw line.
-- @partition day
-- @key file_key, line_no
select file_key, line_no, line as word, from raw.claude order by file_key, line_no`,
  'core/words': `-- One row per word, loud.
-- @partition day
-- @key word_id
-- @check length(word) > 0
select file_key || line_no as word_id, shout(word) as word, from staging.words order by word_id`,
  'core/copies': `-- One row per word that an older day has too.
-- @split day
-- @key word_id
select word_id, day, from core.words
qualify row_number() over (partition by word order by day, word_id) > 1 order by word_id`,
  'core/fresh': `-- One row per word not seen before.
-- @partition day
-- @key word_id
select word_id, word, from core.words anti join core.copies using (word_id) order by word_id`,
  'datasets/counts': `-- One row per word.
-- @key word
-- @column word      The word.
-- @column word_days How many days have it.
select word, count(distinct day) as word_days, from core.fresh group by word order by word`,
};

async function threeDays(): Promise<TestLake> {
  const lake = await makeLake();
  await lake.sql(models);
  await lake.raw('a', ['one', 'two'], { day: '2026-01-01' });
  await lake.raw('b', ['two', 'three'], { day: '2026-01-02' });
  await lake.raw('c', ['four'], { day: '2026-01-03' });
  return lake;
}

test('models run in the order of what they read, and a second run does nothing', async () => {
  const lake = await threeDays();
  const first = await lake.build();
  assert.deepEqual(first.failures, []);
  assert.deepEqual(await lake.query('select * from datasets.counts order by word'), [
    { word: 'FOUR', word_days: 1n },
    { word: 'ONE', word_days: 1n },
    { word: 'THREE', word_days: 1n },
    { word: 'TWO', word_days: 1n },
  ]);
  assert.deepEqual(await lake.query('select day, word_id is not null as found from core.copies'), [
    { day: '2026-01-02', found: true },
  ]);
  const before = await lake.hashes();
  const second = await lake.build();
  assert.equal(second.layers['core']?.built, 0);
  assert.deepEqual(await lake.hashes(), before);
  await lake.remove();
});
