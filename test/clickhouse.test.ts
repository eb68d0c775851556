import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig, settingValue } from '../pipelines/config.js';
import { type Clickhouse, openClickhouse } from '../pipelines/lib/clickhouse.js';
import { settings } from '../pipelines/lib/settings.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
let folder: string;
let clickhouse: Clickhouse;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tracemill's a=b-"));
  clickhouse = await openClickhouse(readConfig({ TRACEMILL_DATA: folder, CLICKHOUSE_DATABASE: 'mill' }), {
    settings: { max_insert_threads: '3' },
  });
});

after(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

test('embedded, bare names are those of the database, and settings and parameters reach the engine', async () => {
  await clickhouse.run('create table things (name String) engine = MergeTree order by name');
  await clickhouse.run('insert into things select {name:String}', { name: "it's \\ one" });
  const rows = await clickhouse.rows(
    `select name, currentDatabase() as db, getSetting('max_insert_threads') as threads, 1::UInt64 as big from mill.things`,
  );
  assert.deepEqual(rows, [{ name: "it's \\ one", db: 'mill', threads: 3, big: '1' }]);
  assert.equal(clickhouse.embedded, true);
  assert.match(clickhouse.version, /^\d+\.\d+/);
});

test('another process that opens the same folder is told who has it, and exits 75', async () => {
  const script = `
    import { openClickhouse } from ${JSON.stringify(new URL('../pipelines/lib/clickhouse.js', import.meta.url).href)};
    import { readConfig } from ${JSON.stringify(new URL('../pipelines/config.js', import.meta.url).href)};
    await openClickhouse(readConfig()).catch((error) => { console.log(error.message, error.exitCode); });`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, TRACEMILL_DATA: folder },
    encoding: 'utf8',
  });
  assert.equal(stdout, `lake/clickhouse: process ${process.pid} has it open; wait for it, or end it 75\n`);
});

test('what the URL holds is stronger than the settings beside it, and is never printed', () => {
  const url = 'https://ann%40home:se%3Acret@host:8443/mill?access_token=hidden';
  const config = readConfig({ CLICKHOUSE_URL: url, CLICKHOUSE_USER: 'bob', CLICKHOUSE_DATABASE: 'other' });
  assert.deepEqual(config.clickhouse, {
    url: 'https://host:8443/?access_token=hidden',
    user: 'ann@home',
    password: 'se:cret',
    database: 'mill',
    cluster: null,
  });
  assert.equal(config.origins.clickhouseUser, 'CLICKHOUSE_URL');
  const names = Object.keys(settings) as (keyof typeof settings)[];
  const shown = names.map((name) => settingValue(config, name)).join('\n');
  assert.match(shown, /^https:\/\/host:8443$/m);
  assert.doesNotMatch(shown, /hidden|cret/);
});

test('a bad URL is told without what it holds', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [cli, 'doctor'], {
    env: { ...process.env, TRACEMILL_DATA: folder, CLICKHOUSE_URL: 'http//ann:secret@host' },
    encoding: 'utf8',
  });
  assert.equal(stderr, 'CLICKHOUSE_URL: write a URL as https://host:8443; correct it or unset it\n');
  assert.doesNotMatch(stdout, /secret/);
  const refused = [
    ['http://u:p%2@host', /a % in it is no %XX/],
    ['http://host/a/b', /its path is no name of a database/],
  ] as const;
  for (const [url, words] of refused) assert.throws(() => readConfig({ CLICKHOUSE_URL: url }), words);
});

test('what embedded ClickHouse would read as a pattern is refused', async () => {
  const config = readConfig({ TRACEMILL_DATA: join(folder, 'a{b,c}') });
  await assert.rejects(openClickhouse(config), /a\{b,c\}: embedded ClickHouse reads \{ and \} in a path/);
});
