import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BuildResult } from '../pipelines/build.js';
import { withLock } from '../pipelines/lib/lock.js';
import { readPlan } from '../pipelines/lib/plan.js';
import { makeLake, type TestLake } from './support/lake.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

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

async function threeDays(environment: Record<string, string> = {}): Promise<TestLake> {
  const lake = await makeLake(environment);
  await lake.sql(models);
  await lake.raw('a', ['one', 'two'], { day: '2026-01-01' });
  await lake.raw('b', ['two', 'three'], { day: '2026-01-02' });
  await lake.raw('c', ['four'], { day: '2026-01-03' });
  return lake;
}

/** How many files each layer wrote, those of zero left out. */
function built(result: BuildResult): Record<string, number> {
  const counts = Object.entries(result.layers).map(([layer, { built }]) => [layer, built] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

async function published(lake: TestLake): Promise<Record<string, string>> {
  const manifest = JSON.parse(await readFile(join(lake.config.data, 'lake', 'manifest.json'), 'utf8'));
  const tables = Object.entries(
    manifest.tables as Record<string, { files: Record<string, { file: string }> }>,
  );
  return Object.fromEntries(
    tables.flatMap(([name, { files }]) =>
      Object.entries(files).map(([day, { file }]) => [`${name} ${day}`.trim(), file] as const),
    ),
  );
}

function run(lake: TestLake, words: string[], environment: Record<string, string> = {}) {
  const env = {
    ...process.env,
    TRACEMILL_DATA: lake.config.data,
    TRACEMILL_SQL: lake.config.sql,
    ...environment,
  };
  return spawnSync(process.execPath, [cli, ...words], { env, encoding: 'utf8' });
}

test('models run in the order of what they read, and a second run writes nothing', async () => {
  const lake = await threeDays();
  const first = await lake.build();
  assert.deepEqual(first.failures, []);
  assert.deepEqual(built(first), { staging: 3, core: 7, datasets: 1 });
  // TWO stands on two days; the later one is the copy, so each word is counted once.
  assert.deepEqual(await lake.query('select word, word_days::integer as n from datasets.counts'), [
    { word: 'FOUR', n: 1 },
    { word: 'ONE', n: 1 },
    { word: 'THREE', n: 1 },
    { word: 'TWO', n: 1 },
  ]);
  assert.deepEqual(await lake.query('select day from core.copies'), [{ day: '2026-01-02' }]);
  const before = await lake.hashes();
  const { layers } = await lake.build();
  const current = Object.entries(layers).map(([layer, counts]) => [layer, counts.built, counts.current]);
  assert.deepEqual(current, [
    ['staging', 0, 3],
    ['core', 0, 7],
    ['datasets', 0, 1],
  ]);
  assert.deepEqual(await lake.hashes(), before);
  await lake.remove();
});

test('a model that has no day yet shows its new columns, though nothing is to be built', async () => {
  const lake = await threeDays();
  const header = '-- One row per line.\n-- @partition day\n-- @key line_no\n';
  await lake.sql({ 'core/none': `${header}select line_no from raw.codex order by line_no` });
  await lake.build();
  await lake.sql({ 'core/none': `${header}select line_no, line as words from raw.codex order by line_no` });
  assert.deepEqual(built(await lake.build()), {});
  assert.deepEqual(await lake.query('select words from core.none'), []);
  await lake.remove();
});

test('an edited comment rebuilds its model and nothing after it', async () => {
  const lake = await threeDays();
  await lake.build();
  const files = await published(lake);
  await lake.sql({ 'core/words': models['core/words'].replace('select', '-- said louder\nselect') });
  assert.deepEqual(built(await lake.build()), { core: 3 });
  assert.deepEqual(await published(lake), files);
  await lake.remove();
});

test('an edited model rebuilds what reads it, where its bytes changed', async () => {
  const lake = await threeDays();
  await lake.build();
  await lake.sql({
    'core/words': models['core/words'].replace('shout(word)', "replace(shout(word), 'FOUR', 'FIVE')"),
  });
  // words on three days; copies once, still the same; fresh only on the day of FOUR; counts.
  assert.deepEqual(built(await lake.build()), { core: 5, datasets: 1 });
  await lake.remove();
});

test('only the day that a new line belongs to is rebuilt', async () => {
  const lake = await threeDays();
  await lake.build();
  const before = await published(lake);
  await lake.raw('c', ['four', 'five'], { day: '2026-01-03' });
  assert.deepEqual(built(await lake.build()), { staging: 1, core: 3, datasets: 1 });
  const after = await published(lake);
  const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
  assert.deepEqual(changed, [
    'core.fresh 2026-01-03',
    'core.words 2026-01-03',
    'datasets.counts',
    'staging.words 2026-01-03',
  ]);
  await lake.remove();
});

test('a split model wakes only the days whose rows changed', async () => {
  const lake = await threeDays();
  await lake.build();
  const before = await published(lake);
  // ONE on the second day becomes a copy there; the first and third day have the copies they had.
  await lake.raw('d', ['one'], { day: '2026-01-02' });
  assert.deepEqual(built(await lake.build()), { staging: 1, core: 3 });
  const after = await published(lake);
  const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
  assert.deepEqual(changed, ['core.copies 2026-01-02', 'core.words 2026-01-02', 'staging.words 2026-01-02']);
  await lake.remove();
});

test('a day that has no input any more goes from every table', async () => {
  const lake = await threeDays();
  await lake.build();
  await lake.raw('b', [], { day: '2026-01-02' });
  await lake.build();
  assert.deepEqual(
    Object.keys(await published(lake)).filter((key) => key.includes('2026-01-02')),
    [],
  );
  assert.deepEqual(await lake.query('select count(*)::integer as n from core.copies'), [{ n: 0 }]);
  assert.deepEqual(built(await lake.build()), {});
  await lake.remove();
});

test('a model whose rows fail a promise keeps its last good file; other days go on', async () => {
  const lake = await threeDays();
  await lake.build();
  const before = await published(lake);
  await lake.raw('a', ['one', 'two', ''], { day: '2026-01-01' });
  await lake.raw('c', ['four', 'five'], { day: '2026-01-03' });
  const { failures } = await lake.build();
  const [failure, ...others] = failures;
  assert.deepEqual(others, []);
  assert.equal(failure?.model, 'core.words');
  assert.equal(failure?.day, '2026-01-01');
  assert.equal(failure?.rule, '@check length(word) > 0');
  assert.equal(failure?.rows, 1);
  assert.match(failure?.examples[0] ?? '', /^word_id=\w+3$/);
  const after = await published(lake);
  assert.equal(after['core.words 2026-01-01'], before['core.words 2026-01-01']);
  assert.equal(after['core.fresh 2026-01-01'], before['core.fresh 2026-01-01']);
  assert.notEqual(after['core.words 2026-01-03'], before['core.words 2026-01-03']);
  assert.notEqual(after['datasets.counts'], before['datasets.counts']);
  // It fails again until it is put right, and the command line says so with 65.
  const again = run(lake, ['build']);
  assert.equal(again.status, 65);
  assert.match(
    again.stderr,
    /^core\.words 2026-01-01: @check length\(word\) > 0, 1 rows \(first: word_id=\w+\); the last good files stay$/m,
  );
  await lake.raw('a', ['one', 'two', 'six'], { day: '2026-01-01' });
  assert.deepEqual((await lake.build()).failures, []);
  await lake.remove();
});

test('keys must be unique and not null, and a null verdict breaks a check', async () => {
  const lake = await makeLake();
  await lake.raw('a', ['x', 'x']);
  const model = (key: string, select: string, tag = '') =>
    `-- One row per line.\n-- @partition day\n-- @key ${key}${tag}\n${select} from raw.claude order by line_no`;
  await lake.sql({
    'core/twice': model('line', 'select line, line_no'),
    'core/nothing': model('id', 'select null::varchar as id, line_no'),
    'core/unsure': model('line_no', 'select line_no, null::integer as n', '\n-- @check n > 0'),
    'core/needed': model('line_no', 'select line_no, null::integer as n', '\n-- @not_null n'),
  });
  const { failures } = await lake.build();
  assert.deepEqual(
    failures.map(({ model, rule, rows }) => [model, rule, rows]),
    [
      ['core.needed', 'n is null', 2],
      ['core.nothing', '@key id is not unique', 1],
      ['core.nothing', 'id is null', 2],
      ['core.twice', '@key line is not unique', 1],
      ['core.unsure', '@check n > 0', 2],
    ],
  );
  // A key of words is counted and never shown: what humans wrote stays out of logs.
  assert.deepEqual(failures.find(({ model }) => model === 'core.twice')?.examples, ['']);
  await lake.remove();
});

test('a claim of a day holds that day back everywhere, a whole claim everything', async () => {
  const lake = await threeDays();
  await lake.build();
  const before = await published(lake);
  const claim = (tag: string) =>
    `-- No word is FIVE.\n${tag}select word_id, word from core.words where word = 'FIVE' order by word_id`;
  await lake.sql({ 'checks/no_word_is_five': claim('-- @partition day\n') });
  await lake.raw('a', ['one', 'two', 'six'], { day: '2026-01-01' });
  await lake.raw('c', ['four', 'five'], { day: '2026-01-03' });
  const byDay = await lake.build();
  assert.deepEqual(
    byDay.failures.map(({ model, day, rule, rows }) => [model, day, rule, rows]),
    [['checks.no_word_is_five', '2026-01-03', 'No word is FIVE.', 1]],
  );
  assert.match(byDay.failures[0]?.examples[0] ?? '', /^word_id=\w+2$/);
  const after = await published(lake);
  for (const table of ['staging.words', 'core.words', 'core.fresh']) {
    assert.equal(after[`${table} 2026-01-03`], before[`${table} 2026-01-03`]);
    assert.notEqual(after[`${table} 2026-01-01`], before[`${table} 2026-01-01`]);
  }
  await lake.sql({ 'checks/no_word_is_five': claim('') });
  await lake.raw('a', ['one', 'two', 'seven'], { day: '2026-01-01' });
  assert.equal((await lake.build()).failures[0]?.day, '');
  assert.deepEqual(await published(lake), after);
  // Once the claim holds, the days it held back come out, and it is not asked again.
  await lake.raw('c', ['four', 'eight'], { day: '2026-01-03' });
  assert.deepEqual((await lake.build()).failures, []);
  assert.deepEqual(
    await lake.query("select word from core.words where word in ('SEVEN', 'EIGHT') order by 1"),
    [{ word: 'EIGHT' }, { word: 'SEVEN' }],
  );
  assert.deepEqual(built(await lake.build()), {});
  await lake.remove();
});

test('an error while a model runs fails that day alone and quotes no row', async () => {
  const lake = await makeLake();
  await lake.raw('a', ['1'], { day: '2026-01-01' });
  await lake.raw('b', ['my secret'], { day: '2026-01-02' });
  await lake.sql({
    'core/numbers': `-- One row per line.
-- @partition day
-- @key line_no
select line_no, line::integer as number from raw.claude order by line_no`,
  });
  const { failures } = await lake.build();
  assert.equal(failures.length, 1);
  assert.match(failures[0]?.rule ?? '', /^Conversion Error/);
  assert.doesNotMatch(JSON.stringify(failures), /secret/);
  assert.deepEqual(await lake.query('select number, day from core.numbers'), [
    { number: 1, day: '2026-01-01' },
  ]);
  await lake.remove();
});

test('the plan says what is out of date and why, and 1,000 days take less than a second', async () => {
  const lake = await threeDays();
  const plan = async () =>
    (await readPlan({ config: lake.config })).map(({ model, days, reasons }) => [
      model,
      days.length,
      reasons,
    ]);
  assert.deepEqual((await plan())[0], ['staging.words', 3, { new: 3 }]);
  await lake.build();
  assert.deepEqual(await plan(), []);
  await lake.raw('c', ['five'], { day: '2026-01-03' });
  assert.deepEqual(await plan(), [
    ['staging.words', 1, { 'input raw.claude changed': 1 }],
    ['core.words', 1, { 'input staging.words changed': 1 }],
    ['core.copies', 1, { 'input core.words changed': 1 }],
    ['core.fresh', 1, { 'input core.copies changed': 1 }],
    ['datasets.counts', 1, { 'input core.fresh changed': 1 }],
  ]);
  await lake.build();
  await lake.sql({ 'macros/text': "create or replace macro shout(text) as upper(text) || '!';\n" });
  assert.deepEqual((await plan())[0], ['core.words', 3, { 'macros changed': 3 }]);
  await lake.sql({ 'macros/text': models['macros/text'], 'core/copies': `${models['core/copies']} -- here` });
  assert.deepEqual((await plan())[0], ['core.copies', 1, { 'sql changed': 1 }]);
  const said = run(lake, ['build', '--dry-run']);
  assert.match(said.stdout, /^core\.copies +whole +sql changed$/m);
  await lake.remove();
});

test('one at a time: a second build ends with 75 and names the first', async () => {
  const lake = await threeDays();
  await withLock(lake.config, 'ingest', async () => {
    const second = run(lake, ['build']);
    assert.equal(second.status, 75);
    assert.match(second.stderr, new RegExp(`ingest with pid ${process.pid} is writing the lake`));
    // Looking needs no lock.
    assert.equal(run(lake, ['build', '--dry-run']).status, 0);
  });
  await lake.remove();
});

test('two lakes of the same input hold the same bytes, however many workers made them', async () => {
  const [one, other] = [
    await threeDays({ TRACEMILL_WORKERS: '1' }),
    await threeDays({ TRACEMILL_WORKERS: '4' }),
  ];
  await one.build();
  await other.build();
  assert.deepEqual(await one.hashes(), await other.hashes());
  // A lake that came there step by step holds them too.
  await other.raw('c', ['five'], { day: '2026-01-03' });
  await other.build();
  await other.raw('c', ['four'], { day: '2026-01-03' });
  await other.build();
  assert.deepEqual(await published(one), await published(other));
  await Promise.all([one.remove(), other.remove()]);
});

test('replaced files stay a day for readers, then go', async () => {
  const lake = await threeDays();
  await lake.build({ now: new Date('2026-06-01T00:00Z') });
  const old = (await published(lake))['core.words 2026-01-03'] ?? '';
  await lake.raw('c', ['five'], { day: '2026-01-03' });
  await lake.build({ now: new Date('2026-06-02T00:00Z') });
  assert.ok((await lake.hashes())[old]);
  await lake.build({ now: new Date('2026-06-02T23:59Z') });
  assert.ok((await lake.hashes())[old]);
  await lake.build({ now: new Date('2026-06-03T00:00Z') });
  assert.equal((await lake.hashes())[old], undefined);
  assert.deepEqual(
    Object.keys(await lake.hashes(/parquet$/)).filter((file) => !/^(raw|commits)/.test(file)),
    Object.values(await published(lake)).sort(),
  );
  await lake.remove();
});

test('a kill at any point leaves a lake that the next run brings to the same bytes', async () => {
  const [calm, shaken] = [await threeDays(), await threeDays()];
  for (const lake of [calm, shaken]) {
    await lake.build({ now: new Date() });
    await lake.raw('c', ['five'], { day: '2026-01-03' });
  }
  await calm.build({ now: new Date() });
  const before = await published(shaken);
  for (const point of ['draft-renamed:1', 'draft-renamed:3', 'before-publish:1']) {
    assert.equal(run(shaken, ['build'], { TRACEMILL_CRASH_AT: point }).signal, 'SIGKILL', point);
    assert.deepEqual(await published(shaken), before, point);
  }
  assert.equal(run(shaken, ['build'], { TRACEMILL_CRASH_AT: 'published:1' }).signal, 'SIGKILL');
  assert.equal(run(shaken, ['build']).status, 0);
  assert.deepEqual(await shaken.hashes(), await calm.hashes());
  await Promise.all([calm.remove(), shaken.remove()]);
});

test('a table that no SQL makes any more is published no longer', async () => {
  const lake = await threeDays();
  await lake.build();
  await lake.sql({ 'datasets/counts': null });
  await lake.build();
  await assert.rejects(lake.query('from datasets.counts'), /does not exist/);
  await lake.remove();
});

test('--select builds what it names, and says when something before that is missing', async () => {
  const lake = await threeDays();
  await assert.rejects(lake.build({ select: 'core.words' }), {
    message: 'core.words: its input staging.words is not built; build that first or use --select +core.words',
  });
  assert.deepEqual(built(await lake.build({ select: '+core.words' })), { staging: 3, core: 3 });
  assert.deepEqual(built(await lake.build({ select: 'core.copies+' })), { core: 4, datasets: 1 });
  assert.deepEqual(built(await lake.build({ select: 'staging.,datasets.counts', full: true })), {
    staging: 3,
    datasets: 1,
  });
  await assert.rejects(lake.build({ select: 'core.word' }), /--select core\.word: no such model/);
  await lake.remove();
});

test('inputs without any file are empty relations of the right columns', async () => {
  const lake = await makeLake();
  await lake.sql({
    ...models,
    'core/mixed': `-- One row per line of either agent.
-- @partition day
-- @key source, file_key, line_no
select source, file_key, line_no, line, generation, is_current from raw.codex
union all by name
select source, file_key, line_no, line, generation, is_current from raw.claude
order by source, file_key, line_no`,
  });
  await lake.build();
  assert.deepEqual(await lake.query('select count(*)::integer as n from datasets.counts'), [{ n: 0 }]);
  await lake.raw('a', ['x'], { day: '2026-01-01' });
  await lake.build();
  assert.deepEqual(await lake.query('select source, is_current, day from core.mixed'), [
    { source: 'claude', is_current: true, day: '2026-01-01' },
  ]);
  await lake.remove();
});

test('a column added to a model reaches the days that lack its source', async () => {
  const lake = await threeDays();
  const two = (columns: string) => `-- One row per Codex line.
-- @partition day
-- @key file_key, line_no
select file_key, line_no${columns} from raw.codex order by file_key, line_no`;
  const reader = (columns: string) => `-- One row per day's Codex line.
-- @partition day
-- @key file_key, line_no
select lines.file_key, lines.line_no${columns} from staging.words
left join staging.codex as lines using (line_no) where lines.file_key is not null order by all`;
  await lake.sql({ 'staging/codex': two(''), 'core/codex': reader('') });
  await lake.raw('z', ['c'], { source: 'codex', day: '2026-01-02' });
  await lake.build();
  await lake.sql({ 'staging/codex': two(', line as extra'), 'core/codex': reader(', lines.extra') });
  assert.deepEqual((await lake.build()).failures, []);
  assert.deepEqual(await lake.query('select extra, day from core.codex'), [
    { extra: 'c', day: '2026-01-02' },
  ]);
  await lake.remove();
});

test('days whose inputs have no row share one result, and it is what the model makes of nothing', async () => {
  const lake = await threeDays();
  await lake.sql({
    'staging/codex': `-- One row per Codex line.
-- @partition day
-- @key line_no
select line_no from raw.codex union all select line_no from raw.claude where false order by line_no`,
    'core/counted': `-- One row per day.
-- @partition day
-- @key lines
select count(*) as lines from staging.codex order by lines`,
  });
  await lake.raw('z', ['c'], { source: 'codex', day: '2026-01-02' });
  await lake.build();
  assert.deepEqual(await lake.query('select day, lines::integer as n from core.counted order by day'), [
    { day: '2026-01-01', n: 0 },
    { day: '2026-01-02', n: 1 },
    { day: '2026-01-03', n: 0 },
  ]);
  const before = await published(lake);
  await lake.build({ full: true });
  assert.deepEqual(await published(lake), before);
  assert.deepEqual(built(await lake.build()), {});
  await lake.remove();
});

for (const split of ['', '-- @split day\n']) {
  const name = split === '' ? 'model' : 'split model';
  test(`a ${name} with texts larger than its share of memory is built all the same`, async () => {
    const big = await makeLake({ TRACEMILL_WORKERS: '4' });
    try {
      await big.sql({
        'core/big': `-- One row per number, with 50 MB of text.
${split}-- @key number
-- @check length(text) > 49000000
select range::integer as number, repeat('x', 50000000) || range as text, '2026-01-01' as day
from range(6) order by number`,
      });
      const { failures } = await big.build();
      assert.deepEqual(failures, []);
      assert.deepEqual(await big.query('select count(*)::integer as rows from core.big'), [{ rows: 6 }]);
    } finally {
      await big.remove();
    }
  });
}
