import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from '../pipelines/lib/command.js';
import { readSqlFolder } from '../pipelines/lib/model.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pipelines = join(root, 'pipelines');
// Of the files beside the folders, those that are no verbs.
const notVerbs = ['cli', 'config', 'errors', 'notebook', 'recorder'];

/** Path below pipelines/ -> text, of every TypeScript file. */
async function sources(): Promise<Map<string, string>> {
  const files = (await readdir(pipelines, { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(pipelines, file), 'utf8')));
  return new Map(files.map((file, index) => [file, texts[index] ?? '']));
}

function isVerb(file: string): boolean {
  return !file.includes('/') && !notVerbs.includes(file.replace('.ts', ''));
}

/** Files, relative to pipelines/, that a file imports. */
function imports(file: string, text: string): string[] {
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  return found.map((path) => join(file, '..', path).replace(/\.js$/, '.ts'));
}

/** The lines of the files that match, comments left out, as `file: line`. */
function linesWith(files: Map<string, string>, pattern: RegExp, except: string[]): string[] {
  return [...files]
    .filter(([file]) => !except.includes(file))
    .flatMap(([file, text]) =>
      text
        .split('\n')
        .filter((line) => !/^\s*(\/\/|\/\*\*|\*)/.test(line) && pattern.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
}

test('verbs never import one another; what is below them never imports a verb', async () => {
  const broken: string[] = [];
  for (const [file, text] of await sources()) {
    if (file === 'cli.ts') continue;
    for (const other of imports(file, text)) if (isVerb(other)) broken.push(`${file} imports ${other}`);
  }
  assert.deepEqual(broken, []);
});

test('only config.ts reads the environment; only cli.ts prints and exits', async () => {
  const files = await sources();
  assert.deepEqual(linesWith(files, /process\.env/, ['config.ts']), []);
  assert.deepEqual(linesWith(files, /process\.(exit|stdout|stderr)|console\./, ['cli.ts']), []);
});

test('no default exports, enums, any or non-null assertions; classes only for errors', async () => {
  const files = await sources();
  assert.deepEqual(linesWith(files, /\bexport default\b|\benum \w+ \{|: any\b|\bas any\b/, []), []);
  assert.deepEqual(linesWith(files, /\bclass (?!\w*Error\b)\w+/, ['lib/parquetjs-lite.d.ts']), []);
});

test('the runner keeps to its 700 lines, and what it is split into to 600', async () => {
  const files = await sources();
  const lines = (names: string[]) =>
    names.reduce((sum, name) => sum + (files.get(name)?.trimEnd().split('\n').length ?? Number.NaN), 0);
  const runner = lines(['build.ts', 'lib/model.ts', 'lib/graph.ts', 'lib/warehouse.ts']);
  assert.ok(runner <= 700, `${runner} lines`);
  const helpers = lines([
    'lib/checks.ts',
    'lib/drafts.ts',
    'lib/manifest.ts',
    'lib/plan.ts',
    'lib/report.ts',
  ]);
  assert.ok(helpers <= 600, `${helpers} lines`);
});

test('every model says its grain, and orders by its key so that its bytes are the same every time', async () => {
  const { models } = await readSqlFolder(join(root, 'sql'));
  for (const model of models) {
    if (!model.isCheck) assert.match(model.grain, /^One row per /, model.file);
    const code = model.sql.replaceAll(/--.*$/gm, '').replaceAll(/'(?:[^']|'')*'/g, "''");
    const order = /order by ([^()]*)$/
      .exec(code.trimEnd())?.[1]
      ?.split(',')
      .map((word) => word.trim().replace(/^\w+\./, ''));
    assert.ok(order, `${model.file} does not end with order by`);
    const isTotal = order[0] === 'all' || model.key.every((column) => order.includes(column));
    assert.ok(isTotal || model.isCheck, `${model.file} is not ordered by its key ${model.key.join(', ')}`);
    // What differs from run to run, or hides an input from the runner.
    const impure =
      /\b(now|random|hash|uuid|gen_random_uuid|current_timestamp|current_date|today)\s*\(|\bcurrent_(date|timestamp)\b|\b(read_\w+|glob|query|query_table|getenv)\s*\(/i;
    assert.doesNotMatch(code, impure, model.file);
  }
});

test('a header has six kinds of tag at most', async () => {
  const { models } = await readSqlFolder(join(root, 'sql'));
  const used = models.flatMap(({ sql }) => [...sql.matchAll(/^-- ?@(\w+)/gm)].map((match) => match[1] ?? ''));
  const allowed = ['check', 'column', 'key', 'not_null', 'partition', 'split'];
  assert.deepEqual(
    [...new Set(used)].filter((tag) => !allowed.includes(tag)),
    [],
  );
});

test('every column of a dataset says what it holds', async () => {
  const { models } = await readSqlFolder(join(root, 'sql'));
  const datasets = models.filter(({ name }) => name.startsWith('datasets.'));
  assert.ok(datasets.length > 0);
  for (const { file, columns } of datasets) {
    // The runner refuses a dataset whose @column lines differ from its columns; an empty text slips through there.
    assert.ok(columns.size > 0, file);
    assert.deepEqual(
      [...columns].filter(([, text]) => text === ''),
      [],
      file,
    );
  }
});

test('every verb has help, an example and its place in the README', async () => {
  const cli = await readFile(join(pipelines, 'cli.ts'), 'utf8');
  const verbs = [...cli.matchAll(/^ {2}'?([\w-]+)'?: \{\s*describe:/gm)].map((match) => match[1] ?? '');
  const files = [...(await sources()).keys()].filter(isVerb).map((file) => file.replace('.ts', ''));
  assert.deepEqual(verbs.toSorted(), files.toSorted());
  const readme = existsSync(join(root, 'README.md')) ? await readFile(join(root, 'README.md'), 'utf8') : null;
  for (const verb of verbs) {
    const { command }: { command: Command } = await import(`../pipelines/${verb}.js`);
    assert.ok(command.describe.length > 10, verb);
    assert.match(command.example, new RegExp(`^tracemill ${verb}\\b`));
    for (const [name, option] of Object.entries(command.options))
      assert.ok(option.describe, `${verb} --${name}`);
    if (readme !== null)
      assert.match(readme, new RegExp(`(just|tracemill|npm) ${verb}\\b`), `README.md and ${verb}`);
  }
});

test('text gets its quotes in one place an engine, never where SQL is put together', async () => {
  const files = await sources();
  const quoting = ['lib/warehouse.ts', 'lib/clickhouseText.ts', 'lib/zvec.ts'];
  // The shell's quotes, and the double ones of Python and of words for people, are another matter.
  const single = /'\$\{|\$\{[^{}]*\}'|["`]'["`] ?\+|\+ ?["`]'["`]|replaceAll\("'"|replace\(\/'/;
  assert.deepEqual(linesWith(files, single, [...quoting, 'lib/crontab.ts']), []);
  for (const file of quoting)
    assert.ok(linesWith(files, single, []).filter((line) => line.startsWith(file)).length <= 1, file);
  const verbs =
    /\b(select|insert into|create or replace|create table|alter table|drop table|copy \(|read_parquet|describe)\b/;
  const named: string[] = [];
  for (const [file, text] of files) {
    for (const [template] of text.matchAll(/`(?:[^`\\]|\\.)*`/gs))
      if (verbs.test(template) && /"\$\{|\}"/.test(template)) named.push(`${file}: ${template}`);
  }
  assert.deepEqual(named, []);
});

test('every report says its grain, reads what models make, and is asked for', async () => {
  const folder = join(root, 'sql', 'reports');
  const { models } = await readSqlFolder(join(root, 'sql'));
  const made = models.map(({ name }) => name);
  const asked = [...(await sources()).values()].join('\n');
  for (const file of await readdir(folder)) {
    const sql = await readFile(join(folder, file), 'utf8');
    assert.match(sql, /^-- One row\b/, file);
    const tables = [...sql.replaceAll(/--.*$/gm, '').matchAll(/\b(?:from|join)\s+(\w+\.\w+)/g)];
    assert.deepEqual(
      tables.map((match) => match[1] ?? '').filter((table) => !made.includes(table)),
      [],
      file,
    );
    assert.ok(asked.includes(`'${file.replace('.sql', '')}'`), file);
  }
});
