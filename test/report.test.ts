import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { UserError } from '../pipelines/errors.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { type Figures, reportPage } from '../pipelines/lib/reportPage.js';
import { drawSections, reports } from '../pipelines/lib/reportSections.js';
import { openDuckDB, openWarehouse } from '../pipelines/lib/warehouse.js';
import { command, writeReport } from '../pipelines/report.js';
import { noBrowser, openBrowser } from './support/browser.js';
import { makeLake } from './support/lake.js';
import { sampleConfig, sampleLake, samples } from './support/sampleLake.js';

const now = new Date('2026-06-01T12:00:00Z');
let folder: string;
let page: string;
let figures: Figures;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-report-'));
  page = join(folder, 'report.html');
  const config = sampleConfig(await sampleLake());
  figures = await writeReport({ config, file: page, timeZone: 'Asia/Tokyo', now });
});

after(() => rm(folder, { recursive: true, force: true }));

test('its figures are those of the lake', async () => {
  const warehouse = await openWarehouse({ config: sampleConfig(await sampleLake()) });
  const reader = await warehouse.connection
    .runAndReadAll(
      `select
        (select count(*) from core.sessions)::integer as sessions,
        (select count(*) from core.steps where kind = 'tool_call')::integer as tool_calls,
        (select count(*) from core.qa_pairs)::integer as pairs,
        (select count(*) from datasets.training_examples)::integer as examples,
        (select count(*) from core.tool_calls where outcome = 'error')::integer as failed_calls,
        (select sum(value) from (unpivot core.steps on input_tokens, cache_read_tokens, cache_write_tokens))::integer
            as read_tokens,
        (select sum(output_tokens) from core.turns)::integer as written_tokens`,
    )
    .finally(() => warehouse.close());
  const [expected = {}] = reader.getRowObjectsJS();
  const { sessions, tool_calls, pairs, examples, failed_calls, read_tokens, written_tokens } = figures;
  assert.deepEqual(
    { sessions, tool_calls, pairs, examples, failed_calls, read_tokens, written_tokens },
    expected,
  );
  // Counted by hand from the logs.
  const table = await readFile(join(samples.claude, '../../human-turns.tsv'), 'utf8');
  const turns = table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split('\t')[1]));
  assert.equal(
    figures.human_turns,
    turns.reduce((sum, count) => sum + count, 0),
  );
  const text = await readFile(page, 'utf8');
  assert.match(text, />64<\/dd><dd class="more">88 % answered/);
  assert.match(text, /times of Asia\/Tokyo; written 2026-06-01 12:00 UTC/);
});

test('a session whose log lacks one of the counts of tokens is counted with the others', async () => {
  const sql = await readFile(new URL('../../sql/reports/report_figures.sql', import.meta.url), 'utf8');
  const { connection, close } = await openDuckDB();
  await connection.run(`
    create schema core;
    create schema datasets;
    create table core.sessions as
      from (values ('/a', 5, 7, 11, 1), ('/a', 100, 30, null, 1), ('/b', null, null, null, null))
        as rows(project_path, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens);
    create table core.tool_calls as from (values ('ok'), ('error'), ('rejected')) as rows(outcome);
    create table core.turns as select true as is_human, 'answered' as end_reason, null::timestamp as started_at;
    create table core.qa_pairs as select null as duplicate_of;
    create table datasets.training_examples as select 1 as id`);
  const [row] = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  close();
  assert.deepEqual([row?.read_tokens, row?.tool_calls, row?.failed_calls], ['153', '3', '1']);
});

test('one file for its owner, with every picture that the samples have rows for, the same bytes every time', async () => {
  const text = await readFile(page, 'utf8');
  assert.equal(text.match(/<svg class="wide"/g)?.length, reports.length);
  assert.equal(text.match(/<svg class="narrow"/g)?.length, reports.length);
  assert.doesNotMatch(text, /(src|href)="(?!#)|url\((?!#)|@import|<script/);
  const ids = [...text.matchAll(/\bid="([^"]*)"/g)].map((match) => match[1]);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal((await stat(page)).mode & 0o777, 0o600);
  const again = join(folder, 'again.html');
  const config = sampleConfig(await sampleLake());
  await writeReport({ config, file: again, timeZone: 'Asia/Tokyo', now });
  assert.equal(await readFile(again, 'utf8'), text);
});

test('hours are those of the clock that was asked for', async () => {
  const hours = async (timeZone: string) => {
    let found: readonly unknown[] = [];
    const config = sampleConfig(await sampleLake());
    const file = join(folder, 'hours.html');
    await writeReport({ config, file, timeZone, now });
    const section = (await readFile(file, 'utf8')).split('Days and hours</h2>')[1]?.split('</section>')[0];
    found = [...(section ?? '').matchAll(/<tr><td[^>]*>(\d)<\/td><td[^>]*>(\d+)<\/td>/g)].map(
      (match) =>
        // Hours since the week began.
        (Number(match[1]) - 1) * 24 + Number(match[2]),
    );
    return found as number[];
  };
  const byTokyo = (await hours('UTC')).map((hour) => (hour + 9) % 168).toSorted((a, b) => a - b);
  assert.ok(byTokyo.length > 10);
  assert.deepEqual(
    (await hours('Asia/Tokyo')).toSorted((a, b) => a - b),
    byTokyo,
  );
});

test('its first and last days are those of the clock, too', () => {
  const [first_at, last_at] = [new Date('2026-01-01T14:59:00Z'), new Date('2026-01-31T15:00:00Z')];
  const text = reportPage({
    figures: { ...figures, first_at, last_at },
    sections: [],
    timeZone: 'Asia/Tokyo',
    now,
  });
  assert.match(text, />2026-01-01 to 2026-02-01, times of Asia\/Tokyo/);
});

test('what a log calls a project or a tool is text, whatever it looks like', async () => {
  const name = `<script>alert(1)</script>"'&`;
  const row = { project: name, place: 1, agent: name, turns: 1 };
  const sections = await drawSections({
    ask: async (report) => (report === 'report_projects' ? [row] : []),
    step: 'day',
    timeZone: 'UTC',
  });
  const text = reportPage({ figures, sections, timeZone: 'UTC', now });
  assert.equal(sections.length, 1);
  assert.doesNotMatch(text, /<script/);
  assert.match(text, /&lt;script&gt;/);
});

test('a lake without rows gives a page that says so, one that is not built an error', async () => {
  const lake = await makeLake({ TRACEMILL_SQL: new URL('../../sql/', import.meta.url).pathname });
  const run = (args: Record<string, unknown>) =>
    command.run(args, { config: lake.config, log: () => {}, progress: silentProgress, now: () => now });
  try {
    await assert.rejects(run({}), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        /^lake: nothing is built yet; run `tracemill ingest`, then `tracemill build`$/,
      );
      return true;
    });
    await assert.rejects(run({ 'time-zone': 'Mars/Olympus' }), {
      message: '--time-zone Mars/Olympus: no such time zone; write one as Europe/Vienna',
      exitCode: 2,
    });
    assert.deepEqual((await lake.build()).failures, []);
    const { summary } = await run({ 'time-zone': 'UTC' });
    const file = join(lake.config.data, 'report.html');
    assert.deepEqual(summary, [`${file}: open it in a browser`]);
    assert.match(await readFile(file, 'utf8'), /No turn of a person is in this lake yet/);
  } finally {
    await lake.remove();
  }
});

test('in a browser: no request, no complaint, readable on a phone, by day and by night', {
  skip: noBrowser,
}, async () => {
  const browser = await openBrowser();
  try {
    await lookAt(browser, {
      width: 1000,
      colorScheme: 'light',
      shown: 'wide',
      background: 'rgb(255, 255, 255)',
    });
    await lookAt(browser, {
      width: 360,
      colorScheme: 'dark',
      shown: 'narrow',
      background: 'rgb(20, 23, 26)',
    });
  } finally {
    await browser.close();
  }
});

type Look = { width: number; colorScheme: 'light' | 'dark'; shown: string; background: string };

async function lookAt(browser: Browser, { width, colorScheme, shown, background }: Look): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, offline: true });
  const tab = await context.newPage();
  const heard: string[] = [];
  tab.on('console', (message) => heard.push(message.text()));
  tab.on('request', (request) => heard.push(request.url()));
  await tab.goto(pathToFileURL(page).href);
  assert.deepEqual(heard, [pathToFileURL(page).href]);
  assert.equal(await tab.evaluate('document.documentElement.scrollWidth'), width);
  assert.equal(await tab.evaluate('getComputedStyle(document.body).backgroundColor'), background);
  const visible = await tab.evaluate(
    `[...document.querySelectorAll('svg')].filter((svg) => svg.getBoundingClientRect().width > 0).map((svg) => svg.classList[0])`,
  );
  assert.deepEqual(
    visible,
    reports.map(() => shown),
  );
  // No word of a picture is cut off by the picture's edge, and none is so small that it cannot be read.
  const cut = await tab.evaluate(`[...document.querySelectorAll('svg.${shown} text')].filter((text) => {
    const [word, picture] = [text.getBoundingClientRect(), text.closest('svg').getBoundingClientRect()];
    return word.width > 0 && (word.left < picture.left - 1 || word.right > picture.right + 1 || word.height < 9);
  }).map((text) => text.textContent)`);
  assert.deepEqual(cut, []);
  const colour = await tab.evaluate(`getComputedStyle(document.querySelector('svg.${shown} text')).fill`);
  assert.equal(colour, colorScheme === 'light' ? 'rgb(36, 41, 47)' : 'rgb(227, 230, 234)');
  await context.close();
}
