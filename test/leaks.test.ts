import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { createCollection } from '../pipelines/lib/zvec.js';
import { openChdb } from './support/chdb.js';
import { clickhouseTexts, fileTexts, type PlacedTexts, parquetTexts, zvecTexts } from './support/decoded.js';
import { formsOf, searchFor } from './support/leaks.js';

// A search that finds nothing must be able to find: what canary.test.ts looks for with it stands in each form and place here.
const value = 'Zq8"\\r41xPp W0e+7/kL?9';
const find = searchFor([
  { name: 'planted', value },
  { name: 'person', value: 'carla' },
]);
const formsIn = (text: string) => new Set(find(text).map(({ form }) => form));
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-leaks-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('each form of a value is found, wherever it begins', () => {
  for (const [form, text] of formsOf(value)) {
    assert.ok(find(`begin ${text} end`).length > 0, form);
  }
  for (const before of ['', 'a', 'ab', 'abc']) {
    const bytes = Buffer.from(`${before}${value} and more`);
    assert.ok(
      find(`data:text/plain;base64,${bytes.toString('base64')}`).length > 0,
      `base64 behind ${before}`,
    );
    assert.ok(find(bytes.toString('base64url')).length > 0, `base64url behind ${before}`);
  }
  const escaped = [...value].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  assert.deepEqual(formsIn(`{"a": ["${escaped.join('')}"]}`), new Set(['plain']), 'escapes of JSON');
  assert.ok(
    formsIn(JSON.stringify({ a: JSON.stringify({ [value]: 1 }) })).has('plain'),
    'a key in JSON in JSON',
  );
  assert.equal(find(`x${value.slice(5, 17)}x`).length, 1, 'twelve characters of it');
  assert.deepEqual(find(`x${value.slice(5, 16)}x`), [], 'eleven are not enough');
  assert.deepEqual(formsIn('/home/carla/x'), new Set(['plain']), 'a short one as a whole');
  assert.deepEqual(find('an innocent text of some length, with words'), []);
});

const placesOf = async (texts: PlacedTexts) => {
  const places = new Set<string>();
  for await (const batch of texts) {
    for (const { where, text } of batch) if (find(text).length > 0) places.add(where);
  }
  return [...places].sort();
};

test('it is found in every column of Parquet, also nested and behind a NUL', async () => {
  const { connection, close } = await openDuckDB();
  const text = quote(value);
  await connection.run(
    `copy (select 'clean' as clean, ${text} as plain, 'a' || chr(0) || ${text} as behind, [{'a': [${text}]}] as nested,
        map([${text}], [1]) as keys, encode(${text}) as bytes, json_object('a', ${text}) as json, 1 as n)
     to ${quote(join(folder, 'x.parquet'))} (format parquet)`,
  );
  close();
  const columns = ['behind', 'bytes', 'json', 'keys', 'nested', 'plain'];
  assert.deepEqual(
    await placesOf(parquetTexts(folder)),
    columns.map((column) => `x.parquet ${column}`),
  );
});

test('it is found in files and their names, in ClickHouse and in zvec', async () => {
  const files = join(folder, 'files');
  await mkdir(files);
  await writeFile(
    join(files, 'a.jsonl'),
    `{"a":1}\n${JSON.stringify({ a: JSON.stringify({ b: value }) })}\n`,
  );
  await writeFile(join(files, 'b.log'), `2026 ${value}\n`);
  await writeFile(join(files, 'carla.txt'), 'x');
  await writeFile(join(files, 'd.bin'), Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(value)]));
  assert.deepEqual(await placesOf(fileTexts(files)), ['a.jsonl', 'b.log', 'carla.txt', 'd.bin']);

  const path = join(folder, 'collection');
  const collection = await createCollection(path);
  collection.upsertSync([
    {
      id: '1',
      fields: {
        text: 'x',
        metadata: JSON.stringify({ a: value }),
        line: 'x',
        agent: 'a',
        projects: ['x'],
        ts_ms: 1,
      },
    },
  ]);
  collection.closeSync();
  assert.deepEqual(await placesOf(zvecTexts(path)), ['zvec metadata']);

  const chdb = await openChdb();
  await chdb.run('create table default.t (a String, b Array(Tuple(x String))) engine = MergeTree order by a');
  await chdb.run(`insert into default.t values ('x', [('${value.replaceAll('\\', '\\\\')}')])`);
  assert.deepEqual(await placesOf(clickhouseTexts(chdb.client)), ['clickhouse t b']);
  await chdb.remove();
});
