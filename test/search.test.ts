import assert from 'node:assert/strict';
import { appendFile, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { handoff } from '../pipelines/handoff.js';
import { excerpt } from '../pipelines/lib/excerpt.js';
import { followHandoff, indexFolder } from '../pipelines/lib/pairIndex.js';
import { type PairFilters, searchPairs } from '../pipelines/lib/pairSearch.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openCollection } from '../pipelines/lib/zvec.js';
import { command as searchCommand } from '../pipelines/search.js';
import { lakeOf, type SessionSpec, said } from './support/core.js';
import { makeLake, type TestLake } from './support/lake.js';
import { verbHere } from './support/verbHere.js';

const day = 86_400_000;

let lake: TestLake;

/** Sessions of two agents in several projects, their pairs asked on given days. */
const sessions: SessionSpec[] = [
  {
    id: 'shop',
    project_path: "~/work/shop's [new]",
    turns: [
      turn('Why does the checkout test flake?', 'It races: the mailer café answers late.', '2026-05-01'),
      turn('Rename the module?', 'Renamed. Nothing else changed.\n\nAnswer: really nothing.', '2026-05-20'),
    ],
  },
  {
    id: 'api',
    agent: 'codex',
    project_path: '~/work/api',
    turns: [turn('What\n\nAnswer: is a flaky test?', 'One that fails by chance.', '2026-05-25')],
  },
  {
    id: 'deep',
    project_path: "~/work/shop's [new]/web/api",
    turns: [turn('Do tests run in parallel?', 'Yes, testing uses two workers.', '2026-05-30')],
  },
  { id: 'old', turns: [turn('Which test framework?', 'The one of Node.', null)] },
];

function turn(question: string, answer: string, asked: string | null) {
  const time = asked === null ? null : `${asked} 10:00:00`;
  const pair = { asked_at: time, answered_at: time, ts_ms: time === null ? null : Date.parse(`${time}Z`) };
  return { question, steps: [said(answer)], pair };
}

before(async () => {
  lake = await lakeOf(sessions, {}, { models: [] });
  await handoff({ config: lake.config, now: new Date('2026-06-01'), rebuild: false });
  await followHandoff({ config: lake.config, rebuild: false, onBytes: () => {} });
});

after(() => lake.remove());

async function find(words: string, filters: Partial<PairFilters> = {}, limit = 10): Promise<string[]> {
  const all = { agent: undefined, project: undefined, since: undefined, until: undefined, ...filters };
  const { pairs } = await searchPairs({ config: lake.config, words, limit, filters: all });
  return pairs.map(({ id }) => id.replace('-pair', ''));
}

const search = (...words: string[]) =>
  verbHere(searchCommand, words, { TRACEMILL_DATA: lake.config.data, TRACEMILL_SQL: lake.config.sql });

test('words are found in question and answer by their stem, whatever case and accents', async () => {
  assert.deepEqual(await find('CAFE'), ['shop-1']);
  assert.deepEqual(await find('racing'), ['shop-1']);
  assert.deepEqual((await find('tested')).toSorted(), ['api-1', 'deep-1', 'old-1', 'shop-1']);
  // The one that says both words, then those that say one.
  assert.equal((await find('chance test'))[0], 'api-1');
  assert.deepEqual(await find('zebra'), []);
  assert.deepEqual(await find('"+(AND'), []);
});

test('filters choose by agent, by a project and what lies below it, and by time', async () => {
  const tests = async (filters: Partial<PairFilters>) => (await find('test', filters)).toSorted();
  assert.deepEqual(await tests({ agent: 'codex' }), ['api-1']);
  assert.deepEqual(await tests({ project: "shop's [new]" }), ['deep-1', 'shop-1']);
  assert.deepEqual(await tests({ project: "~/work/shop's [new]/" }), ['deep-1', 'shop-1']);
  assert.deepEqual(await tests({ project: join(homedir(), 'work', 'api') }), ['api-1']);
  assert.deepEqual(await tests({ project: 'api' }), ['api-1', 'deep-1']);
  assert.deepEqual(await tests({ project: 'ap' }), []);
  const since = Date.parse('2026-05-25T10:00:00Z');
  assert.deepEqual(await tests({ since }), ['api-1', 'deep-1']);
  assert.deepEqual(await tests({ until: since }), ['shop-1']);
  assert.deepEqual(await tests({ since, until: since + 1, agent: 'codex', project: '~/work' }), ['api-1']);
});

test('equally good pairs come newest first, the same ones whatever the limit', async () => {
  const other = await makeLake();
  const line = (n: number) => ({
    id: `p${String(n).padStart(2, '0')}`,
    text: `Question: same words\n\nAnswer: same words`,
    metadata: { ts_ms: 1_760_000_000_000 + Math.floor(n / 2) * day },
  });
  const lines = Array.from({ length: 60 }, (_, n) => `${JSON.stringify(line(n))}\n`);
  await handoffFileOf(other, lines);
  const filters = { agent: undefined, project: undefined, since: undefined, until: undefined };
  const top = async (limit: number) => {
    const found = await searchPairs({ config: other.config, words: 'same words', limit, filters });
    return found.pairs.map(({ id }) => id);
  };
  assert.deepEqual(await top(5), ['p58', 'p59', 'p56', 'p57', 'p54']);
  assert.deepEqual((await top(60)).slice(0, 3), ['p58', 'p59', 'p56']);
  await other.remove();
});

async function handoffFileOf(other: TestLake, lines: readonly string[]): Promise<void> {
  const { handoff: file } = other.config;
  await mkdir(join(file, '..'), { recursive: true });
  await appendFile(file, lines.join(''));
  await followHandoff({ config: other.config, rebuild: false, onBytes: () => {} });
}

test('a result shows score, question, answer, and where it comes from', async () => {
  const { status, stdout, stderr } = await search('flaky', 'test', '--agent', 'codex');
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /^1\. {2}\d+\.\d\d {2}2026-05-25 10:00 {2}codex {2}~\/work\/api\n {3}Q {2}What Answer: is a flaky test\?\n {3}A {2}One that fails by chance\.\n {3}session api, api\.jsonl:0\n$/,
  );
  const [pair] = JSON.parse((await search('renamed', '--json')).stdout);
  const { score, ...rest } = pair;
  assert.ok(score > 0);
  assert.deepEqual(rest, {
    id: 'shop-2-pair',
    question: 'Rename the module?',
    answer: 'Renamed. Nothing else changed.\n\nAnswer: really nothing.',
    agent: 'claude',
    session_id: 'shop',
    project_path: "~/work/shop's [new]",
    source_path: 'shop.jsonl',
    model: 'model-a',
    offset: 200,
    ts_ms: Date.parse('2026-05-20T10:00:00Z'),
  });
  assert.match(
    (await search('zebra')).stdout,
    /^No pair says this; fewer or other words, or a wider filter, may\.\n$/,
  );
});

test('times are read in words; what is none is refused', async () => {
  const here = (words: string, option: string, value: string) =>
    searchCommand.run(
      { words: [words], limit: 10, [option]: value },
      { config: lake.config, log: () => {}, progress: silentProgress, now: () => new Date() },
    );
  const ids = async (option: string, value: string) =>
    ((await here('test', option, value)).json as { id: string }[]).map(({ id }) => id);
  assert.deepEqual(await ids('since', '2026-05-30T12:00+02:00'), ['deep-1-pair']);
  assert.deepEqual(await ids('since', '2026-05-30T12:01+02:00'), []);
  assert.deepEqual(await ids('until', '2026-05-02'), ['shop-1-pair']);
  const age = Math.ceil((Date.now() - Date.parse('2026-05-30T10:00:00Z')) / day);
  assert.deepEqual(await ids('last', `${age}d`), ['deep-1-pair']);
  assert.deepEqual(await ids('last', `${age - 1}d`), []);
  const refused = (words: string, option: string, value: string, message: RegExp | string) =>
    assert.rejects(here(words, option, value), { name: 'UserError', exitCode: 2, message });
  await refused('test', 'last', 'may', '--last may: not a duration; write 90m, 12h or 30d');
  await refused('test', 'since', 'may', /^--since may: not a time; write/);
  const { status, stderr } = await search('test', '--limit', '0');
  assert.equal(status, 2);
  assert.equal(stderr, '--limit 0: not a number of pairs; write one from 1 to 1000\n');
  await refused(' ', 'limit', '10', 'search: no words to look for; write them after it');
});

test('it says when the index is behind, is not there, or is being written', async () => {
  await appendFile(lake.config.handoff, `${JSON.stringify({ id: 'later', text: 'test' })}\n`);
  assert.match(
    (await search('test')).stderr,
    /agent_qa\.jsonl: has lines that are not in the index yet; run `tracemill index`\n/,
  );
  await followHandoff({ config: lake.config, rebuild: false, onBytes: () => {} });
  assert.equal((await search('test')).stderr, '');
  const writer = await openCollection(join(indexFolder(lake.config), 'collection'), false);
  // It waits a while for the writer to end.
  setTimeout(() => writer.closeSync(), 1000);
  assert.ok((await find('test')).includes('later'));
  const none = await makeLake();
  const filters = { agent: undefined, project: undefined, since: undefined, until: undefined };
  const searched = searchPairs({ config: none.config, words: 'x', limit: 1, filters });
  await assert.rejects(
    searched,
    /collection: there is no index yet; run `tracemill handoff` and `tracemill index`/,
  );
  await none.remove();
});

test('an excerpt is one line, whole where it fits, else the part that says a word', () => {
  assert.equal(excerpt(' a\n\n b\tc ', 'c', 20), 'a b c');
  const long = `${'before '.repeat(40)}the needle here ${'after '.repeat(40)}`;
  const cut = excerpt(long, 'x Needle', 80);
  assert.match(cut, /^… before .*the needle here after .* …$/);
  assert.ok(cut.length <= 84, `${cut.length}`);
  assert.match(excerpt(long, 'nothing', 80), /^before .* …$/);
  assert.equal(excerpt('x'.repeat(100), '', 80), `${'x'.repeat(80)} …`);
});
