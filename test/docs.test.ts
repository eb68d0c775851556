import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '../pipelines/config.js';
import { command } from '../pipelines/docs.js';
import { type ColumnWords, describeColumns, silentColumns } from '../pipelines/lib/columnWords.js';
import { readModel } from '../pipelines/lib/model.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { readTables, type TableColumn } from '../pipelines/lib/tables.js';
import { sampleLake } from './support/sampleLake.js';

const root = await mkdtemp(join(tmpdir(), 'docs-'));
after(() => rm(root, { recursive: true }));
const bare = readConfig({ TRACEMILL_DATA: join(root, 'bare') });
const built = readConfig({ TRACEMILL_DATA: join(root, 'built') });
await mkdir(built.data);
await symlink(join(await sampleLake(), 'lake'), join(built.data, 'lake'));

async function docs(config = built, check = false) {
  const context = { config, log: () => {}, progress: silentProgress, now: () => new Date(0) };
  const { json } = await command.run({ check }, context);
  return json as { pages: number; written: number; removed: number; silent: string[] };
}

/** Pages of a data folder by their path. */
async function readPages({ data }: { data: string }): Promise<Map<string, string>> {
  const folder = join(data, 'docs');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.md')).sort();
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), 'utf8')] as const)),
  );
}

test('no table and no column of any layer is undocumented', async () => {
  const { project, tables } = await readTables(bare);
  assert.deepEqual(silentColumns(tables, describeColumns(project, tables)), []);
});

test('every table has its page, and every link leads to one', async () => {
  const { pages: count } = await docs();
  const pages = await readPages(built);
  assert.equal(pages.size, count);
  const { tables } = JSON.parse(await readFile(join(built.data, 'lake/manifest.json'), 'utf8'));
  for (const [name, { files, columns }] of Object.entries<{
    files: Record<string, { rows: number }>;
    columns: [string, string][];
  }>(tables)) {
    const page = pages.get(`${name.replace('.', '/')}.md`) ?? '';
    const rows = Object.values(files).reduce((sum, file) => sum + file.rows, 0);
    assert.ok(page.includes(`\n- On this lake: ${rows.toLocaleString('en-US')} rows, `), name);
    for (const [column] of columns) assert.ok(page.includes(`\n| \`${column}\` `), `${name}.${column}`);
    assert.ok(pages.get('README.md')?.includes(`\n| [${name}](${name.replace('.', '/')}.md) `), name);
  }
  for (const [file, text] of pages) {
    for (const [, path = ''] of text.matchAll(/\]\(([^)]+)\)/g))
      assert.ok(pages.has(join(dirname(file), path)), `${file}: ${path}`);
  }
});

test('a page says what the header says', async () => {
  const page = (await readPages(built)).get('core/qa_pairs.md') ?? '';
  const { key, notNull, checks } = readModel(
    'core/qa_pairs.sql',
    await readFile(new URL('../../sql/core/qa_pairs.sql', import.meta.url), 'utf8'),
  );
  for (const line of [
    '# core.qa_pairs\n\nOne row per human question and the agent',
    '- Made by `sql/core/qa_pairs.sql`, each day on its own.\n',
    ...checks.map((check) => `- \`${check}\`\n`),
    `- Never null: ${[...key, ...notNull].map((column) => `\`${column}\``).join(', ')}.\n`,
    '- Every row of a day is redacted by the policy in force',
    '- [duplicates.near_duplicates](../duplicates/near_duplicates.md): One row per document',
    '- [datasets.qa_documents](../datasets/qa_documents.md): One row per question',
  ])
    assert.ok(page.includes(line), line);
});

test('pages are the same with and without a lake, but for what it holds of each table: no text of it is in them', async () => {
  await docs(bare);
  const withoutSizes = (pages: ReadonlyMap<string, string>) =>
    [...pages].map(([file, text]) => [
      file,
      text
        .replace(/^- On this lake: .*$/m, '')
        .replaceAll(/^(\| \[.*?\) +)\|[-\d,. kMB|]+\|(.*)$/gm, '$1|$2')
        .replaceAll(/^\| (table|-+) .*$/gm, ''),
    ]);
  const [page] = (await readPages(bare)).values();
  assert.match((await readPages(bare)).get('core/turns.md') ?? '', /\n- On this lake: not built\.\n/);
  assert.ok(page);
  assert.deepEqual(withoutSizes(await readPages(bare)), withoutSizes(await readPages(built)));
});

test('what is the same is not written again; pages of tables that are gone go, those of others stay', async () => {
  const folder = join(built.data, 'docs');
  const page = await readFile(join(folder, 'core/turns.md'), 'utf8');
  await mkdir(join(folder, 'gone'), { recursive: true });
  await writeFile(join(folder, 'gone/table.md'), page);
  await writeFile(join(folder, 'core/mine.md'), '# Mine\n');
  await writeFile(join(folder, 'core/turns.md'), 'old');
  const { written, removed } = await docs();
  assert.deepEqual({ written, removed }, { written: 1, removed: 1 });
  assert.equal(await readFile(join(folder, 'core/turns.md'), 'utf8'), page);
  const names = await readdir(folder);
  assert.ok(!names.includes('gone'));
  assert.equal(await readFile(join(folder, 'core/mine.md'), 'utf8'), '# Mine\n');
  assert.deepEqual((await docs()).written, 0);
});

test('a column that is passed on has the words of the column of its name, found through all models', () => {
  const column = (name: string, sources: string[], isPassedOn = true): TableColumn => {
    return { name, type: 'VARCHAR', sources, conditions: [], isPassedOn, isUnknown: false };
  };
  const tables = new Map([
    ['core.a', [column('x', []), column('y', [])]],
    ['core.b', [column('x', []), column('z', [])]],
    ['core.c', [column('x', ['core.a.x', 'core.b.x']), column('z', ['core.a.y', 'core.b.z'])]],
    // Under the name of another column of that table.
    ['core.e', [column('y', ['core.a.x'])]],
    [
      'core.d',
      [
        column('x', ['core.c.x']),
        column('z', ['core.c.z']),
        column('w', ['core.c.x']),
        column('y', ['core.a.y'], false),
        column('day', []),
      ],
    ],
  ]);
  const model = (name: string, ...columns: string[]) =>
    readModel(
      `core/${name}.sql`,
      `-- One row per x.\n-- @key x\n${columns.map((line) => `-- @column ${line}\n`).join('')}select 1`,
    );
  const nodes = [model('a', 'y  Of a.'), model('b', 'x  Of b.', 'z  Of b, too.'), model('c'), model('d')];
  const words = describeColumns({ nodes: nodes.map((node) => ({ ...node, inputs: [], own: '' })) }, tables);
  const told = (table: string): [string, ColumnWords][] => [...(words.get(table) ?? [])];
  assert.deepEqual(told('core.c'), [
    ['x', { text: 'Of b.', from: 'core.b' }],
    ['z', { text: 'Of b, too.', from: 'core.b' }],
  ]);
  assert.deepEqual(told('core.d').slice(0, 2), told('core.c'));
  // Under another name it means something else; so does what is computed.
  assert.deepEqual(silentColumns(tables, words), ['core.a: x', 'core.e: y', 'core.d: w, y']);
  assert.equal(words.get('core.d')?.get('day')?.from, null);
});
