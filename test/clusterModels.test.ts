import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { UserError } from '../pipelines/errors.js';
import { type Clickhouse, openClickhouse } from '../pipelines/lib/clickhouse.js';
import {
  makeModels,
  modelSettings,
  neededModels,
  readClusterFolder,
} from '../pipelines/lib/clusterModels.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';

const sql = fileURLToPath(new URL('../../sql', import.meta.url));
let folder: string;
let clickhouse: Clickhouse;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-'));
  clickhouse = await openClickhouse(readConfig({ TRACEMILL_DATA: folder }), { settings: modelSettings });
});
after(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

/** A sql folder with these files in clickhouse/. */
async function sqlFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const made = await mkdtemp(join(folder, 'sql-'));
  const all = {
    'functions/one.sql': 'create or replace function plus_one as (value) -> value + 1;\n',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    const path = join(made, 'clickhouse', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return made;
}

const model = (select: string) => `-- One row per number.\n-- @key number\n${select}\n`;

test('models are made behind those that they read, with the functions, and only where they are needed', async () => {
  const made = await sqlFolder({
    'models/a.sql': model('select plus_one(number) as number from model_b -- not from model_nothing'),
    'models/b.sql': model('select plus_one(number) as number from model_c'),
    'models/c.sql': model('select toUInt32(1) as number'),
    'models/d.sql': model('select number from model_a'),
  });
  const project = await readClusterFolder(made);
  const names = (of: readonly { name: string }[]) => of.map(({ name }) => name);
  assert.deepEqual(names(project.models), ['c', 'b', 'a', 'd']);
  const needed = neededModels(project, ['a']);
  assert.deepEqual(names(needed), ['c', 'b', 'a']);
  const heard: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    await makeModels(clickhouse, project.functions, needed, ({ name }) => heard.push(name));
  }
  assert.deepEqual(heard, ['c', 'b', 'a', 'c', 'b', 'a']);
  assert.deepEqual(await clickhouse.rows('select number from model_a'), [{ number: '3' }]);
});

test('what is wrong with a folder of models is said, with the file and the way out', async () => {
  const wrong: [Record<string, string>, string][] = [
    [
      { 'models/a.sql': 'select 1 as number\n' },
      'sql/clickhouse/models/a.sql: has no grain; begin with `-- One row per …`',
    ],
    [
      { 'models/a.sql': '-- One row.\nselect 1\n' },
      'sql/clickhouse/models/a.sql: has no key; add `-- @key <columns>`',
    ],
    [
      { 'models/a.sql': model('select number from model_gone') },
      'sql/clickhouse/models/a.sql: reads model_gone, which nothing makes; write models/gone.sql',
    ],
    [
      {
        'models/a.sql': model('select number from model_b'),
        'models/b.sql': model('select number from model_a'),
      },
      'sql/clickhouse/models/a.sql: a reads b reads a; break the circle',
    ],
    [
      { 'functions/two.sql': '-- Nothing.\n', 'models/a.sql': model('select 1 as number') },
      'sql/clickhouse/functions/two.sql: no `create or replace function`; write one or remove the file',
    ],
  ];
  for (const [files, message] of wrong) {
    const made = await sqlFolder(files);
    await assert.rejects(readClusterFolder(made), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, message);
      return true;
    });
  }
});

test('texts that hang together over any number of links are one cluster', async () => {
  // A chain of 5,000 in an order without order: neighbour by neighbour the least number would take thousands of rounds.
  const shuffled = Array.from({ length: 5000 }, (_, index) => (index * 48271) % 5003);
  const links = shuffled.slice(1).map((text, index) => [text, shuffled[index] ?? 0] as const);
  const apart: [number, number][] = Array.from({ length: 500 }, (_, index) => [
    6001 + 7 * index,
    6000 + 7 * index,
  ]);
  const pairs = [...links, ...apart].map(([a, b]) => `(${Math.max(a, b)}, ${Math.min(a, b)}, 0.9)`);
  await clickhouse.run(
    'create or replace table model_near_pairs (text_no Int64, older_no Int64, jaccard Float64) engine = Memory',
  );
  await clickhouse.run(`insert into model_near_pairs values ${pairs.join(', ')}`);
  await makeOne('near_clusters');
  const rows = await clickhouse.rows(
    'select toUInt32(cluster_no) as cluster, toUInt32(count()) as texts from model_near_clusters group by cluster order by cluster',
  );
  assert.deepEqual(rows[0], { cluster: Math.min(...shuffled), texts: 5000 });
  assert.deepEqual(
    rows.slice(1),
    apart.map(([, older]) => ({ cluster: older, texts: 2 })),
  );
});

test('what is withheld of rows is what the lake withholds of them', async () => {
  // Shares with a train row its content, prompt and cluster; prompt and cluster; cluster; nothing; and a train row.
  const examples = [
    ['a', 'sft', 'train', 'p1', 'c1', ['d1']],
    ['b', 'sft', 'train', 'p2', 'c2', []],
    ['c', 'reward', 'test', 'p1', 'c1', ['d1']],
    ['d', 'preference', 'validation', 'p2', 'c4', ['d2', 'd1']],
    ['e', 'reward', 'test', null, 'c5', ['d3', 'd2']],
    ['f', 'reward', 'test', null, 'c6', ['d4']],
    ['g', 'reward', 'train', 'p9', 'c1', ['d3']],
    ['a', 'reward', 'test', 'p7', 'c7', []],
  ] as const;
  const clusters = [
    ['d1', 'n1'],
    ['d2', 'n1'],
    ['d3', 'n3'],
    ['d4', 'n4'],
  ];
  const value = (one: unknown) =>
    one === null ? 'null' : Array.isArray(one) ? `[${one.map((text) => `'${text}'`)}]` : `'${one}'`;
  const list = (rows: readonly (readonly unknown[])[]) =>
    rows.map((row) => `(${row.map(value).join(', ')})`).join(', ');
  const duckdb = await openDuckDB();
  await duckdb.connection.run(`
    create schema datasets; create schema duplicates;
    create table datasets.training_examples (id varchar, dataset varchar, split varchar, prompt_hash varchar,
      content_hash varchar, document_ids varchar[], day varchar default '2026-01-01');
    insert into datasets.training_examples (id, dataset, split, prompt_hash, content_hash, document_ids)
      values ${list(examples)};
    create table duplicates.near_duplicates (document_id varchar, near_duplicate_cluster varchar);
    insert into duplicates.near_duplicates values ${list(clusters)}`);
  const lakeSql = await readFile(join(sql, 'duplicates', 'withheld.sql'), 'utf8');
  const reader = await duckdb.connection.runAndReadAll(lakeSql);
  const expected = reader.getRowObjectsJS();
  duckdb.close();
  await clickhouse.run(
    `create or replace table model_training_examples (id String, dataset String, split String, prompt_hash Nullable(String),
       content_hash String, document_ids Array(String), day String default '2026-01-01') engine = Memory`,
  );
  await clickhouse.run(
    `insert into model_training_examples (id, dataset, split, prompt_hash, content_hash, document_ids) values ${list(examples)}`,
  );
  await clickhouse.run(
    'create or replace table model_near_duplicates (document_id String, near_duplicate_cluster String) engine = Memory',
  );
  await clickhouse.run(`insert into model_near_duplicates values ${list(clusters)}`);
  await makeOne('withheld');
  const columns = 'day, dataset, id, split, reason, match_id';
  const found = await clickhouse.rows(`select ${columns} from model_withheld order by dataset, id`);
  assert.equal(expected.length, 3);
  assert.deepEqual(found, expected);
});

test('every model and function is written as the house writes SQL', async () => {
  for (const part of ['models', 'functions']) {
    const names = await readdir(join(sql, 'clickhouse', part));
    assert.ok(names.length > 5);
    for (const name of names) {
      const text = await readFile(join(sql, 'clickhouse', part, name), 'utf8');
      const where = `${part}/${name}`;
      assert.match(text, /^-- [A-Z]/, `${where}: begins with a sentence`);
      if (part === 'models') assert.doesNotMatch(text, /;\s*$/, `${where}: ends without a semicolon`);
    }
  }
});

/** Makes one model of the project, its inputs being there. */
async function makeOne(name: string): Promise<void> {
  const { models, functions } = await readClusterFolder(sql);
  await makeModels(
    clickhouse,
    functions,
    models.filter((one) => one.name === name),
  );
}
