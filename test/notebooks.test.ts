import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Config } from '../pipelines/config.js';
import { UserError } from '../pipelines/errors.js';
import { exportDatasets } from '../pipelines/export.js';
import { command as lab } from '../pipelines/lab.js';
import { executeNotebook, readNotebook } from '../pipelines/lib/executedNotebook.js';
import { readFilters } from '../pipelines/lib/filters.js';
import { findJupyter, notebookFolder, runJupyter } from '../pipelines/lib/jupyter.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { command as notebooks } from '../pipelines/notebooks.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';

const nbconvert = await findJupyter('nbconvert');
// Where tests must prove something, a missing program is a failure.
const skip =
  nbconvert === undefined && process.env.CI === undefined ? 'jupyter nbconvert is not installed' : false;

const context = (config: Config) => ({
  config,
  log: () => {},
  progress: silentProgress,
  now: () => new Date(),
});

/** The samples' lake, with an export, in a folder where notebooks may be written. */
async function sampleData(t: { after: (end: () => Promise<void>) => void }): Promise<Config> {
  const data = await mkdtemp(join(tmpdir(), 'tracemill-test-'));
  t.after(() => rm(data, { recursive: true }));
  await symlink(join(await sampleLake(), 'lake'), join(data, 'lake'));
  return sampleConfig(data);
}

test('every notebook runs on the samples and shows what is committed', { skip }, async (t) => {
  const config = await sampleData(t);
  await exportDatasets({
    config,
    progress: silentProgress,
    now: new Date('2026-11-01T00:00:00Z'),
    filters: readFilters({}),
    datasets: null,
    profile: 'trl',
    jsonl: false,
    out: join(config.data, 'exports'),
  });
  const said: string[] = [];
  const { exitCode, json } = await notebooks.run({}, { ...context(config), log: (line) => said.push(line) });
  assert.deepEqual(said, []);
  assert.equal(exitCode, undefined);
  const names = (await readdir(notebookFolder)).filter((name) => name.endsWith('.ipynb')).sort();
  const { notebooks: ran } = json as { notebooks: { notebook: string }[] };
  assert.deepEqual(
    ran.map(({ notebook }) => notebook),
    names,
  );
  for (const name of names) {
    const [committed, made] = await Promise.all(
      [notebookFolder, join(config.data, 'notebooks')].map((folder) => readFile(join(folder, name), 'utf8')),
    );
    assert.match(committed ?? '', /<svg /, name);
    assert.equal(
      made,
      committed,
      `${name}: run \`TRACEMILL_DATA=data/demo just notebooks --out notebooks\` on a lake of the samples, and look at it`,
    );
  }
});

test('every notebook closes the lake: its kernel is ended at once, and leaves the folder that DuckDB spills into', async () => {
  for (const name of (await readdir(notebookFolder)).filter((file) => file.endsWith('.ipynb'))) {
    const { cells } = await readNotebook(join(notebookFolder, name));
    assert.equal([cells.at(-1)?.source].flat().join(''), 'lake.close();', name);
  }
});

test('a cell that fails fails the run, with its notebook and cell', { skip }, async (t) => {
  const config = await sampleData(t);
  const folder = join(config.data, 'own');
  await mkdir(folder);
  const run = (name: string, ...sources: string[]) =>
    writeNotebook(join(folder, name), sources).then((file) =>
      executeNotebook({ file, out: join(config.data, 'out'), nbconvert: nbconvert ?? '', config }),
    );
  const opening = `import { open } from './dist/pipelines/notebook.js';\nconst lake = await open();`;
  const [query, type] = await Promise.allSettled([
    run(
      'query.ipynb',
      opening,
      `console.error('a warning');`,
      `\nawait lake.sql('from core.no_such_table');`,
    ),
    run('type.ipynb', `const turns: number = 'x';`),
  ]);
  assert.ok(query.status === 'rejected' && query.reason instanceof UserError);
  assert.equal(
    query.reason.message,
    `${folder}/query.ipynb: cell 3 (await lake.sql('from core.no_such_table');) failed; all words of the error are in ${config.data}/out/query.ipynb`,
  );
  assert.match(
    JSON.stringify((await readNotebook(join(config.data, 'out', 'query.ipynb'))).cells[2]),
    /Catalog Error: Table with name no_such_table does not exist/,
  );
  assert.ok(type.status === 'rejected' && type.reason instanceof UserError);
  assert.match(
    type.reason.message,
    /cell 1 \(const turns.*\) failed, 1:7 - Type 'string' is not assignable to type 'number'/,
  );
});

test('a kernel that ends is told without the words of the error before it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = await writeNotebook(join(folder, 'own.ipynb'), ['1']);
  const nbconvert = join(folder, 'jupyter-nbconvert');
  const run = () => executeNotebook({ file, out: folder, nbconvert, config: sampleConfig(folder) });
  const dashes = '-'.repeat(18);
  const said = `An error occurred while executing the following cell:\n${dashes}\n1\n${dashes}\n\nError: a session's words`;
  await script(nbconvert, `cat >&2 << 'end'\n${said}\nend\nexit 1`);
  await assert.rejects(run, {
    message: `${file}: did not run (its kernel ended); \`just doctor\` says what Jupyter needs`,
  });
  await script(nbconvert, 'echo "no such kernel" >&2; exit 1');
  await assert.rejects(run, /did not run \(no such kernel\)/);
});

test('what Jupyter prints goes into files: into a pipe a kernel beside it would let half of it be lost', async (t) => {
  const config = await sampleData(t);
  const program = join(config.data, 'prints');
  await script(program, '[ -f /dev/stdout ] && [ -f /dev/stderr ] && echo made && echo said >&2; exit 3');
  assert.deepEqual(await runJupyter(program, [], { config }), {
    code: 3,
    stdout: 'made\n',
    stderr: 'said\n',
  });
});

test('without Jupyter, without a lake and for an unknown name there are clear words', async (t) => {
  const config = await sampleData(t);
  const path = process.env.PATH;
  process.env.PATH = config.data;
  try {
    await assert.rejects(
      async () => notebooks.run({}, context(config)),
      /^UserError: jupyter nbconvert: is not installed; on Debian `apt-get install/,
    );
    await assert.rejects(
      async () => lab.run({}, context(config)),
      /^UserError: jupyter lab: is not installed, nor is jupyter notebook; on Debian/,
    );
    await script(join(config.data, 'jupyter-nbconvert'), 'exit 1');
    await assert.rejects(
      async () => notebooks.run({ names: ['01', 'x9'] }, context(config)),
      /^UserError: x9: no notebook begins so; there are 01-look-at-your-sessions.ipynb, /,
    );
  } finally {
    process.env.PATH = path;
  }
  await assert.rejects(
    async () => notebooks.run({}, context(sampleConfig(join(config.data, 'none')))),
    /none: has no built lake; run `just ingest`/,
  );
});

test('lab opens copies without outputs, keeps those that are there, and finds our kernel first', async (t) => {
  const config = await sampleData(t);
  const path = process.env.PATH;
  const seen = join(config.data, 'seen');
  await script(join(config.data, 'jupyter-notebook'), `echo "$*|$JUPYTER_PATH|$TRACEMILL_DATA" > '${seen}'`);
  await mkdir(join(config.data, 'lab'));
  await writeFile(join(config.data, 'lab', '01-look-at-your-sessions.ipynb'), 'mine');
  process.env.PATH = `${config.data}${delimiter}/usr/bin${delimiter}/bin`;
  process.env.JUPYTER_PATH = '/elsewhere';
  try {
    const { exitCode } = await lab.run({ browser: false, port: 9000 }, context(config));
    assert.equal(exitCode, undefined);
  } finally {
    process.env.PATH = path;
    delete process.env.JUPYTER_PATH;
  }
  const [words, jupyterPath, data] = (await readFile(seen, 'utf8')).trim().split('|');
  assert.match(words ?? '', new RegExp(`^--no-browser --port=9000 (--allow-root )?${config.data}/lab$`));
  assert.deepEqual([jupyterPath, data], [`${notebookFolder}${delimiter}/elsewhere`, config.data]);
  assert.equal(await readFile(join(config.data, 'lab', '01-look-at-your-sessions.ipynb'), 'utf8'), 'mine');
  const copy = await readNotebook(join(config.data, 'lab', '02-question-and-answer-quality.ipynb'));
  assert.ok(copy.cells.length > 5);
  assert.deepEqual(
    copy.cells.flatMap((cell) => cell.outputs ?? []),
    [],
  );
});

test('the kernel starts in our folder, also where Jupyter finds it through a link', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const kernel = join(notebookFolder, 'kernels', 'tracemill');
  const { argv } = JSON.parse(await readFile(join(kernel, 'kernel.json'), 'utf8')) as { argv: string[] };
  await symlink(kernel, join(folder, 'tracemill'));
  await script(join(folder, 'node'), 'echo "$PWD $*"');
  const [program = '', ...words] = argv.map((word) =>
    word.replace('{resource_dir}', join(folder, 'tracemill')).replace('{connection_file}', 'connection.json'),
  );
  const env = { PATH: `${folder}${delimiter}${process.env.PATH}` };
  const { stdout } = await promisify(execFile)(program, words, { env, cwd: folder });
  const root = await realpath(join(notebookFolder, '..'));
  assert.equal(stdout, `${root} node_modules/tslab/bin/tslab kernel --config-path connection.json\n`);
});

async function writeNotebook(file: string, sources: readonly string[]): Promise<string> {
  const cells = sources.map((source) => ({
    cell_type: 'code',
    source,
    metadata: {},
    execution_count: null,
    outputs: [],
  }));
  const metadata = { kernelspec: { name: 'tracemill', display_name: 'tracemill', language: 'typescript' } };
  await writeFile(file, JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 4 }));
  return file;
}

async function script(file: string, text: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}
