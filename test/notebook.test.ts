import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { tableFromIPC, tableToIPC } from 'apache-arrow';
import { arrowTable } from '../pipelines/lib/arrowTable.js';
import { listExports } from '../pipelines/lib/exportVersions.js';
import { htmlChat } from '../pipelines/lib/htmlChat.js';
import { htmlTable } from '../pipelines/lib/htmlTable.js';
import { plotSvg } from '../pipelines/lib/plotSvg.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';
import { type Lake, open } from '../pipelines/notebook.js';
import { sampleLake } from './support/sampleLake.js';

let data: string;
let lake: Lake;

before(async () => {
  data = await sampleLake();
  lake = await open({ data });
});

after(() => lake.close());

test('rows hold plain values', async () => {
  const [row] = await lake.sql(`select
      1::bigint as small, 9007199254740993 as large, 2.5::decimal(9, 2) as price, null as nothing,
      timestamp '2026-05-01 12:00:00.123456' as moment, date '2026-05-01' as day, true as flag,
      [1::bigint, null] as list, {'a': 'x', 'at': [timestamp '2026-05-01']} as struct,
      '{"a": [1, {"b": null}]}'::json as json, ['"x"'::json, '{"n": 1}'::json] as jsons, '\\x01'::blob as bytes`);
  assert.deepEqual(
    { ...row, bytes: [...((row?.bytes ?? []) as Uint8Array)] },
    {
      small: 1,
      large: 9007199254740993n,
      price: 2.5,
      nothing: null,
      moment: new Date('2026-05-01T12:00:00.123Z'),
      day: new Date('2026-05-01T00:00:00Z'),
      flag: true,
      list: [1, null],
      struct: { a: 'x', at: [new Date('2026-05-01T00:00:00Z')] },
      json: { a: [1, { b: null }] },
      jsons: ['x', { n: 1 }],
      bytes: [1],
    },
  );
  const turns = await lake.sql<{ agent: string; turns: number }>(
    'select agent, count(*) as turns from core.turns where agent = $agent and is_human group by all',
    { agent: 'codex' },
  );
  assert.deepEqual(turns, [{ agent: 'codex', turns: 25 }]);
  // PIVOT is two statements, of which the first makes a type.
  assert.deepEqual(await lake.sql('pivot (select 1 as a, 2 as b) on a using sum(b)'), [{ 1: 2 }]);
  await lake.sql('set variable least = 3; create temp table kept as select range as n from range(5)');
  assert.deepEqual(await lake.sql(`select n from kept where n > getvariable('least')`), [{ n: 4 }]);
});

test('nothing can be written from a notebook', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-test-'));
  const file = join(folder, 'x');
  const before = await readdir(join(data, 'lake'), { recursive: true });
  for (const query of [
    `copy (select 1) to '${file}' (format parquet)`,
    `select 1; copy (select 1) to '${file}'`,
    `explain analyze copy (select 1) to '${file}'`,
    `attach '${file}' as other`,
    `export database '${file}'`,
  ]) {
    await assert.rejects(
      lake.sql(query),
      /: could write into the lake, which is only read here; ask with SELECT/,
    );
    await assert.rejects(lake.arrow(query), /: could write into the lake/);
  }
  await assert.rejects(lake.sql(`set log_query_path = '${file}'`), /the configuration has been locked/);
  await assert.rejects(lake.sql(' -- nothing\n;'), /^UserError: query: is empty; write a SELECT$/);
  assert.deepEqual(await readdir(folder), []);
  assert.deepEqual(await readdir(join(data, 'lake'), { recursive: true }), before);
  await rm(folder, { recursive: true });
});

test('staging, which holds what redaction takes out, is there only when asked for', async () => {
  await assert.rejects(lake.sql('from staging.rejects'), /staging.rejects/);
  const archive = await open({ data, archive: true });
  assert.deepEqual(await archive.sql('select count(*) as rejects from staging.rejects'), [{ rejects: 1 }]);
  archive.close();
});

test('a folder without a lake says what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-test-'));
  await assert.rejects(open({ data: folder }), {
    name: 'UserError',
    message: `${folder}: has no built lake; run \`just ingest\` and \`just build\`, or name another folder in TRACEMILL_DATA (data/demo where \`npm start\` ran over the samples)`,
  });
  await rm(folder, { recursive: true });
});

test('an Arrow table has every type that is exported, nulls and microseconds', async () => {
  const values = `select 1::integer as i, 9007199254740993 as b, 1.5::float as f, 0.1::double as d, true as t, 'x' as s,
    '{"a": 1}'::json as j, timestamp '2026-05-01 12:00:00.123456' as us, timestamp_ms '2026-05-01 12:00:00.123' as ms,
    ['a', null] as l, ['{"a": 1}'::json] as lj, {'a': 1, 'b': ['x']} as st, 12.5::decimal(9, 2) as dec, 3::utinyint as tiny,
    170141183460469231731687303715884105727 as huge, date '2026-05-01' as day, 'a'::enum ('a') as e, [1::smallint] as ls`;
  const { connection, close } = await openDuckDB();
  const made = await arrowTable(
    connection,
    `from (${values}) union all by name select null::integer as i from range(2)`,
  );
  // Another reader than the one that made it must see the same.
  const table = tableFromIPC(tableToIPC(made));
  const types = Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)]));
  assert.deepEqual(types, {
    i: 'Int32',
    b: 'Int64',
    f: 'Float32',
    d: 'Float64',
    t: 'Bool',
    s: 'Utf8',
    j: 'Utf8',
    us: 'Timestamp<MICROSECOND>',
    ms: 'Timestamp<MILLISECOND>',
    l: 'List<Utf8>',
    lj: 'List<Utf8>',
    st: 'Struct<{a:Int32, b:List<Utf8>}>',
    dec: 'Float64',
    tiny: 'Int32',
    huge: 'Float64',
    day: 'Timestamp<MICROSECOND>',
    e: 'Utf8',
    ls: 'Utf8',
  });
  const first = JSON.parse(
    JSON.stringify(table.get(0), (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  );
  assert.deepEqual(
    { ...first, us: null, day: null },
    {
      ...{ i: 1, b: '9007199254740993', f: 1.5, d: 0.1, t: true, s: 'x', j: '{"a": 1}' },
      ...{ us: null, ms: Date.parse('2026-05-01T12:00:00.123Z'), l: ['a', null], lj: ['{"a": 1}'] },
      ...{ st: { a: 1, b: ['x'] }, dec: 12.5, tiny: 3, huge: 2 ** 127, day: null, e: 'a', ls: '[1]' },
    },
  );
  const micros = (name: string) => table.getChild(name)?.data[0]?.values[0];
  assert.equal(micros('us'), BigInt(Date.parse('2026-05-01T12:00:00Z')) * 1000n + 123456n);
  assert.equal(micros('day'), BigInt(Date.parse('2026-05-01')) * 1000n);
  for (const { name } of table.schema.fields) {
    assert.equal(table.getChild(name)?.get(2), null, name);
    assert.equal(table.getChild(name)?.nullCount, 2, name);
  }
  const empty = await arrowTable(connection, 'select 1 as n, [1] as l where false');
  assert.deepEqual([empty.numRows, empty.schema.fields.map(String)], [0, ['n: Int32', 'l: List<Int32>']]);
  close();
});

test('a million rows are an Arrow table in seconds', async () => {
  const begun = process.cpuUsage();
  const table = await lake.arrow(`select range as n, range / 3 as share, to_timestamp(range)::timestamp as at,
      if(range % 10 = 0, null, range::integer) as i from range(1000000)`);
  const { user } = process.cpuUsage(begun);
  assert.equal(table.numRows, 1e6);
  assert.equal(table.getChild('i')?.nullCount, 1e5);
  assert.equal(table.getChild('n')?.get(999_999), 999_999n);
  // A builder a value takes five times as long.
  assert.ok(user < 4e6, `${user / 1e6} s`);
});

const spec = (values: unknown[], more = {}) => ({
  data: { values },
  mark: 'bar',
  encoding: {
    x: { field: 'day', type: 'temporal', timeUnit: 'yearmonthdate' },
    y: { field: 'turns', type: 'quantitative' },
  },
  ...more,
});

test('a plot is an SVG with a mark for each row, the same in every time zone', async () => {
  const rows = [1, 2, 3].map((day) => ({ day: `2026-05-0${day}`, turns: day / 3 }));
  const svg = await plotSvg(spec(rows, { title: 'Turns <a day>' }));
  assert.match(svg, /^<svg [^>]*viewBox="0 0 \d+ \d+"/);
  const bars = svg.split('class="mark-rect role-mark')[1]?.split('</g>')[0] ?? '';
  assert.equal(bars.match(/<path /g)?.length, 3);
  assert.match(svg, /Turns &lt;a day&gt;/);
  assert.doesNotMatch(svg, /\d\.\d{3}/);
  const zone = process.env.TZ;
  try {
    for (const other of ['America/New_York', 'Asia/Tokyo']) {
      process.env.TZ = other;
      assert.equal(await plotSvg(spec(rows, { title: 'Turns <a day>' })), svg, other);
    }
  } finally {
    process.env.TZ = zone ?? 'UTC';
  }
});

test('a plot is XML whatever a name in it holds', async () => {
  const title = 'a\u0000b\u001b[31mc\ufffed\ud800e f\t😀';
  const svg = await plotSvg(spec([{ day: '2026-05-01', turns: 1 }], { title }));
  assert.ok(svg.includes('a\ufffdb\ufffd[31mc\ufffdd\ufffde f\t😀'));
});

test('a table cuts texts, keeps their lines, sets numbers right and says what is missing', () => {
  const table = htmlTable(
    [
      { text: 'one\ntwo three', n: 1 },
      { text: 'a', n: null },
    ],
    { cut: 7 },
  );
  assert.match(table, /<th style="text-align: right">n</);
  assert.match(table, />one<br>two…</);
  assert.match(table, /<td style="text-align: right; vertical-align: top">-</);
  assert.equal(htmlTable([], { caption: 'Scores', empty: 'No scores yet.' }), '<p><i>No scores yet.</i></p>');
});

test('exports are listed newest first, without those that were removed', async (t) => {
  const out = await mkdtemp(join(tmpdir(), 'tracemill-test-'));
  t.after(() => rm(out, { recursive: true }));
  const ids = ['b', 'a', 'c'].map((letter) => letter.repeat(16));
  await mkdir(join(out, 'log'));
  for (const [day, id] of ids.entries()) {
    const record = { id, created_at: `2026-05-0${day + 1}T00:00:00.000Z` };
    await writeFile(join(out, 'log', `${id}.json`), JSON.stringify(record));
    if (day === 1) continue;
    await mkdir(join(out, id));
    const manifest = { version: id, profile: 'trl', datasets: {}, filters: {}, code: {} };
    await writeFile(join(out, id, 'manifest.json'), JSON.stringify(manifest));
  }
  const found = await listExports(out);
  assert.deepEqual(
    found.map(({ folder, manifest, createdAt }) => [folder, manifest.version, createdAt.slice(0, 10)]),
    [2, 0].map((day) => [join(out, ids[day] ?? ''), ids[day], `2026-05-0${day + 1}`]),
  );
  assert.deepEqual(await listExports(join(out, 'none')), []);
});

test('what rows and messages hold is text, never HTML', async () => {
  const bad = `<script>alert("1")</script>&'`;
  const clean = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;';
  const table = htmlTable(
    [{ [bad]: bad, n: 1234.567, at: new Date('2026-05-01T12:00:00Z'), list: [bad, 2n ** 60n], none: null }],
    {
      caption: bad,
    },
  );
  assert.doesNotMatch(table, /<script/);
  assert.equal(table.split(clean).length, 4);
  assert.match(table, />1,234.57<.*>2026-05-01 12:00<.*,&quot;1152921504606846976&quot;.*>-</);
  assert.equal(htmlTable([], { caption: bad }), `<p><i>${clean}: no rows</i></p>`);
  const chat = htmlChat(
    [
      { role: bad, content: bad, name: bad, train: false },
      { role: 'assistant', content: '', tool_calls: [{ function: { name: bad, arguments: { a: bad } } }] },
      JSON.stringify({ role: 'assistant', content: 'word '.repeat(200), reasoning_content: bad }),
    ],
    { caption: bad, fold: 100 },
  );
  assert.doesNotMatch(chat, /<script/);
  assert.equal(chat.split('&lt;script&gt;').length, 8);
  assert.match(chat, /not trained on/);
  assert.match(chat, /<summary [^>]*>reasoning<.*word …<\/div><details><summary [^>]*>901 more characters</s);
});

test('the module is exported by name', async () => {
  const name = 'tracemill/notebook';
  assert.deepEqual(Object.keys(await import(name)).sort(), ['chat', 'note', 'open', 'plot', 'table']);
});
