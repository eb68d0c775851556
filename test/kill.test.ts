import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from '../pipelines/build.js';
import { readConfig } from '../pipelines/config.js';
import { ingest } from '../pipelines/ingest.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';
import { verify } from '../pipelines/verify.js';
import { seeded, writeCorpus } from './bench/corpus.js';
import { writeDayModels } from './support/dayModels.js';

// A short form by default; TRACEMILL_KILLS=200 TRACEMILL_KILL_SEED=… for the long one.
const kills = Number(process.env.TRACEMILL_KILLS ?? 4);
const seed = Number(process.env.TRACEMILL_KILL_SEED ?? 1);
/** Between a rename and what makes it count: raw files before their commit, tables before the manifest. */
const points = [
  'raw-renamed',
  'before-commit',
  'commit-renamed',
  'draft-renamed',
  'before-publish',
  'published',
];

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
const samples = fileURLToPath(new URL('../../data/samples', import.meta.url));
const sql = fileURLToPath(new URL('../../sql', import.meta.url));

/** A lake that is killed while it grows: settings that make it, and what it is when nobody kills it. */
type Victim = {
  readonly folder: string;
  readonly environment: Record<string, string>;
  /** What an undisturbed lake of the grown logs holds, and how long its run took in milliseconds. */
  readonly expected: Record<string, string>;
  readonly duration: number;
};
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-kill-'));
});

after(() => rm(folder, { recursive: true, force: true }));

/** A lake of the samples' logs of two days without their tails, in base/, and the logs with them. */
async function makeVictim(name: string, models: string): Promise<Victim> {
  const home = join(folder, name);
  const logs = join(home, 'logs');
  const session = join('claude', 'projects', '-home-sam-projects-note-search');
  await cp(join(samples, session), join(logs, 'claude', 'note-search'), { recursive: true });
  await cp(join(samples, 'codex', 'sessions', '2026', '07'), join(logs, 'codex'), { recursive: true });
  // Few days, so that a run is short and a random moment likely falls between two writes.
  if (name === 'few') writeCorpus(logs, { files: 2, bytes: 1e6 });
  const environment = {
    TRACEMILL_SQL: models,
    SEQ_AGENT_QA_CLAUDE_DIR: join(logs, 'claude'),
    SEQ_AGENT_QA_CODEX_DIR: join(logs, 'codex'),
  };
  const tails = await cutTails(logs);
  await runHere({ ...environment, TRACEMILL_DATA: join(home, 'base') });
  for (const { path, tail } of tails) await appendFile(path, tail);
  await cp(join(home, 'base'), join(home, 'calm'), { recursive: true, preserveTimestamps: true });
  const started = performance.now();
  await runJob({ ...environment, TRACEMILL_DATA: join(home, 'calm') });
  const duration = performance.now() - started;
  return { folder: home, environment, expected: await contents(join(home, 'calm')), duration };
}

test('killed at a random moment, the next run gives the lake of an undisturbed run: the real models', async (t) => {
  const victim = await makeVictim('real', sql);
  // A quarter of the kills of the few models, for each takes four times as long.
  await killAtRandom(t, victim, Math.ceil(kills / 4), seed + 2);
});

test('killed at any moment, the next run gives the lake of an undisturbed run: a few models', async (t) => {
  const models = join(folder, 'sql');
  await writeDayModels(models);
  const victim = await makeVictim('few', models);
  await killAtRandom(t, victim, kills, seed);
  // Between a rename and its commit.
  const random = seeded(seed + 1);
  const rounds = Math.max(1, Math.ceil(kills / 40));
  for (let round = 0; round < rounds; round += 1) {
    for (const point of points) {
      const pass = /renamed$/.test(point) && point !== 'commit-renamed' ? 1 + Math.floor(random() * 4) : 1;
      await t.test(`seed ${seed + 1}, at ${point}:${pass}`, async () => {
        const wasKilled = await killedThenRun(victim, { crashAt: `${point}:${pass}` });
        assert.ok(wasKilled, `${point}:${pass} was never passed`);
      });
    }
  }
});

async function killAtRandom(t: TestContext, victim: Victim, times: number, start: number): Promise<void> {
  const random = seeded(start);
  for (let kill = 0; kill < times; kill += 1) {
    const delay = Math.floor(random() * victim.duration);
    await t.test(`seed ${start}, kill ${kill} after ${delay} ms`, async () => {
      await killedThenRun(victim, { delay });
    });
  }
}

/** Starts from the lake of the shorter logs; returns whether the process was in fact killed. */
async function killedThenRun(victim: Victim, how: { delay?: number; crashAt?: string }): Promise<boolean> {
  const data = join(victim.folder, 'killed');
  await rm(data, { recursive: true, force: true });
  await cp(join(victim.folder, 'base'), data, { recursive: true, preserveTimestamps: true });
  const environment = { ...victim.environment, TRACEMILL_DATA: data };
  const wasKilled = await runJob(environment, how);
  await mend(environment);
  assert.deepEqual(await contents(data), victim.expected);
  return wasKilled;
}

/** A run in this process, which starts no other and so takes half the time. */
async function runHere(environment: Record<string, string>, verbs = ['ingest', 'build']): Promise<void> {
  const config = readConfig(environment);
  const now = new Date();
  if (verbs.includes('ingest'))
    await ingest({ config, progress: silentProgress, now: () => now, settleMs: 3600e3 });
  if (!verbs.includes('build')) return;
  const { failures } = await build({ config, now, progress: silentProgress });
  assert.deepEqual(failures, []);
}

/** The next run, and a look at every byte. */
async function mend(environment: Record<string, string>): Promise<void> {
  await runHere(environment);
  const config = readConfig(environment);
  const report = await verify({ config, progress: silentProgress });
  assert.deepEqual(report.problems, []);
}

/** Takes the last tenth of every log away, cut in the middle of a line; gives back what was cut. */
async function cutTails(logs: string): Promise<{ path: string; tail: Buffer }[]> {
  const tails: { path: string; tail: Buffer }[] = [];
  for (const entry of await readdir(logs, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.jsonl')) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const keep = Math.floor(bytes.length * 0.9);
    tails.push({ path, tail: bytes.subarray(keep) });
    await truncate(path, keep);
  }
  return tails;
}

/** True for a point that only a build passes. */
const atBuild = (point = '') => /^(draft-renamed|before-publish|published)/.test(point);

/** Ingest, then build; true where one of them was killed. */
async function runJob(
  environment: Record<string, string>,
  how: { delay?: number; crashAt?: string } = {},
): Promise<boolean> {
  const deadline = how.delay === undefined ? undefined : performance.now() + how.delay;
  const [verbs, before] = atBuild(how.crashAt) ? [['build'], ['ingest']] : [['ingest', 'build'], []];
  await runHere(environment, before);
  for (const verb of verbs) {
    if (await runVerb(verb, environment, { ...how, deadline })) return true;
  }
  return false;
}

async function runVerb(
  verb: string,
  environment: Record<string, string>,
  how: { deadline?: number | undefined; crashAt?: string } = {},
): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [cli, verb, '--json', ...(verb === 'ingest' ? ['--settle', '1h'] : [])],
    {
      env: {
        ...process.env,
        ...environment,
        ...(how.crashAt === undefined ? {} : { TRACEMILL_CRASH_AT: how.crashAt }),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const timer =
    how.deadline === undefined
      ? undefined
      : setTimeout(() => child.kill('SIGKILL'), Math.max(0, how.deadline - performance.now()));
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(timer);
  if (signal === 'SIGKILL') return true;
  assert.equal(code, 0, `${verb}: ${words}`);
  return false;
}

/** What must be equal (design of the kill test): raw rows without the names of their files, and every byte above raw. */
async function contents(data: string): Promise<Record<string, string>> {
  const lake = join(data, 'lake');
  const found: Record<string, string> = { manifest: await readFile(join(lake, 'manifest.json'), 'utf8') };
  const { tables } = JSON.parse(found.manifest ?? '') as {
    tables: Record<string, { files: Record<string, { file: string }> }>;
  };
  for (const { files } of Object.values(tables)) {
    for (const { file } of Object.values(files)) {
      found[file] = createHash('sha256')
        .update(await readFile(join(lake, file)))
        .digest('hex');
    }
  }
  const duckdb = await openDuckDB();
  const reader = await duckdb.connection.runAndReadAll(
    `select source, day, count(*)::varchar, sum(hash(source_path, file_key, line_no, byte_offset, byte_length, line, bytes))::varchar
     from read_parquet('${lake.replaceAll("'", "''")}/raw/**/*.parquet', hive_partitioning = true, hive_types = {'day': varchar})
     group by all order by all`,
  );
  for (const [source, day, rows, sum] of reader.getRows()) found[`raw ${source} ${day}`] = `${rows} ${sum}`;
  duckdb.close();
  return found;
}
