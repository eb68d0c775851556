import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from '../pipelines/build.js';
import { readConfig } from '../pipelines/config.js';
import { ingest } from '../pipelines/ingest.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';
import { verify } from '../pipelines/verify.js';
import { seeded, writeCorpus } from './bench/corpus.js';

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
let folder: string;
/** An undisturbed lake of the grown logs, what it holds, and how long its run took in milliseconds. */
let expected: Record<string, string>;
let duration: number;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-kill-'));
  // Few days, so that a run is short and a random moment likely falls between two writes.
  writeCorpus(join(folder, 'logs'), { files: 2, bytes: 1e6 });
  const projects = join('claude', 'projects');
  await cp(
    join(samples, projects, '-home-sam-projects-note-search'),
    join(folder, 'logs', 'claude', 'note-search'),
    {
      recursive: true,
    },
  );
  await cp(join(samples, 'codex', 'sessions', '2026', '07'), join(folder, 'logs', 'codex'), {
    recursive: true,
  });
  await cp(sql, join(folder, 'sql'), { recursive: true });
  const tails = await cutTails(join(folder, 'logs'));
  await runJob(join(folder, 'base'));
  for (const { path, tail } of tails) await appendFile(path, tail);
  await cp(join(folder, 'base'), join(folder, 'calm'), { recursive: true, preserveTimestamps: true });
  const started = performance.now();
  await runJob(join(folder, 'calm'));
  duration = performance.now() - started;
  expected = await contents(join(folder, 'calm'));
});

after(() => rm(folder, { recursive: true, force: true }));

test('killed at random moments, the next run gives the lake of an undisturbed run', async (t) => {
  const random = seeded(seed);
  for (let kill = 0; kill < kills; kill += 1) {
    const delay = Math.floor(random() * duration);
    await t.test(`seed ${seed}, kill ${kill} after ${delay} ms`, async () => {
      await killedThenRun({ delay });
    });
  }
});

test('killed between a rename and its commit, the next run gives the lake of an undisturbed run', async (t) => {
  const random = seeded(seed + 1);
  const rounds = Math.max(1, Math.ceil(kills / 40));
  for (let round = 0; round < rounds; round += 1) {
    for (const point of points) {
      const pass = /renamed$/.test(point) && point !== 'commit-renamed' ? 1 + Math.floor(random() * 4) : 1;
      await t.test(`seed ${seed + 1}, at ${point}:${pass}`, async () => {
        assert.ok(await killedThenRun({ crashAt: `${point}:${pass}` }), `${point}:${pass} was never passed`);
      });
    }
  }
});

/** Starts from the lake of the shorter logs; returns whether the process was in fact killed. */
async function killedThenRun(how: { delay?: number; crashAt?: string }): Promise<boolean> {
  const data = join(folder, 'killed');
  await rm(data, { recursive: true, force: true });
  await cp(join(folder, 'base'), data, { recursive: true, preserveTimestamps: true });
  const wasKilled = await runJob(data, how);
  await mend(data);
  assert.deepEqual(await contents(data), expected);
  return wasKilled;
}

/** The next run, and a look at every byte: in this process, which starts no other and so takes half the time. */
async function mend(data: string): Promise<void> {
  const config = readConfig(environment(data));
  const now = new Date();
  await ingest({ config, progress: silentProgress, now: () => now, settleMs: 3600e3 });
  const { failures } = await build({ config, now, progress: silentProgress });
  assert.deepEqual(failures, []);
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

/** Ingest, then build; true where one of them was killed. */
async function runJob(data: string, how: { delay?: number; crashAt?: string } = {}): Promise<boolean> {
  const deadline = how.delay === undefined ? undefined : performance.now() + how.delay;
  for (const verb of ['ingest', 'build']) {
    if (await runVerb(verb, data, { ...how, deadline })) return true;
  }
  return false;
}

function environment(data: string): Record<string, string> {
  return {
    TRACEMILL_DATA: data,
    TRACEMILL_SQL: join(folder, 'sql'),
    SEQ_AGENT_QA_CLAUDE_DIR: join(folder, 'logs', 'claude'),
    SEQ_AGENT_QA_CODEX_DIR: join(folder, 'logs', 'codex'),
  };
}

async function runVerb(
  verb: string,
  data: string,
  how: { deadline?: number | undefined; crashAt?: string } = {},
): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [cli, verb, '--json', ...(verb === 'ingest' ? ['--settle', '1h'] : [])],
    {
      env: {
        ...process.env,
        ...environment(data),
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
