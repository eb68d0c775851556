import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { openClickhouse } from '../pipelines/lib/clickhouse.js';
import { openToOthers } from '../pipelines/lib/modes.js';
import { hostileNames, writeHostileWorld } from './support/hostileWorld.js';
import { openFor } from './support/warehouse.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
const names = hostileNames(20260720);

let folder: string;
let data: string;
let environment: Record<string, string>;
/** Verb -> what it printed. */
const said = new Map<string, { stdout: string; stderr: string }>();

/** Runs a verb as a person would whose mask forbids nobody anything. */
function run(...words: string[]): { stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    '/bin/sh',
    ['-c', 'umask 000; exec "$0" "$@"', process.execPath, cli, ...words],
    {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
      cwd: folder,
    },
  );
  assert.equal(status, 0, `${words.join(' ')}: ${stderr}${stdout}`);
  said.set(words.join(' '), { stdout, stderr });
  return { stdout, stderr };
}

/** The whole job, once, on a world in which everything has a name that somebody must quote. */
before(async () => {
  // What is in the path belongs to the job as well.
  folder = await mkdtemp(join(tmpdir(), `tracemill's "a=b" `));
  const at = (name: string) => join(folder, name);
  data = at('data');
  environment = {
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: at('claude'),
    SEQ_AGENT_QA_CODEX_DIR: at('codex'),
    TRACEMILL_SPOOL: at('events'),
    TRACEMILL_SEQ_MEM: at('shared.jsonl'),
    TRACEMILL_SETTLE: '0',
    TMPDIR: at('tmp'),
    CLICKHOUSE_URL: '',
  };
  for (const name of ['tmp', 'data']) await mkdir(at(name));
  await writeHostileWorld({ claude: at('claude'), codex: at('codex'), events: at('events') }, names);
  // Of another program, which may let others read it; and files of ours as a careless copy leaves them.
  await writeFile(at('shared.jsonl'), '{"ts_ms": 1, "name": "other"}\n', { mode: 0o644 });
  await mkdir(join(data, 'handoff'));
  await writeFile(join(data, 'handoff', 'agent_qa.jsonl'), '', { mode: 0o666 });
  await mkdir(join(data, 'lake'), { mode: 0o777 });
  run('ingest', '--json');
  run('capture', 'backfill');
  run('export', '--jsonl', '--json');
  run('export', '--profile', 'llama-factory');
  run('load');
  run('verify');
});
after(() => rm(folder, { recursive: true, force: true }));

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const warehouse = await openFor(readConfig(environment), sql);
  const reader = await warehouse.connection.runAndReadAll(sql).finally(() => warehouse.close());
  return reader.getRowObjectsJS();
}

const sorted = (values: Iterable<unknown>) => [...values].map(String).sort();

test('every log is read under its own name, and verify finds each again', () => {
  const report = JSON.parse(said.get('ingest --json')?.stdout ?? '');
  assert.deepEqual(report.warnings, []);
  const counted = Object.fromEntries(
    report.sources.map(({ source, files }: { source: string; files: number }) => [source, files]),
  );
  assert.deepEqual(counted, {
    claude: names.length,
    claude_files: 0,
    codex: names.length,
    seq: 1,
    events: names.length,
  });
  assert.match(
    said.get('verify')?.stdout ?? '',
    new RegExp(`${3 * names.length + 1} compared with their bytes, 0 gone`),
  );
});

test('rows carry the names as they are', async () => {
  const sessions = await query(
    'select session_id, project_path, source_path, git_branch from core.sessions order by all',
  );
  const wanted = names.flatMap((of) => [
    [of.claude, of.project, of.claudePath, of.name],
    [of.codex, of.project, of.codexPath, of.name],
  ]);
  const text = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
  assert.deepEqual(text(sessions.map((row) => Object.values(row))), text(wanted));
  const calls = await query('select distinct tool_name, outcome from core.tool_calls order by all');
  assert.deepEqual(sorted(calls.map(({ tool_name }) => tool_name)), sorted(names.map(({ tool }) => tool)));
  const pairs = await query('select session_id, question, answer from core.qa_pairs');
  assert.equal(pairs.length, 2 * names.length);
  const events = await query(`
    select id, event_type, session_id, lineage_id, agent_id, artifact_id, attempt_id, list_filter(tags, lambda tag: tag like 'tag-%')[1] as tag
    from events.training_events where origin = 'recorded' and (id like 'event-%-4' or event_type like 'odd.%')`);
  const recorded = names.flatMap((of) => [
    [`${of.event}-4`, 'artifact.scored', of.session, of.lineage, of.agent, of.artifact, null, of.tag],
    [`${of.event}-5`, `odd.${of.name}`, of.session, of.lineage, of.agent, null, null, of.tag],
  ]);
  assert.deepEqual(text(events.map((row) => Object.values(row))), text(recorded));
  const rejects = await query(
    'select reason from staging.rejects union all select reason from events.rejects',
  );
  assert.deepEqual(rejects, []);
});

test('the datasets of an export, ClickHouse, the handoff, seq_mem and the index have them too', async () => {
  const { folder: exported } = JSON.parse(said.get('export --jsonl --json')?.stdout ?? '');
  const rewards = await readdir(join(exported, 'reward'));
  const lines = await Promise.all(
    rewards
      .filter((file) => file.endsWith('.jsonl'))
      .map((file) => readFile(join(exported, 'reward', file), 'utf8')),
  );
  const rows = lines.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line));
  assert.deepEqual(
    sorted(rows.map(({ session_id }) => session_id)),
    sorted(names.map(({ session }) => session)),
  );
  const clickhouse = await openClickhouse(readConfig(environment));
  const loaded = await clickhouse
    .rows('select session_id, source_path from sessions')
    .finally(clickhouse.close);
  assert.deepEqual(
    sorted(loaded.map(({ session_id, source_path }) => `${session_id} ${source_path}`)),
    sorted(names.flatMap((of) => [`${of.claude} ${of.claudePath}`, `${of.codex} ${of.codexPath}`])),
  );
  const jsonl = async (path: string) =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const sessions = sorted(names.flatMap(({ claude, codex }) => [claude, codex]));
  const handed = await jsonl(join(data, 'handoff', 'agent_qa.jsonl'));
  assert.deepEqual(sorted(handed.map(({ metadata }) => metadata.session_id)), sessions);
  const told = await jsonl(join(folder, 'shared.jsonl'));
  assert.deepEqual(sorted(told.slice(1).map(({ session_id }) => session_id)), sessions);
  for (const { project, claude } of [names[0], names[9]].flatMap((of) => of ?? [])) {
    const { stdout } = run('search', 'moss', `--project=${project}`, '--json');
    assert.deepEqual(sorted(JSON.parse(stdout).map(({ session_id }: { session_id: string }) => session_id)), [
      claude,
    ]);
  }
});

test('nothing is written beside the folders of the job, and no name moves the cursor of a terminal', async () => {
  assert.deepEqual((await readdir(folder)).sort(), [
    'claude',
    'codex',
    'data',
    'events',
    'shared.jsonl',
    'tmp',
  ]);
  assert.deepEqual((await readdir(data)).sort(), ['exports', 'handoff', 'lake', 'state']);
  assert.deepEqual(await readdir(join(folder, 'tmp')), []);
  assert.equal((await readdir(join(folder, 'claude'))).length, names.length);
  run('search', 'moss');
  for (const [words, { stdout, stderr }] of said) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    assert.doesNotMatch(stdout + stderr, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2028]/, words);
  }
});

test('everything that the whole job wrote is for its owner only, and what is another’s keeps its mode', async () => {
  run('build', '--as-of', '2026-07-21', '--out', join(data, 'as-of'));
  assert.deepEqual(await openToOthers(data), []);
  assert.equal((await lstat(join(data, 'lake', 'redaction.key'))).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, 'shared.jsonl'))).mode & 0o777, 0o644);
  const files = await readdir(data, { recursive: true });
  for (const part of [
    'lake/clickhouse/',
    'lake/raw/',
    'lake/core/',
    'handoff/zvec/',
    'exports/',
    'state/',
    'as-of/',
  ])
    assert.ok(
      files.some((file) => file.startsWith(part)),
      part,
    );
});
