import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openClickhouse } from '../pipelines/lib/clickhouse.js';
import type { LoadResult } from '../pipelines/lib/loadReport.js';
import { readPolicy } from '../pipelines/lib/redaction/policy.js';
import { command as loadCommand } from '../pipelines/load.js';
import type { TestLake } from './support/lake.js';
import { type Days, setSignals, signalLake } from './support/signalLake.js';
import { verbHere } from './support/verbHere.js';
import { loadHere, runCli, runLoad } from './support/warehouse.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
let lake: TestLake;
let environment: Record<string, string>;

before(async () => {
  lake = await signalLake({ '2026-01-01': ['a', 'b'], '2026-01-02': ['c'], unknown: ['u'] });
  // The numbered files are the repository's; the models of a test lake are its own.
  await cp(join(root, 'sql', 'clickhouse'), join(lake.config.sql, 'clickhouse'), { recursive: true });
  environment = { TRACEMILL_DATA: lake.config.data, TRACEMILL_SQL: lake.config.sql };
});

after(() => lake.remove());

/** What the warehouse of the lake answers. */
async function ask<Row = Record<string, unknown>>(sql: string): Promise<Row[]> {
  const clickhouse = await openClickhouse(lake.config);
  return clickhouse.rows<Row>(sql).finally(() => clickhouse.close());
}

async function change(sql: string): Promise<void> {
  const clickhouse = await openClickhouse(lake.config);
  await clickhouse.run(sql).finally(() => clickhouse.close());
}

const parts = () =>
  ask<{ partition: string; name: string; modification_time: string }>(
    `select partition, name, modification_time from system.parts
     where active and database = 'tracemill' and table = 'signals' order by all`,
  );
const days = async () =>
  Object.fromEntries(
    (
      await ask<{ day: string; ids: string[] }>(
        'select day, arraySort(groupArray(signal_id)) as ids from signals group by day',
      )
    ).map(({ day, ids }) => [day, ids]),
  );
/** A load within this process. */
const refused = (more: Record<string, string> = {}) => verbHere(loadCommand, [], { ...environment, ...more });
const tally = (result: LoadResult, name: string) => {
  const found = result.tables.find(({ table }) => table === name);
  return [found?.loaded, found?.dropped, found?.current, found?.rows];
};

test('a load holds every row of the lake with all its columns; what is not built yet is named', async () => {
  const result = runLoad(environment);
  assert.deepEqual(tally(result, 'signals'), [3, 0, 0, 4]);
  assert.ok(result.left_out.includes('turns') && !result.left_out.includes('signals'));
  const { version } = await readPolicy(lake.config);
  assert.deepEqual(await ask(`select * from signals where signal_id = 'a'`), [
    {
      day: '2026-01-01',
      signal_id: 'a',
      agent: 'claude',
      session_id: 'session a',
      turn_id: null,
      step_id: 'a-step',
      kind: 'rejection',
      polarity: -1,
      strength: 'strong',
      words: "it's \\ no",
      occurred_at: '2026-01-01 10:00:00.123456',
      permission_mode: 'default',
      source_path: 'a.jsonl',
      byte_offset: '5',
      byte_length: '7',
      redaction_policy: version,
    },
  ]);
});

test('a second load moves nothing', async () => {
  const before = await parts();
  const loads = await ask('select * from loads order by all');
  const result = await loadHere(environment);
  assert.deepEqual(tally(result, 'signals'), [0, 0, 3, 0]);
  assert.deepEqual([result.applied, tally(result, 'prices')], [[], [0, 0, 1, 0]]);
  assert.deepEqual(await parts(), before);
  assert.deepEqual(await ask('select * from loads order by all'), loads);
});

test('only a changed day is replaced, one that left the lake is dropped, and loads says which file stands', async () => {
  const before = await parts();
  await setSignals(lake, { '2026-01-01': ['a', 'b'], '2026-01-03': ['d', 'e'], unknown: ['u', 'v'] });
  assert.deepEqual(tally(await loadHere(environment), 'signals'), [2, 1, 1, 4]);
  assert.deepEqual(await days(), {
    '2026-01-01': ['a', 'b'],
    '2026-01-03': ['d', 'e'],
    unknown: ['u', 'v'],
  });
  const kept = (all: Awaited<ReturnType<typeof parts>>) =>
    all.filter(({ partition }) => partition === '2026-01-01');
  assert.deepEqual(kept(await parts()), kept(before));
  const manifest = JSON.parse(await readFile(join(lake.config.data, 'lake', 'manifest.json'), 'utf8'));
  const stands = await ask(
    `select day, argMax(loads.sha256, load_no) as sha256, argMax(loads.rows, load_no) as row_count, max(load_no) as last_no
     from loads where table_name = 'signals' group by day order by day`,
  );
  const file = (day: string) => manifest.tables['core.signals'].files[day].sha256;
  assert.deepEqual(stands, [
    { day: '2026-01-01', sha256: file('2026-01-01'), row_count: '2', last_no: '1' },
    { day: '2026-01-02', sha256: '', row_count: '0', last_no: '2' },
    { day: '2026-01-03', sha256: file('2026-01-03'), row_count: '2', last_no: '2' },
    { day: 'unknown', sha256: file('unknown'), row_count: '2', last_no: '2' },
  ]);
  assert.deepEqual(await ask(`select name from system.tables where name like 'stage%'`), []);
});

test('a warehouse that lost rows is named by table and day with exit 1, and --full mends it', async () => {
  await change(`alter table signals delete where signal_id = 'd' settings mutations_sync = 1`);
  const { status, stdout } = runCli(['load'], environment);
  assert.equal(status, 1);
  assert.match(
    stdout,
    /^signals, day 2026-01-03: the lake has 2 rows, the warehouse 1\nrun `tracemill load --full`/m,
  );
  assert.deepEqual(tally(await loadHere(environment, true), 'signals'), [3, 0, 0, 6]);
  assert.deepEqual((await days())['2026-01-03'], ['d', 'e']);
});

test('a file that holds other rows than the manifest says is not swapped in', async () => {
  const path = join(lake.config.data, 'lake', 'manifest.json');
  const text = await readFile(path, 'utf8');
  const manifest = JSON.parse(text);
  const entry = manifest.tables['core.signals'].files['2026-01-01'];
  Object.assign(entry, { rows: 3, sha256: 'other' });
  await writeFile(path, JSON.stringify(manifest));
  const { status, stderr } = await refused();
  await writeFile(path, text);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^signals, day 2026-01-01: 2 rows arrived of 3, nothing was swapped; run `tracemill verify`/,
  );
  assert.deepEqual((await days())['2026-01-01'], ['a', 'b']);
  assert.deepEqual(tally(await loadHere(environment), 'signals'), [0, 0, 3, 0]);
});

test('a column that the warehouse lacks is told, and a numbered file that adds it loads every day again', async () => {
  const signals: Days = { '2026-01-01': ['a', 'b'], '2026-01-03': ['d', 'e'], unknown: ['u', 'v'] };
  await setSignals(lake, signals, '3::bigint as weight,');
  const { status, stderr } = await refused();
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^core\.signals: its column weight is not in the warehouse; add it in a new numbered file/,
  );
  const file = join(lake.config.sql, 'clickhouse', '900_weight.sql');
  await writeFile(file, 'alter table signals add column if not exists weight Nullable(Int64)\n');
  const result = await loadHere(environment);
  assert.deepEqual(result.applied, ['900_weight.sql']);
  assert.deepEqual(tally(result, 'signals'), [3, 0, 0, 6]);
  assert.deepEqual(await ask('select sum(weight) as weight from signals'), [{ weight: '18' }]);
  await setSignals(lake, signals);
  assert.match((await refused()).stderr, /^core\.signals: lacks the column weight of the warehouse; run/);
  await setSignals(lake, signals, '3::bigint as weight,');
});

test('a numbered file that was applied and then edited, or is gone, stops the load', async () => {
  const file = join(lake.config.sql, 'clickhouse', '900_weight.sql');
  const sql = await readFile(file, 'utf8');
  await writeFile(file, `-- Edited.\n${sql}`);
  assert.match(
    (await refused()).stderr,
    /^sql\/clickhouse\/900_weight\.sql: changed after it was applied to database tracemill; put it back/,
  );
  await rm(file);
  assert.match(
    (await refused()).stderr,
    /^sql\/clickhouse\/900_weight\.sql: is not here, but was applied to database tracemill; use the newer tracemill/,
  );
  await writeFile(file, sql);
  assert.match(
    (await refused({ CLICKHOUSE_CLUSTER: 'mills' })).stderr,
    /^CLICKHOUSE_CLUSTER: a cluster needs a server; set CLICKHOUSE_URL/,
  );
  await loadHere(environment);
});

test('a null where the warehouse allows none is an error, never an empty text', async () => {
  await setSignals(lake, { '2026-01-01': ['a'] }, '3::bigint as weight,');
  const model = join(lake.config.sql, 'core', 'signals.sql');
  const sql = await readFile(model, 'utf8');
  await writeFile(model, sql.replace(`'rejection' as kind`, 'null::varchar as kind'));
  await lake.build();
  const { status, stderr } = await refused();
  assert.equal(status, 1);
  assert.match(stderr, /allows no null/);
  assert.deepEqual((await days())['2026-01-01'], ['a', 'b']);
  await setSignals(lake, { '2026-01-01': ['a'], '2026-01-05': ['b'] }, '3::bigint as weight,');
  await loadHere(environment);
});

test('exports and prices are exchanged whole when they changed', async () => {
  const log = join(lake.config.data, 'exports', 'log');
  await mkdir(log, { recursive: true });
  const record = {
    id: '00000000000000ab',
    export_type: 'trl',
    query_params: { datasets: 'sft', since: '2026-01-01' },
    event_range: { count: 7, first: '2026-01-01T10:00:00.123456Z', last: null },
    example_count: 5,
    file_path: 'exports/00000000000000ab',
    parent_id: null,
    created_at: '2026-06-01T00:00:00.000Z',
  };
  await writeFile(join(log, '00000000000000ab.json'), JSON.stringify(record));
  const prices = join(lake.folder, 'prices.json');
  const price = { model: 'm', from: '2026-01-01', input: 1, cache_read: 0.1, cache_write: 1.25, output: 5 };
  await writeFile(prices, JSON.stringify([price]));
  const own = { ...environment, TRACEMILL_PRICES: prices };
  const result = await loadHere(own);
  assert.deepEqual(
    [tally(result, 'exports'), tally(result, 'prices')],
    [
      [1, 0, 0, 1],
      [1, 0, 0, 1],
    ],
  );
  assert.deepEqual(await ask('select * from exports'), [
    {
      ...{ id: '00000000000000ab', export_type: 'trl', query_params: record.query_params },
      first_event_at: '2026-01-01 10:00:00.123456',
      last_event_at: null,
      ...{ event_count: '7', example_count: '5', file_path: 'exports/00000000000000ab', parent_id: null },
      created_at: '2026-06-01 00:00:00.000',
    },
  ]);
  const { from, ...rest } = price;
  assert.deepEqual(await ask('select * from prices'), [{ ...rest, valid_from: from }]);
  assert.deepEqual(tally(await loadHere(own), 'exports'), [0, 0, 1, 0]);
  const wrong = [
    ['{', /^prices\.json: is not JSON; correct it, or unset TRACEMILL_PRICES/],
    [JSON.stringify([{ ...price, input: -1 }]), /^prices\.json: 0\.input: /],
    [JSON.stringify([price, price]), /^prices\.json: m from 2026-01-01 has two prices; /],
  ] as const;
  for (const [text, words] of wrong) {
    await writeFile(prices, text);
    assert.match((await refused(own)).stderr, words);
  }
});

test('without chdb and without a server it says what to install, and --optional passes over it', async () => {
  // The program as it stands, in a place whose packages are all but chdb.
  const bare = join(lake.folder, 'bare');
  await cp(join(root, 'dist', 'pipelines'), join(bare, 'dist', 'pipelines'), { recursive: true });
  await cp(join(root, 'package.json'), join(bare, 'package.json'));
  await mkdir(join(bare, 'node_modules'));
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!/^@?chdb$/.test(name))
      await symlink(join(root, 'node_modules', name), join(bare, 'node_modules', name));
  }
  const cli = join(bare, 'dist', 'pipelines', 'cli.js');
  const refused = runCli(['load'], environment, cli);
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /^chdb: is not installed or does not run here \(.*\); run `npm install --include=optional`/,
  );
  assert.doesNotMatch(refused.stderr, /\n./);
  const passed = runCli(['load', '--optional'], environment, cli);
  assert.deepEqual([passed.status, passed.stderr], [0, '']);
  assert.match(passed.stdout, /^not loaded: chdb: is not installed/);
  const doctor = runCli(['doctor'], environment, cli);
  assert.match(doctor.stdout, /^note +ClickHouse +chdb: is not installed/m);
});

test('a lake with nothing built is told so', async () => {
  const { status, stderr } = runCli(['load'], { TRACEMILL_DATA: join(lake.folder, 'empty') });
  assert.deepEqual([status, stderr], [1, 'lake: nothing is built yet; run `tracemill build`\n']);
});
