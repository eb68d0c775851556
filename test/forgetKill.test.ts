import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from '../pipelines/build.js';
import { type Config, readConfig } from '../pipelines/config.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { readReceipts } from '../pipelines/lib/receipts.js';
import { openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { createRecorder } from '../pipelines/recorder.js';
import { verify } from '../pipelines/verify.js';
import { line, makeLogs, type TestLogs, uuid } from './support/logs.js';
import { runCli } from './support/warehouse.js';

const [gone, stays] = [uuid('1'), uuid('2')];
const lines = `-- One row per line.
-- @partition day
-- @key file_key, byte_offset
select file_key, byte_offset, line, from raw.claude
order by file_key, byte_offset
`;
// A short form by default; TRACEMILL_KILLS=200 for the long one.
const isLong = Number(process.env.TRACEMILL_KILLS ?? 4) > 4;
/** Between two durable steps, and how often it is passed before: where raw is purged, and in the verbs that follow. */
const points = [
  'purge-renamed:2',
  'before-commit:1',
  'purge-committed:1',
  'purge-removed:1',
  'replaced-removed:1',
  ...(isLong ? ['purge-renamed:1', 'purge-removed:2', 'purged:1'] : []),
];
const inBuild = ['published:1', ...(isLong ? ['draft-renamed:1', 'before-publish:1'] : [])];

let logs: TestLogs;
/** The data folder before the purge: all is forgotten, nothing is purged. */
let base: string;
/** What there is after a purge that nobody disturbs. */
let calm: string[];
let receipt: unknown;

before(async () => {
  logs = await makeLogs();
  const { config } = logs.lake;
  const models = join(logs.lake.folder, 'models/staging/lines.sql');
  await mkdir(dirname(models), { recursive: true });
  await writeFile(models, lines);
  for (const [session, word] of [
    [gone, 'gone'],
    [stays, 'stays'],
  ] as const) {
    // On two days, so that two raw files are written anew and a third one goes.
    for (const [index, day] of ['2026-03-01', '2026-03-02'].entries()) {
      const words = (text: string) =>
        line(`${word} ${text}`, { sessionId: session, timestamp: `${day}T10:00:00.000Z` });
      const name = index === 0 ? session : `${session.slice(0, -1)}f`;
      await logs.write(`claude/projects/p${index}/${name}.jsonl`, words('one') + words('two'));
    }
  }
  await logs.ingest();
  const recorder = createRecorder({ folder: config.spool });
  const last = [gone, `${gone.slice(0, -1)}f`];
  assert.ok(recorder.dataForgotten({ sessions: last, reason: 'asked for' }).ok);
  // Built while it was not forgotten yet, so that a table holds it.
  await buildHere(configOf(config.data));
  await logs.ingest();
  base = join(logs.lake.folder, 'base');
  await cp(config.data, base, { recursive: true, preserveTimestamps: true });
  assert.equal(purge(config.data).status, 0);
  calm = await contents(config.data);
  receipt = withoutTimes(await readReceipts(config));
  assert.ok(calm.some((text) => text.includes('stays two')));
});

after(() => rm(logs.lake.folder, { recursive: true, force: true }));

function environment(data: string): Record<string, string> {
  return {
    TRACEMILL_DATA: data,
    TRACEMILL_SQL: join(logs.lake.folder, 'models'),
    TRACEMILL_SPOOL: logs.lake.config.spool,
    SEQ_AGENT_QA_CLAUDE_DIR: join(logs.lake.folder, 'claude/projects'),
    SEQ_AGENT_QA_CODEX_DIR: join(logs.lake.folder, 'codex/sessions'),
    TRACEMILL_SETTLE: '1h',
  };
}

function configOf(data: string): Config {
  return readConfig(environment(data));
}

async function buildHere(config: Config): Promise<void> {
  const { failures } = await build({ config, now: new Date(), progress: silentProgress });
  assert.deepEqual(failures, []);
}

function purge(data: string, crashAt?: string) {
  const crash = crashAt === undefined ? {} : { TRACEMILL_CRASH_AT: crashAt };
  return runCli(['forget', '--purge', '--json'], { ...environment(data), ...crash });
}

/** Lines of all raw files and all tables' files that lie there, named or not; and what is published. */
async function contents(data: string): Promise<string[]> {
  const lake = join(data, 'lake');
  const duckdb = await openDuckDB();
  const found: string[] = [await readFile(join(lake, 'manifest.json'), 'utf8')];
  for (const layer of ['raw/claude', 'staging']) {
    const reader = await duckdb.connection.runAndReadAll(
      `select line from read_parquet(${quote(join(lake, layer, '**/*.parquet'))}) order by line`,
    );
    found.push(...reader.getRowsJson().map(([text]) => `${layer} ${text}`));
  }
  duckdb.close();
  const rest = await readdir(join(lake, 'drafts')).catch(() => []);
  return [...found, ...rest];
}

function withoutTimes(receipts: readonly { committed_at: string; removed_tables: number }[]) {
  // What a build that was killed had replaced, the next one removes itself.
  return receipts.map((found) => ({ ...found, committed_at: '', removed_tables: 0 }));
}

test('killed at any moment of a purge, raw is as before or as after, and running again finishes', async (t) => {
  const data = join(logs.lake.folder, 'killed');
  for (const crashAt of [...points, ...inBuild]) {
    await t.test(crashAt, async () => {
      await rm(data, { recursive: true, force: true });
      await cp(base, data, { recursive: true, preserveTimestamps: true });
      const { status, signal } = purge(data, crashAt);
      // A child that is killed ends the purge with a word.
      assert.ok(signal === 'SIGKILL' || (inBuild.includes(crashAt) && status === 1), `${status} ${signal}`);
      const { problems } = await verify({ config: configOf(data), progress: silentProgress });
      const unfinished = problems.filter((problem) => !/was purged and is still there/.test(problem));
      assert.deepEqual(unfinished, []);
      assert.equal(purge(data).status, 0);
      assert.deepEqual(await contents(data), calm);
      assert.deepEqual(withoutTimes(await readReceipts(configOf(data))), receipt);
      const after = await verify({ config: configOf(data), progress: silentProgress });
      assert.deepEqual(after.problems, []);
      assert.equal(after.purged.lines, 4);
    });
  }
});

test('a second purge, an ingest or a build beside it waits for the lock with exit 75', async () => {
  const cli = fileURLToPath(new URL('../pipelines/lib/lock.js', import.meta.url));
  const { config } = logs.lake;
  const held = `
    const { withLock } = await import(${JSON.stringify(cli)});
    const { spawnSync } = await import('node:child_process');
    await withLock({ data: ${JSON.stringify(config.data)}, crashAt: null }, 'watch', async () => {
      const { status, stdout } = spawnSync(process.execPath, process.argv.slice(1), { encoding: 'utf8' });
      process.stdout.write(status + stdout);
    });`;
  const verb = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
  const { stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', held, '--', verb, 'forget', '--purge'],
    { env: { ...process.env, ...environment(config.data) }, encoding: 'utf8' },
  );
  assert.match(stdout, /^75tracemill ingest ended with 75: nothing was purged yet; put that right and run/);
});
