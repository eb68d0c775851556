import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ExportOptions } from '../pipelines/export.js';
import { describeExport } from '../pipelines/lib/exportSummary.js';
import { readFilters } from '../pipelines/lib/filters.js';
import { manifestOf, rowsOf, run } from './support/exported.js';
import type { TestLake } from './support/lake.js';
import { groups, sampleSets } from './support/sampleSets.js';
import { lakeOfSets, literalModel, type Row } from './support/trainingSets.js';

const sets = sampleSets();
const idsOf = (name: string) => (sets[name] ?? []).map(({ id }) => String(id));
const eventsOf = (name: string, index: number) => ((sets[name]?.[index]?.source_events ?? []) as string[])[0];

const training: Row[] = Object.values(sets)
  .flatMap((rows) => rows.flatMap((row) => row.source_events as string[]))
  .map((id, index) => ({
    id,
    occurred_at: `2026-01-${String(1 + (index % 28)).padStart(2, '0')}T08:00:00.000`,
    event_type: id === eventsOf('sft', 0) ? 'artifact.scored' : 'attempt.completed',
    tags: id === eventsOf('reward', 2) ? ['high_score', 'tool_use'] : ['tool_use'],
  }));

/** Of preference: a validation row and a train row are found too like a train row; only the first may be withheld. */
const withheld: Row[] = [1, 3].map((index) => ({
  dataset: 'preference',
  id: idsOf('preference')[index],
  split: index === 1 ? 'validation' : 'train',
  reason: 'near duplicate of a train row',
  match_id: idsOf('preference')[0],
}));

const others = {
  'events/training_events': literalModel(
    { id: 'VARCHAR', occurred_at: 'TIMESTAMP', event_type: 'VARCHAR', tags: 'VARCHAR[]' },
    training,
  ),
  'duplicates/withheld': literalModel(
    { dataset: 'VARCHAR', id: 'VARCHAR', split: 'VARCHAR', reason: 'VARCHAR', match_id: 'VARCHAR' },
    withheld,
  ),
};

let lake: TestLake;
before(async () => {
  lake = await lakeOfSets(sets, others);
});
after(() => lake.remove());

/** Rows of each dataset, or of these, that an export with these filters holds. */
async function counts(
  filters: ExportOptions['filters'],
  names: string[] | null = null,
): Promise<Record<string, number>> {
  const { datasets } = await run(lake, { filters, datasets: names });
  return Object.fromEntries(Object.entries(datasets).map(([name, { rows }]) => [name, rows]));
}

const all = {
  chain_of_thought: 5,
  preference: 4,
  qa_documents: 5,
  reward: 5,
  router: 5,
  sft: 5,
  stepwise: 5,
  unpaired: 5,
};

test('score limits take scored rows of the sets that have a score, and leave the others whole', async () => {
  assert.deepEqual(await counts({}), all);
  assert.deepEqual(await counts({ 'min-score': '5' }), { ...all, sft: 1, reward: 3 });
  const between = { 'min-score': '3', 'max-score': '7' };
  assert.deepEqual(await counts(between, ['sft', 'reward']), { sft: 0, reward: 3 });
});

test('a limit on the score delta keeps pairs that have none; a limit on lengths is for pairs alone', async () => {
  assert.deepEqual(await counts({ 'min-score-delta': '3' }), all);
  assert.deepEqual(await counts({ 'min-score-delta': '3.5' }, ['preference']), { preference: 1 });
  // One pair is a short call over a short text, in one the rejected side is somewhat longer.
  assert.deepEqual(await counts({ 'length-ratio': '2' }), { ...all, preference: 2 });
  assert.deepEqual(await counts({ 'length-ratio': '10' }, ['preference']), { preference: 4 });
});

test('a filter without its column is named in the manifest of the dataset', async () => {
  const { datasets } = await manifestOf(await run(lake, { filters: { 'min-score': '5', agent: 'claude' } }));
  assert.deepEqual(datasets.preference?.unfiltered, ['min-score']);
  assert.deepEqual(datasets.reward?.unfiltered, []);
});

test('tag and event type take the rows that come from such an event', async () => {
  const none = Object.fromEntries(Object.keys(all).map((name) => [name, 0]));
  assert.deepEqual(await counts({ tag: 'high_score' }), { ...none, reward: 1 });
  assert.deepEqual(await counts({ 'event-type': 'artifact.scored' }, ['sft', 'reward']), {
    sft: 1,
    reward: 0,
  });
  assert.deepEqual(await counts({ tag: 'high_score', 'event-type': 'artifact.scored' }, ['sft', 'reward']), {
    sft: 0,
    reward: 0,
  });
  assert.deepEqual(await counts({ tag: 'tool_use' }), all);
});

test('without events a tag is refused, and the error says what to build', async () => {
  const bare = await lakeOfSets({ sft: sets.sft ?? [] });
  await assert.rejects(run(bare, { filters: { tag: 'x' } }), {
    message: '--tag: events.training_events is not built; run `tracemill build`',
  });
  await assert.rejects(run(bare, { filters: { 'event-type': 'x' } }), /^UserError: --event-type: /);
  await bare.remove();
});

test('a number that is none is a usage error', () => {
  assert.throws(() => readFilters({ 'min-score': 'high' }), {
    message: '--min-score high: not a number; write 8 or 2.5',
    exitCode: 2,
  });
  assert.deepEqual(readFilters({ 'min-score': '8', tag: '', model: undefined }), { 'min-score': '8' });
});

test('withheld rows are left out of validation and test, and counted; train rows stay', async () => {
  const exported = await run(lake, { datasets: ['preference'] });
  const { preference } = (await manifestOf(exported)).datasets;
  assert.deepEqual(preference?.withheld, {
    'near duplicate of a train row': { rows: 1, ids: [idsOf('preference')[1]] },
  });
  const written = (await rowsOf(exported, 'preference')).map(({ id }) => id);
  assert.ok(!written.includes(idsOf('preference')[1]) && written.includes(idsOf('preference')[3]));
  assert.match(
    await readFile(join(exported.folder ?? '', 'README.md'), 'utf8'),
    /1 withheld from validation and test: near duplicate of a train row/,
  );
});

test('the manifest and the record say from which events the rows come', async () => {
  const exported = await run(lake, { datasets: ['sft'] });
  const ids = sets.sft?.flatMap(({ source_events: events }) => events as string[]) ?? [];
  const times = training.filter(({ id }) => ids.includes(String(id))).map(({ occurred_at: at }) => `${at}Z`);
  const range = { count: ids.length, first: times.toSorted()[0], last: times.toSorted().at(-1) };
  assert.deepEqual((await manifestOf(exported)).events, range);
  const record = join(lake.config.data, 'exports/log', `${exported.version}.json`);
  assert.deepEqual(JSON.parse(await readFile(record, 'utf8')).event_range, range);
});

test('the card tells how many pairs chose the longer side', async () => {
  const exported = await run(lake, { datasets: ['preference'] });
  const { preference } = (await manifestOf(exported)).datasets;
  assert.deepEqual(preference?.longer_chosen, { pairs: 4, rows: 3, share: 0.75 });
  assert.match(await readFile(join(exported.folder ?? '', 'README.md'), 'utf8'), /In 75\.0 % of the pairs/);
});

test('training_examples is exported only when it is named', async () => {
  const rows = groups.map((group, index) => ({
    id: `example-${index}`,
    dataset: 'sft',
    example_type: 'sft',
    session_id: 's',
    group_id: group,
    split: ['train', 'validation', 'test'][index],
    content_hash: 'x',
    score: null,
    score_delta: null,
    created_at: '2026-01-01T00:00:00.000Z',
    source_events: [],
  }));
  const own = await lakeOfSets({ sft: sets.sft ?? [], training_examples: rows });
  assert.deepEqual(Object.keys((await run(own)).datasets), ['sft']);
  const exported = await run(own, { datasets: ['training_examples'] });
  assert.equal((await rowsOf(exported, 'training_examples')).length, 3);
  await own.remove();
});

test('a dataset that a profile cannot carry is refused when it is named', async () => {
  await assert.rejects(run(lake, { profile: 'openai', datasets: ['reward'] }), {
    message:
      '--dataset reward: profile openai cannot carry it (OpenAI fine-tuning takes sft and preference); use another',
    exitCode: 2,
  });
});

test('rows that hold text of a benchmark are left out of every split, the item named', async () => {
  const told = 'seven brown foxes carried the long ladder over a wet field before any of us woke up';
  const hit = (row: Row | undefined, messages: Row[]) => ({ ...row, messages });
  const [train, validation, test, ...rest] = sets.sft ?? [];
  const rows = [
    hit(train, [
      { role: 'user', content: `Say: ${told}!` },
      { role: 'assistant', content: 'No.' },
    ]),
    hit(validation, [
      { role: 'user', content: 'Say.' },
      { role: 'assistant', content: told.toUpperCase() },
    ]),
    ...(test === undefined ? [] : [test]),
    ...rest,
  ];
  const own = await lakeOfSets({ sft: rows, stepwise: sets.stepwise ?? [] });
  const path = join(own.folder, 'riddles.jsonl');
  await writeFile(
    path,
    `{"q":"something else that no row of these sets holds, in more words than thirteen of them"}\n{"q":"${told}"}\n`,
  );
  const exported = await run(own, { decontaminate: [path] });
  const { datasets, benchmarks } = await manifestOf(exported);
  const ids = [String(train?.id), String(validation?.id)].sort();
  assert.deepEqual(datasets.sft?.contaminated, { 'riddles.jsonl:2': { rows: 2, ids } });
  assert.deepEqual(datasets.stepwise?.contaminated, {});
  assert.deepEqual([datasets.sft?.rows, datasets.stepwise?.rows], [3, 5]);
  assert.deepEqual(
    benchmarks.map(({ name }) => name),
    ['riddles.jsonl'],
  );
  assert.match(
    describeExport(exported).summary.join('\n'),
    /2 with text of a benchmark \(riddles\.jsonl:2\)/,
  );
  const card = await readFile(join(exported.folder ?? '', 'README.md'), 'utf8');
  assert.match(card, /2 with text of a benchmark: riddles\.jsonl:2/);
  await own.remove();
});

test('a benchmark file that is not there is an error', async () => {
  const path = join(lake.folder, 'benchmark.jsonl');
  await assert.rejects(run(lake, { decontaminate: [path] }), /benchmark\.jsonl: cannot be read/);
});
