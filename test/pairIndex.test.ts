import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { command as indexCommand } from '../pipelines/index.js';
import { followHandoff, type IndexResult, indexFolder } from '../pipelines/lib/pairIndex.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openCollection } from '../pipelines/lib/zvec.js';
import { makeLake, type TestLake } from './support/lake.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));
// A short form by default; TRACEMILL_KILLS=200 TRACEMILL_KILL_SEED=… for the long one.
const kills = Number(process.env.TRACEMILL_KILLS ?? 3);

type Line = { id: string; text?: string; deleted?: boolean; metadata?: object };

const pair = (id: string, answer: string, more: object = {}): Line => ({
  id,
  text: `Question: ${id}?\n\nAnswer: ${answer}`,
  metadata: { agent: 'claude', project_path: '~/work/shop', ts_ms: 1_760_000_000_000, revision: 1, ...more },
});

async function lakeWith(lines: readonly (Line | string)[]): Promise<TestLake> {
  const lake = await makeLake();
  await mkdir(dirname(lake.config.handoff), { recursive: true });
  await writeFile(lake.config.handoff, textOf(lines));
  return lake;
}

const textOf = (lines: readonly (Line | string)[]) =>
  lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)).join('');
const add = (lake: TestLake, ...lines: (Line | string)[]) => appendFile(lake.config.handoff, textOf(lines));
const follow = (lake: TestLake, rebuild = false) =>
  followHandoff({ config: lake.config, rebuild, onBytes: () => {} });
const counts = ({ how, added, changed, deleted, documents }: IndexResult) => [
  how,
  added,
  changed,
  deleted,
  documents,
];
const environment = (lake: TestLake, more: Record<string, string> = {}) => ({
  ...process.env,
  TRACEMILL_DATA: lake.config.data,
  ...more,
});

/** id -> text of every document in the collection. */
async function documents(lake: TestLake): Promise<Record<string, string>> {
  const collection = await openCollection(join(indexFolder(lake.config), 'collection'), true);
  try {
    const found = [...collection.iterDocsSync({ outputFields: ['text'] })];
    return Object.fromEntries(
      found.map(({ id, fields }): [string, string] => [id, String(fields.text)]).sort(),
    );
  } finally {
    collection.closeSync();
  }
}

/** What the handoff file says last of each id. */
async function expected(lake: TestLake): Promise<Record<string, string>> {
  const texts = new Map<string, string>();
  for (const text of (await readFile(lake.config.handoff, 'utf8')).split('\n').slice(0, -1)) {
    const line: Line = JSON.parse(text);
    if (line.deleted === true) texts.delete(line.id);
    else texts.set(line.id, line.text ?? '');
  }
  return Object.fromEntries([...texts].sort());
}

test('the collection follows the file: new pairs, revisions, take-backs, and one that comes again', async () => {
  const lake = await lakeWith([pair('a', 'one'), pair('b', 'two'), pair('a', 'one and a half')]);
  assert.deepEqual(counts(await follow(lake)), ['new', 2, 0, 0, 2]);
  assert.deepEqual(counts(await follow(lake)), ['unchanged', 0, 0, 0, 2]);
  await add(lake, pair('b', 'three'), { id: 'a', deleted: true }, pair('c', 'four'), '{"id":"torn');
  assert.deepEqual(counts(await follow(lake)), ['continued', 1, 1, 1, 2]);
  assert.deepEqual(await documents(lake), {
    b: 'Question: b?\n\nAnswer: three',
    c: 'Question: c?\n\nAnswer: four',
  });
  await add(lake, '"}\n', pair('a', 'again'), { id: 'never', deleted: true });
  const { foreign, ...result } = await follow(lake);
  assert.deepEqual([foreign, result.added, result.deleted, result.documents], [1, 1, 0, 3]);
  await lake.remove();
});

test('a file written anew is compared; what it does not hold goes', async () => {
  const lake = await lakeWith([pair('a', 'one'), pair('b', 'two'), pair('c', 'three')]);
  await follow(lake);
  // Of the same length, with the same ends: only that it is another file tells.
  await rm(lake.config.handoff);
  await writeFile(lake.config.handoff, textOf([pair('a', 'one'), pair('b', 'owt'), pair('c', 'three')]));
  assert.deepEqual(counts(await follow(lake)), ['compared', 0, 1, 0, 3]);
  assert.deepEqual(await documents(lake), await expected(lake));
  // Shortened in place, and overwritten in place.
  await writeFile(lake.config.handoff, textOf([pair('a', 'one')]));
  assert.deepEqual(counts(await follow(lake)), ['compared', 0, 0, 2, 1]);
  await writeFile(lake.config.handoff, textOf([pair('d', 'other'), pair('e', 'other')]));
  assert.deepEqual(counts(await follow(lake)), ['compared', 2, 0, 1, 2]);
  await lake.remove();
});

test('a collection that is damaged, changed by others or of another kind is made good', async () => {
  const lake = await lakeWith([pair('a', 'one'), pair('b', 'two')]);
  await follow(lake);
  const folder = indexFolder(lake.config);
  const other = await openCollection(join(folder, 'collection'), false);
  other.deleteSync(['a']);
  other.closeSync();
  await add(lake, pair('c', 'three'));
  assert.deepEqual(counts(await follow(lake)), ['compared', 2, 0, 0, 3]);
  for (const file of await readdir(join(folder, 'collection')))
    if (file.startsWith('manifest')) await writeFile(join(folder, 'collection', file), 'not a manifest');
  await add(lake, pair('d', 'four'));
  assert.deepEqual(counts(await follow(lake)), ['new', 4, 0, 0, 4]);
  await writeFile(join(folder, 'format'), '0\n');
  await rm(join(folder, 'state.json'));
  assert.deepEqual(counts(await follow(lake)), ['new', 4, 0, 0, 4]);
  await rm(join(folder, 'collection'), { recursive: true });
  assert.deepEqual(counts(await follow(lake)), ['new', 4, 0, 0, 4]);
  assert.deepEqual(counts(await follow(lake, true)), ['new', 4, 0, 0, 4]);
  assert.deepEqual(await documents(lake), await expected(lake));
  await lake.remove();
});

test('killed anywhere, the next run mends it', async (t) => {
  const many = (from: number, to: number, answer: string) =>
    Array.from({ length: to - from }, (_, index) =>
      pair(`p${from + index}`, `${answer} ${'word '.repeat(2)}`),
    );
  const lake = await lakeWith(many(0, 520, 'first'));
  const killed = (more: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, [cli, 'index', ...args], { env: environment(lake, more) }).signal;
  const mended = async (name: string) => {
    await follow(lake);
    assert.deepEqual(await documents(lake), await expected(lake), name);
    assert.equal((await follow(lake)).how, 'unchanged', name);
  };
  for (const point of ['index-put:1', 'index-made:1', 'index-removed:1']) {
    await rm(indexFolder(lake.config), { recursive: true, force: true });
    assert.equal(killed({ TRACEMILL_CRASH_AT: point }), 'SIGKILL', point);
    await mended(point);
  }
  for (const point of ['index-opened:1', 'index-put:1', 'index-closed:1']) {
    await add(
      lake,
      ...many(100, 200, point),
      { id: 'p1', deleted: true },
      pair(`new ${point}`.replace(/\W/g, ''), 'x'),
    );
    assert.equal(killed({ TRACEMILL_CRASH_AT: point }), 'SIGKILL', point);
    await mended(point);
  }
  assert.equal(killed({ TRACEMILL_CRASH_AT: 'index-renamed:1' }, '--rebuild'), 'SIGKILL');
  await mended('index-renamed');
  let seed = Number(process.env.TRACEMILL_KILL_SEED ?? 1);
  for (let kill = 0; kill < kills; kill += 1) {
    seed = (seed * 16807) % 2147483647;
    const delay = 200 + (seed % 1500);
    await t.test(`kill ${kill} after ${delay} ms`, async () => {
      await add(lake, ...many(kill, 100 + kill, `round ${kill}`), { id: `p${300 + kill}`, deleted: true });
      const child = spawn(process.execPath, [cli, 'index'], { env: environment(lake), stdio: 'ignore' });
      const timer = setTimeout(() => child.kill('SIGKILL'), delay);
      await once(child, 'close');
      clearTimeout(timer);
      await mended(`${delay} ms`);
    });
  }
  await lake.remove();
});

test('what zvec does not take is left out and told of, what is too long is cut and told of', async () => {
  const long = 'wörd '.repeat(300_000);
  const lake = await lakeWith([
    'not JSON\n',
    '[1]\n',
    'null\n',
    { ...pair('bad id!', 'x') },
    { id: 'x'.repeat(65), text: 'x' },
    { id: 'no-text' },
    pair('long', long),
    { id: 'bare', text: 'Only a text.' },
    {
      id: 'odd',
      text: 'NUL \u0000, half \ud83d.',
      metadata: { agent: 7, ts_ms: 'x', project_path: 'y'.repeat(9000) },
    },
    { id: 'empty', text: '' },
  ]);
  const { added, foreign, cut } = await follow(lake);
  assert.deepEqual([added, foreign, cut], [4, 6, 1]);
  const found = await documents(lake);
  assert.equal(found.bare, 'Only a text.');
  assert.equal(found.odd, 'NUL \u0000, half \ufffd.');
  assert.ok(found.long !== undefined && found.long.length <= 1e6 && found.long.endsWith(' wörd'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'index', '--rebuild'], {
    env: environment(lake),
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /: 4 added, 0 changed, 0 taken out, 1 cut at a word for their length, 4 in all\ngate: 7 texts/,
  );
  assert.match(stderr, /agent_qa\.jsonl: 6 lines are no records of ours; left out\n/);
  await lake.remove();
});

test('many small runs leave no heap of files', async () => {
  const lake = await lakeWith([]);
  const most = { files: 0 };
  for (let n = 0; n < 36; n += 1) {
    await add(lake, pair(`p${n}`, 'x'));
    await follow(lake);
    const { length } = await readdir(join(indexFolder(lake.config), 'collection'), { recursive: true });
    most.files = Math.max(most.files, length);
  }
  assert.ok(most.files > 80 && most.files < 150, `${most.files} files`);
  assert.deepEqual(await documents(lake), await expected(lake));
  await lake.remove();
});

test('no handoff file, no zvec, no binary for this platform: each has its word', async () => {
  const lake = await makeLake();
  const run = () =>
    indexCommand.run(
      {},
      { config: lake.config, log: () => {}, progress: silentProgress, now: () => new Date() },
    );
  const { summary } = await run();
  assert.match(String(summary), /agent_qa\.jsonl: nothing was handed off yet; run `tracemill handoff`$/);
  await mkdir(dirname(lake.config.handoff), { recursive: true });
  await writeFile(lake.config.handoff, textOf([pair('a', 'one')]));
  // The same program beside packages of which zvec is none, or only its part that is the same everywhere.
  await cp(join(root, 'dist', 'pipelines'), join(lake.folder, 'dist', 'pipelines'), { recursive: true });
  await cp(join(root, 'package.json'), join(lake.folder, 'package.json'));
  const packages = join(lake.folder, 'node_modules');
  await mkdir(packages);
  for (const name of await readdir(join(root, 'node_modules')))
    if (name !== '@zvec') await symlink(join(root, 'node_modules', name), join(packages, name));
  const words = (...args: string[]) => {
    const program = join(lake.folder, 'dist', 'pipelines', 'cli.js');
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
      env: environment(lake),
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    return stderr;
  };
  assert.match(words('index'), /^@zvec\/zvec: is not installed; run `npm install`, or go without/);
  await cp(join(root, 'node_modules', '@zvec', 'zvec'), join(packages, '@zvec', 'zvec'), { recursive: true });
  const platform = new RegExp(
    `^@zvec/zvec: has no binary that loads on ${process.platform}-${process.arch}; run`,
  );
  assert.match(words('index'), platform);
  await run();
  assert.match(words('search', 'one'), platform);
  // A file that is gone does not empty the index.
  await rm(lake.config.handoff);
  await assert.rejects(run(), /agent_qa\.jsonl: is gone; write it again with `tracemill handoff`$/);
  assert.deepEqual(Object.keys(await documents(lake)), ['a']);
  await lake.remove();
});
