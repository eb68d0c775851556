import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import { modelSettings, readClusterFolder } from '../pipelines/lib/clusterModels.js';
import { loadMacros } from '../pipelines/lib/macros.js';
import { readSqlFolder } from '../pipelines/lib/model.js';
import { type DuckDB, openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { type Chdb, openChdb } from './support/chdb.js';
import { redactionPolicy } from './support/redaction.js';

const sql = fileURLToPath(new URL('../../sql', import.meta.url));
let chdb: Chdb;
let duckdb: DuckDB;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-'));
  chdb = await openChdb();
  duckdb = await openDuckDB();
  await loadMacros(duckdb.connection, (await readSqlFolder(sql)).macros, await redactionPolicy());
  for (const statement of (await readClusterFolder(sql)).functions) await chdb.run(statement);
});
after(async () => {
  duckdb.close();
  await chdb.remove();
  await rm(folder, { recursive: true, force: true });
});

const texts = [
  null,
  '',
  ' ',
  'plain words',
  'Two  spaces\tand\u00a0a\u2003few\u3000more \r\n',
  'See /home/mia/bees/src/hive.ts and C:\\Users\\mia\\hive.ts, or ~/notes/a.md (./x/y)',
  'toolu_01ABCDEFGHJK',
  'id 123e4567-e89b-12d3-a456-426614174000 and deadbeefdeadbeefdead, not deadbeef',
  'ΟΔΥΣΣΕΥΣ in İstanbul, ÀÉ and e\u0301, ẞ',
  'NUL \0 in ASCII',
  'é before \0 a NUL, Ö after',
  'é before \0 a NUL, Ü after',
  'a "quoted" \\ back/slash </tag> \b\f\v\x1f\x7f',
  'line\u2028separator and \\u2028 and \\\\u2029\u2029',
  '{"json": "\\/"}',
  'one two three four',
  'one two three four five six seven',
  '한국어 日本語 emoji 😀 and ﬁ',
];

/** The values of an expression over every text, in DuckDB and in ClickHouse. */
async function both(duckdbSql: string, clickhouseSql = duckdbSql) {
  const file = quote(join(folder, 'texts.parquet'));
  await writeTexts(duckdb.connection, file);
  const expected = await duckdb.connection.runAndReadAll(
    `select to_json(coalesce(v, null))::varchar from (select no, ${duckdbSql} as v from ${file}) order by no`,
  );
  const result = await chdb.client.query({
    query: `select ${clickhouseSql} as v from file(${file}, Parquet) order by no`,
    format: 'JSONEachRow',
    clickhouse_settings: modelSettings,
  });
  const found = (await result.json<{ v: unknown }>()).map(({ v }) => v);
  return { expected: expected.getRows().map(([v]) => JSON.parse(String(v))), found };
}

async function writeTexts(connection: DuckDBConnection, file: string): Promise<void> {
  const prepared = await connection.prepare(
    `copy (select unnest(json_transform($1, '["VARCHAR"]')) as value, unnest(range(${texts.length})) as no)
     to ${file} (format parquet)`,
  );
  prepared.bindVarchar(1, JSON.stringify(texts));
  await prepared.run();
  prepared.destroySync();
}

for (const call of [
  'trimmed(value)',
  'sha256(value)',
  'collapsed(value)',
  'without_volatile(value)',
  'normal_text(value)',
  'text_hash(value)',
]) {
  test(`${call} is the same text in both engines`, async () => {
    const { expected, found } = await both(call);
    assert.deepEqual(found, expected);
    assert.ok(new Set(found).size > 5);
  });
}

test('texts that differ behind a NUL are two texts', async () => {
  const { expected } = await both('text_hash(value)');
  const behind = expected.filter((_, place) => texts[place]?.startsWith('é before'));
  assert.equal(new Set(behind).size, 2);
});

test('has_words and is_edited_prompt agree', async () => {
  const flags = (v: readonly unknown[]) => v.map(Number);
  for (const call of ['has_words(value)', `is_edited_prompt(value, value || ' more')`]) {
    const { expected, found } = await both(call);
    assert.deepEqual(flags(found), flags(expected));
    assert.equal(new Set(flags(found)).size, 2);
  }
});

test('texts and numbers are the same JSON', async () => {
  const { expected, found } = await both(
    'to_json(value)::varchar',
    `if(value is null, null, json_text(value))`,
  );
  assert.deepEqual(found, expected);
  const numbers = [0, 1, -1, 8.5, 0.1, 1e20, 1e21, 1.5e300, 1e-6, 1e-7, 123456789012345680000, -2.5e-9];
  const doubles = numbers.map((number) => `'${number}'::double`);
  const reader = await duckdb.connection.runAndReadAll(`select to_json([${doubles.join(', ')}])::varchar`);
  const list = numbers.map((number) => `json_double(toFloat64('${number}'))`);
  const [row] = await chdb.rows(`select concat('[', arrayStringConcat([${list.join(', ')}], ','), ']') as v`);
  assert.equal(row?.v, reader.getRows()[0]?.[0]);
});

test('the words of a text have the same numbers, and its bands the same hashes', async () => {
  const words = await both(
    'word_hashes(normal_text(value))',
    `if(value is null, [], word_hashes(assumeNotNull(normal_text(value))))`,
  );
  assert.deepEqual(
    words.found,
    words.expected.map((list) => list ?? []),
  );
  const shingles = await both(
    `list_transform(range(1, len(five_or_more(word_hashes(normal_text(value)))) - 3), lambda place: shingle_hash(
      five_or_more(word_hashes(normal_text(value)))[place], five_or_more(word_hashes(normal_text(value)))[place + 1],
      five_or_more(word_hashes(normal_text(value)))[place + 2], five_or_more(word_hashes(normal_text(value)))[place + 3],
      five_or_more(word_hashes(normal_text(value)))[place + 4]))`,
    'word_shingles(word_hashes(assumeNotNull(normal_text(value))))',
  );
  assert.deepEqual(shingles.found.slice(1), shingles.expected.slice(1));
  const bands = (least: string, slots: string) =>
    `band_hashes(numbered_slots(filled_slots(${slots}), ${least}))`;
  const nulls = 'list_transform(range(157), lambda one: null::uinteger)';
  const expected = await duckdb.connection.runAndReadAll(
    `select to_json(${bands('7', `list_concat([7, null, 4000000000]::uinteger[], ${nulls})`)})::varchar`,
  );
  const slots = 'arrayConcat([7, -1, 4000000000], arrayWithConstant(157, -1))';
  const [row] = await chdb.rows(`select ${bands('7', slots)} as v`);
  assert.deepEqual(row?.v, JSON.parse(String(expected.getRows()[0]?.[0])));
});

test('md5_bits agree', async () => {
  const { expected, found } = await both('md5_bits(value)::varchar', 'toString(md5_bits(value))');
  assert.deepEqual(found, expected);
});

test('homes of paths are written ~ alike', async () => {
  const paths = [
    '/home/mia',
    '/home/mia/bees',
    '/mnt/c/Users/mia/bees',
    'C:\\Users\\mia\\bees',
    '/Users/mia/x/y',
  ]
    .concat('/root', '/root/bees', '/rooted/bees', '/homes/mia', '/srv/home/mia', 'd:/Users/mia/x', '~/x', '')
    .map((path) => `home_as_tilde('${path.replaceAll('\\', '\\\\')}')`);
  const [found] = await chdb.rows(`select [${paths.join(', ')}] as v`);
  const reader = await duckdb.connection.runAndReadAll(
    `select to_json([${paths.join(', ').replaceAll('\\\\', '\\')}])::varchar`,
  );
  assert.deepEqual(found?.v, JSON.parse(String(reader.getRows()[0]?.[0])));
  assert.equal(found?.v.filter((path: string) => path.startsWith('~')).length, 9);
});

test('a half is rounded away from zero, in points and in milliseconds', async () => {
  const pairs = [
    [8.1, 6.1],
    [4.40517, 1.0334695],
    [4.4083376, 1.0753611],
    [1, 9.5],
  ].map(([score, other]) => `score_difference(${score}::double, ${other}::double)`);
  const times = ['0.5', '1.5', '2.5', '-2.5', '0.49999999999999994', '12', '1e300', '"7"'];
  const [points] = await chdb.rows(`select [${pairs.join(', ')}] as v`);
  const expected = await duckdb.connection.runAndReadAll(
    `select to_json([${pairs.join(', ')}])::varchar,
       to_json([${times.map((time) => `milliseconds_field('${time}'::json)`).join(', ')}])::varchar`,
  );
  const [differences, milliseconds] = expected.getRows()[0] ?? [];
  assert.deepEqual(points?.v, JSON.parse(String(differences)));
  const [read] = await chdb.rows(
    `select [${times.map((time) => `toString(milliseconds_field('${time}'))`).join(', ')}] as v`,
  );
  const inLake: (number | null)[] = JSON.parse(String(milliseconds));
  assert.deepEqual(
    read?.v,
    inLake.map((time) => (time === null ? null : String(time))),
  );
});
