import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../pipelines/config.js';
import { command as doctor } from '../pipelines/doctor.js';
import { readCleanupDays } from '../pipelines/lib/cleanup.js';
import { openToOthers } from '../pipelines/lib/modes.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { line, makeLogs, removeLogs, type TestLogs, uuid } from './support/logs.js';

const project = 'claude/projects/p';

/** Name -> `state: text` of what doctor finds, with no crontab and the user's own settings only. */
async function findings(logs: TestLogs): Promise<Record<string, string>> {
  process.env.PATH = logs.lake.folder;
  const config = readConfig({
    HOME: logs.lake.folder,
    TRACEMILL_DATA: logs.lake.config.data,
    CLAUDE_CONFIG_DIR: logs.at('claude'),
    CODEX_HOME: logs.at('codex'),
  });
  const context = { config, log: () => {}, progress: silentProgress, now: () => new Date() };
  const { json } = await doctor.run({}, context);
  const { findings } = json as { findings: { name: string; state: string; text: string }[] };
  return Object.fromEntries(findings.map(({ name, state, text }) => [name, `${state}: ${text}`]));
}

const cleanupOf = async (logs: TestLogs) =>
  ((await findings(logs)).cleanup ?? '').replace(logs.lake.folder, '').replace(/\d{4}-\d\d-\d\d/, 'DAY');

test('sessions that Claude Code deletes within a week and that are not in the lake are counted', async () => {
  const logs = await makeLogs();
  const subagent = `${project}/${uuid('1')}/subagents/agent-a.jsonl`;
  for (const [path, hours] of [
    [`${project}/${uuid('1')}.jsonl`, 24 * 24],
    [subagent, 24 * 24],
    [`${project}/${uuid('2')}.jsonl`, 24 * 31],
    [`${project}/${uuid('3')}.jsonl`, 24 * 22],
  ] as const) {
    await logs.write(path, line('a'));
    await logs.age(path, hours);
  }
  const rule = (days: number, origin: string) =>
    `Claude Code deletes transcripts ${days} days after their last line (${origin})`;
  assert.equal(
    await cleanupOf(logs),
    `note: ${rule(30, 'default')}; 2 sessions not yet in the lake are about to go, at its next start; run \`tracemill ingest\``,
  );
  await logs.write('claude/settings.json', JSON.stringify({ model: 'opus', cleanupPeriodDays: 35 }));
  const settings = rule(35, '/claude/settings.json');
  assert.equal(
    await cleanupOf(logs),
    `note: ${settings}; 1 session not yet in the lake is about to go, from DAY on; run \`tracemill ingest\``,
  );
  await logs.ingest();
  assert.equal(await cleanupOf(logs), `ok: ${settings}; none that goes soon is missing in the lake`);
  // One more line, and the session is again one that is not all in the lake.
  await logs.append(`${project}/${uuid('2')}.jsonl`, line('b'));
  await logs.age(`${project}/${uuid('2')}.jsonl`, 24 * 31);
  assert.match(await cleanupOf(logs), /^note: .*; 1 session not yet in the lake/);
  await removeLogs(logs);
});

test("an organisation's settings win over the home's; what is no number of days does not count", async () => {
  const logs = await makeLogs();
  const days = () => readCleanupDays(logs.lake.config, logs.at('managed'));
  await logs.write('claude/settings.json', '{"cleanupPeriodDays": 90}');
  assert.deepEqual(await days(), { days: 90, origin: logs.at('claude/settings.json') });
  await logs.write('claude/settings.local.json', '{"cleanupPeriodDays": "60"}');
  assert.equal((await days()).days, 90);
  await logs.write('claude/settings.local.json', '{"cleanupPeriodDays": 60}');
  assert.equal((await days()).days, 60);
  await logs.write('managed/managed-settings.json', '{"cleanupPeriodDays": 7}');
  assert.deepEqual(await days(), { days: 7, origin: logs.at('managed/managed-settings.json') });
  await logs.write('managed/managed-settings.json', 'not JSON');
  assert.equal((await days()).days, 60);
  await removeLogs(logs);
});

test('doctor says when something was last read, whether capture is on, and what is damaged', async () => {
  const logs = await makeLogs();
  assert.equal((await findings(logs))['last ingest'], 'note: nothing was read yet; run `tracemill ingest`');
  await logs.write(`${project}/${uuid('1')}.jsonl`, line('a'));
  await logs.ingest({ now: new Date(Date.now() - 3 * 3600e3) });
  const found = await findings(logs);
  assert.match(
    found.Jupyter ?? '',
    /^note: not installed, needed by `tracemill notebooks`; on Debian `apt-get install .*, elsewhere `pip install/,
  );
  assert.match(found['last ingest'] ?? '', /^ok: last read something 3 h ago, 20\S+ \d\d:\d\d UTC$/);
  assert.equal(
    found.capture,
    'note: off, and no ingest in your crontab: `tracemill capture on` or `tracemill schedule on`',
  );
  const state = join(logs.lake.config.data, 'state');
  await logs.write('data/state/capture.json', '{"since":"2026-06-01T00:00:00Z","from":null}');
  assert.match((await findings(logs)).capture ?? '', /^note: not running, though it was not turned off;/);
  await writeFile(join(state, 'watch.pid'), `${process.pid}\n`);
  assert.equal((await findings(logs)).capture, `ok: on, pid ${process.pid}`);
  const commits = join(logs.lake.config.data, 'lake', 'commits');
  for (const name of await readdir(commits)) await writeFile(join(commits, name), 'torn');
  assert.match((await findings(logs))['last ingest'] ?? '', /^bad: lake\/commits\/\d+\.parquet: is damaged/);
  await rm(state, { recursive: true });
  await removeLogs(logs);
});

test('what came with tracemill may be read by all, what it writes may not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-modes-'));
  await mkdir(join(folder, 'samples'), { mode: 0o755 });
  for (const name of ['samples/a', 'samples.json']) {
    await writeFile(join(folder, name), '');
    await chmod(join(folder, name), 0o644);
  }
  await chmod(join(folder, 'samples'), 0o755);
  assert.deepEqual(await openToOthers(folder, [join(folder, 'samples')]), ['samples.json']);
  await rm(folder, { recursive: true });
});
