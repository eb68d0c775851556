import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { command as diff } from '../pipelines/diff.js';
import { ingest } from '../pipelines/ingest.js';
import { commitFiles, emptyRow, writeCommit } from '../pipelines/lib/commitLog.js';
import { foreignPart, isBelow } from '../pipelines/lib/foreignNames.js';
import { writeAtomically } from '../pipelines/lib/lake.js';
import { readStatus } from '../pipelines/lib/lakeStatus.js';
import { type Manifest, readManifest } from '../pipelines/lib/manifest.js';
import { readOut } from '../pipelines/lib/outFolder.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { identifier, openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { lakeOf } from './support/core.js';
import { run } from './support/exported.js';
import type { TestLake } from './support/lake.js';

/** A built and exported lake, and beside its data folder a file that nobody may touch. */
let lake: TestLake;
let victim: string;
let version: string;
before(async () => {
  const turns = [{ question: 'which moss?', steps: [{ kind: 'text', text: 'Cushion moss.' }] }];
  lake = await lakeOf([{ id: 'one', turns } as Parameters<typeof lakeOf>[0][number]]);
  victim = join(lake.folder, 'victim.parquet');
  await writeFile(victim, 'mine');
  version = (await run(lake, { datasets: ['sft'], jsonl: true })).version ?? '';
});
after(() => lake.remove());

/** Runs `work` with a file of the data folder changed, and puts it back. */
async function withFile(path: string, change: (text: string) => string, work: () => Promise<void>) {
  const file = join(lake.config.data, path);
  const text = await readFile(file, 'utf8').catch(() => null);
  await writeFile(file, change(text ?? ''));
  await work().finally(() => (text === null ? rm(file) : writeFile(file, text)));
  assert.equal(await readFile(victim, 'utf8'), 'mine');
}

test('a name is below a folder or it is refused, whatever it is made of', () => {
  const part = fc.oneof(fc.constantFrom('..', '.', '', 'a', '...', '.. ', '%2e%2e'), fc.string());
  const path = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('/'));
  fc.assert(
    fc.property(path, (name) => {
      if (isBelow(name)) assert.match(resolve('/x/y', name), /^\/x\/y(\/|$)/s);
    }),
  );
  for (const name of ['day=2026-01-01/0.parquet', 'a..b/c', '...', '-rf', "'; --"])
    assert.ok(isBelow(name), name);
  for (const name of ['', '..', '../x', 'a/../../x', '/x', 'a\\..\\x', 'a\0', 7, null])
    assert.ok(!isBelow(name));
});

test('literals and names of SQL give back what they were made of', async () => {
  const { connection, close } = await openDuckDB();
  // What DuckDB can hold: no NUL in a statement, no half of a surrogate pair, and a name is not empty.
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.replaceAll('\0', ''));
  const odd = fc.constantFrom(
    "'",
    "''",
    '"',
    '""',
    '\\',
    "\\'",
    '\n',
    ';--',
    '/*',
    '$$',
    '$1',
    '?',
    '{}',
    "';select 1--",
  );
  const values = fc.sample(
    fc.array(fc.oneof(text, odd), { maxLength: 5 }).map((parts) => parts.join('')),
    { seed: 5, numRuns: 300 },
  );
  const names = values.map((value, index) => `${value}${index}`);
  const columns = names.map((name, index) => `${quote(values[index] ?? '')} as ${identifier(name)}`);
  const reader = await connection.runAndReadAll(`select ${columns.join(', ')}`);
  assert.deepEqual(reader.getRows()[0], values);
  assert.deepEqual(reader.columnNames(), names);
  // Types whose fields have such names are types; what goes on behind one is not.
  const manifest = (type: string): Manifest => ({
    format: 1,
    checks: {},
    tables: {
      'core.a': { columns: [['x', type]], partitioned: true, shape: '', fingerprint: '', files: {} },
    },
  });
  for (const name of names) {
    const of = `select struct_pack(${identifier(name)} := [1, 2], b := 1.5::decimal(9, 2)) as x`;
    const described = await connection.runAndReadAll(`describe ${of}`);
    const type = String(described.getRows()[0]?.[1]);
    assert.equal(foreignPart(manifest(type)), null, type);
    const cast = await connection.runAndReadAll(`select null::${type}`);
    assert.equal(cast.getRows().length, 1);
  }
  close();
  const hostile = [
    'VARCHAR as x, (select 1)',
    'VARCHAR, 1',
    "VARCHAR) from read_text('/etc/passwd') --",
    'STRUCT(a INTEGER), (select 1)',
    'STRUCT(a INTEGER) from (select 1)',
    "STRUCT(a INTEGER DEFAULT 'x')",
    'STRUCT("a INTEGER)',
    'VARCHAR; drop table x',
    'STRUCT(a INTEGER;)',
    '',
  ];
  for (const type of hostile) assert.notEqual(foreignPart(manifest(type)), null, type);
});

test('a manifest of the lake that names what lies outside of it is refused, by all that read it', async () => {
  const manifest = await readManifest(join(lake.config.data, 'lake'));
  const edits: ((edited: Manifest) => void)[] = [
    ({ tables }) => {
      for (const table of Object.values(tables))
        for (const entry of Object.values(table.files)) entry.file = '../../victim.parquet';
    },
    ({ tables }) => {
      tables['datasets.../../../out'] = structuredClone(
        Object.values(tables)[0] as Manifest['tables'][string],
      );
    },
    ({ tables }) => {
      for (const table of Object.values(tables)) table.columns = [['x', 'VARCHAR as x, (select 1)']];
    },
    (edited) => {
      edited.tables = [] as unknown as Manifest['tables'];
    },
  ];
  for (const edit of edits) {
    const edited = structuredClone(manifest);
    edit(edited);
    await withFile(
      'lake/manifest.json',
      () => JSON.stringify(edited),
      async () => {
        const refusal = /^UserError: lake\/manifest\.json: .*; remove it to build everything again$/;
        await assert.rejects(lake.build(), refusal);
        await assert.rejects(run(lake), refusal);
        await assert.rejects(readStatus(lake.config, new Date()), refusal);
      },
    );
  }
});

test('what a file of the lake names for removal is removed below the lake only', async () => {
  const old = JSON.stringify([{ file: '../../victim.parquet', at: '2020-01-01T00:00:00.000Z' }]);
  await withFile(
    'lake/retired.json',
    () => old,
    () => assert.rejects(lake.build(), /^UserError: lake\/retired\.json: names what is not below the lake/),
  );
  const old2020 = new Date('2020-01-01');
  const outside = ['../../victim.parquet'];
  const rows = [
    { ...emptyRow('merge', '99999999', old2020), raw_files: ['raw/claude/x.parquet'], replaces: outside },
    { ...emptyRow('purge', '99999999', old2020), replaces: outside },
    { ...emptyRow('add', '99999999', old2020), raw_files: outside },
    { ...emptyRow('merge', '99999999', old2020), raw_files: [victim], replaces: [] },
  ];
  for (const [index, row] of rows.entries()) {
    const copy = join(lake.folder, `copy-${index}`);
    await cp(lake.config.data, copy, { recursive: true });
    const commit = await writeCommit(join(copy, 'lake'), [row]);
    const points = { renamed: 'none' };
    await commitFiles({ lake: join(copy, 'lake'), id: '99999999', drafts: [], commit, points });
    await assert.rejects(
      ingest({ config: { ...lake.config, data: copy }, progress: silentProgress, now: () => new Date() }),
      /^UserError: lake\/commits: one of them names a file that is not below the lake/,
    );
    assert.equal(await readFile(victim, 'utf8'), 'mine');
  }
});

test('an export that names files outside of its folder, or a record that is none, is refused', async () => {
  const context = { config: lake.config, log: () => {}, progress: silentProgress, now: () => new Date() };
  const compare = (from: string) => diff.run({ from, to: version }, context);
  const path = join('exports', version, 'manifest.json');
  for (const file of ['../../../victim.parquet', victim, '..']) {
    const edit = (text: string) => {
      const manifest = JSON.parse(text);
      for (const split of Object.values<{ files: string[] }>(manifest.datasets.sft.splits))
        split.files = [file];
      return JSON.stringify(manifest);
    };
    await withFile(path, edit, () =>
      assert.rejects(compare(version), /manifest\.json: is not of an export, or names files outside of it/),
    );
  }
  await withFile(
    path,
    () => '{"datasets": 3}',
    () => assert.rejects(compare(version), /is not of an export/),
  );
  await withFile(
    join('exports', 'log', `${version}.json`),
    (text) => text.replaceAll(version, '../../victim'),
    () => assert.rejects(compare('latest'), /^UserError: exports: a file in log\/ is no record of an export/),
  );
  await withFile(
    join('exports', 'log', 'canary.json'),
    () => 'CANARY',
    () => assert.rejects(compare('latest'), (error: Error) => !error.message.includes('CANARY')),
  );
});

test('--out may be a link, is no part of the lake by any way, and links planted in it are not followed', async () => {
  const { data } = lake.config;
  const shared = join(lake.folder, 'shared');
  const link = join(lake.folder, 'link');
  await mkdir(shared);
  await symlink(shared, link);
  const exported = await run(lake, { datasets: ['sft'], out: link });
  assert.deepEqual((await readdir(shared)).sort(), [exported.version, 'log'].sort());
  const inLake = join(lake.folder, 'in-lake');
  await symlink(join(data, 'lake'), inLake);
  for (const out of [
    inLake,
    join(inLake, 'new', 'x'),
    join(data, 'lake'),
    join(data, 'exports', '..', 'lake', 'core'),
  ])
    assert.throws(() => readOut(out, lake.config), { name: 'UserError', message: /lies in the lake/ });
  assert.equal(readOut(link, lake.config), link);
  // In a folder that all may write to, somebody else can put a link where a draft is to come.
  const file = join(shared, 'log', 'state');
  await symlink(victim, `${file}.draft`);
  await writeAtomically(file, 'new');
  assert.equal(await readFile(file, 'utf8'), 'new');
  const names = ['', '.spill', '.derived'].map((end) => join(shared, `.draft-${process.pid}${end}`));
  for (const name of names) await symlink(lake.folder, name);
  const before = (await readdir(lake.folder)).sort();
  await run(lake, { datasets: ['sft'], out: link });
  assert.deepEqual((await readdir(lake.folder)).sort(), before);
  assert.equal(await readFile(victim, 'utf8'), 'mine');
});
