import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { command as diffCommand } from '../pipelines/diff.js';
import { run } from './support/exported.js';
import type { TestLake } from './support/lake.js';
import { groups, sampleSets } from './support/sampleSets.js';
import { lakeOfSets, replaceSets } from './support/trainingSets.js';
import { verbHere } from './support/verbHere.js';

const { sft = [], stepwise = [] } = sampleSets();

async function diff(lake: TestLake, ...words: string[]) {
  const { data, sql } = lake.config;
  const { status, stdout, stderr } = await verbHere(diffCommand, words, {
    TRACEMILL_DATA: data,
    TRACEMILL_SQL: sql,
  });
  return { status, stdout, stderr };
}

/** Two exports: a row goes, one comes, one is told otherwise after its id, one breaks a rule; a filter is given. */
async function twoExports(profile: string) {
  const lake = await lakeOfSets({ sft, stepwise });
  const first = await run(lake, { profile, now: new Date('2026-06-01') });
  const [gone, changed, kept, , last] = sft;
  const more = sampleSets().sft?.[0];
  await replaceSets(lake, {
    sft: [
      { ...changed, metadata: { rule: 'told otherwise' } },
      { ...kept },
      { ...last },
      {
        ...more,
        id: 'f'.repeat(32),
        messages: [
          { role: 'user', content: 'new' },
          { role: 'assistant', content: 'x' },
        ],
      },
      { ...more, id: 'e'.repeat(32), messages: [{ role: 'user', content: 'broken' }] },
    ],
    stepwise: stepwise.slice(),
  });
  const second = await run(lake, { profile, now: new Date('2026-06-02'), filters: { agent: 'claude' } });
  return {
    lake,
    first,
    second,
    gone: String(gone?.id),
    changed: String(changed?.id),
    other: String(sft[3]?.id),
  };
}

test('rows, tokens, refusals, filters and models that differ, by dataset and split', async () => {
  const { lake, first, second, gone, changed, other } = await twoExports('trl');
  const { status, stdout } = await diff(lake, 'latest~1', 'latest', '--json');
  assert.equal(status, 0);
  const found = JSON.parse(stdout);
  assert.deepEqual([found.from, found.to, found.comparable], [first.version, second.version, true]);
  assert.deepEqual(found.datasets, {
    sft: {
      train: { added: ['f'.repeat(32)], removed: [gone, other].sort(), changed: [] },
      validation: { added: [], removed: [], changed: [changed] },
    },
  });
  assert.deepEqual(found.rows, { sft: { from: 5, to: 4 } });
  assert.deepEqual(Object.keys(found.tokens), ['sft']);
  assert.deepEqual(found.left_out, {
    sft: { 'refused: last message is not from assistant': { from: null, to: 1 } },
  });
  assert.deepEqual(found.settings, { '--agent': { from: null, to: 'claude' } });
  assert.deepEqual(Object.keys(found.models), ['sft']);
  const told = await diff(lake, String(first.version).slice(0, 8), String(second.folder));
  const summary = told.stdout.split('\n');
  assert.deepEqual(
    summary.filter((line) => !line.includes('tokens')),
    [
      `${first.version} -> ${second.version}`,
      'Rows',
      '  sft train: 1 added, 2 removed',
      '  sft validation: 1 changed',
      'Totals',
      'Left out',
      '  sft refused: last message is not from assistant: 0 -> 1',
      'Settings',
      '  --agent: none -> claude',
      'Models that changed',
      '  sft: what it built, its SQL',
      '',
    ],
  );
  await lake.remove();
});

test('lines without ids are compared by their text, rows of verl by the id inside', async () => {
  const { lake } = await twoExports('openai');
  const { sft: splits } = JSON.parse((await diff(lake, '--json')).stdout).datasets;
  // A line of OpenAI holds no metadata: the row that is told otherwise is the same line.
  assert.deepEqual(Object.keys(splits), ['train']);
  assert.deepEqual([splits.train.added.length, splits.train.removed.length], [1, 2]);
  await lake.remove();
  const { router = [] } = sampleSets();
  const other = await lakeOfSets({ router });
  await run(other, { profile: 'verl' });
  await replaceSets(other, { router: router.filter(({ group_id: group }) => group !== groups[0]) });
  await run(other, { profile: 'verl', now: new Date('2026-06-02') });
  const found = JSON.parse((await diff(other, '--json')).stdout).datasets;
  assert.deepEqual(found, { router: { train: { added: [], removed: [router[0]?.id], changed: [] } } });
  await other.remove();
});

test('an export against itself, a shape against another, and names that say too little', async () => {
  const lake = await lakeOfSets({ sft });
  const { version } = await run(lake);
  await run(lake, { profile: 'wire', now: new Date('2026-06-02') });
  assert.equal((await diff(lake, 'latest', 'latest')).stdout.split(': ')[1], 'no difference\n');
  const shapes = (await diff(lake)).stdout;
  assert.match(shapes, /profile: trl -> wire/);
  assert.match(shapes, /The shapes differ: rows are compared by id alone/);
  const refused = async (...words: string[]) => {
    const { status, stderr } = await diff(lake, ...words);
    return [status, stderr.trim()];
  };
  const way = 'use a version, its beginning, `latest`, `latest~1` or a folder';
  const out = join(lake.config.data, 'exports');
  assert.deepEqual(await refused('latest~2'), [
    2,
    `latest~2: there are not so many exports in ${out}; ${way}`,
  ]);
  assert.deepEqual(await refused('nowhere'), [
    2,
    `nowhere: no export in ${out} begins so, and it is no folder of one; ${way}`,
  ]);
  assert.equal((await refused(String(version), ''))[0], 2);
  await lake.remove();
});
