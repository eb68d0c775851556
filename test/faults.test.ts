import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { writeFewModels } from './support/fewModels.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const cli = here('../pipelines/cli.js');
const canary = 'CANARYWORD';

let folder: string;
let data: string;
let environment: Record<string, string>;
const at = (path: string) => join(folder, path);

async function put(path: string, text: string): Promise<string> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
  return at(path);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-faults-'));
  data = at('data');
  environment = {
    TRACEMILL_DATA: data,
    TRACEMILL_SQL: at('sql'),
    SEQ_AGENT_QA_CLAUDE_DIR: at('claude'),
    SEQ_AGENT_QA_CODEX_DIR: at('codex'),
    SEQ_AGENT_QA_POLL_SECONDS: '0.1',
    TRACEMILL_SETTLE: '0',
    CLICKHOUSE_URL: '',
  };
  await writeFewModels(at('sql'));
  const record = (timestamp: string) =>
    `${JSON.stringify({ type: 'user', uuid: canary, timestamp, cwd: canary, message: { content: canary } })}\n`;
  await put('claude/p/good.jsonl', record('2026-03-01T10:00:00.000Z'));
  // What the models take for a time is none: DuckDB's error quotes it.
  await put('claude/p/bad.jsonl', `${record('2026-03-02T10:00:00.000Z')}${record(canary)}`);
  await put('claude/p/none.jsonl', `${canary} is no JSON\n{"a": ${canary}}\n`);
});
after(() => rm(folder, { recursive: true, force: true }));

type End = { status: number | null; words: string };

/** A verb that is to end with this code: all that it says, in which the canary must not be. */
function run(
  words: string[],
  status: number,
  more: { env?: Record<string, string>; input?: string } = {},
): End {
  const options = { encoding: 'utf8', env: { ...process.env, ...environment, ...more.env } } as const;
  const end = spawnSync(process.execPath, [cli, ...words], { ...options, input: more.input ?? '' });
  const said = `${end.stdout}${end.stderr}`;
  assert.equal(end.status, status, `${words.join(' ')}: ${said}`);
  assert.ok(!said.includes(canary), said);
  return { status: end.status, words: said };
}

test('logs that are no logs, and a model that stumbles over a row', () => {
  const ingested = run(['ingest'], 0);
  assert.match(ingested.words, /none\.jsonl: does not begin with a JSON object/);
  const failed = run(['build'], 65);
  assert.match(
    failed.words,
    /core\.sessions 2026-03-02: Conversion Error at `.*timestamp.*`; the last good files stay/,
  );
  assert.match(run(['build', '--json'], 65).words, /"rule":"Conversion Error/);
});

test('what watch says, keeps in its state and hands on of the verbs it runs', async () => {
  const options = { env: { ...process.env, ...environment } };
  const child = spawn(process.execPath, [cli, 'watch'], options);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const exited = once(child, 'exit');
  while (!/! build: /.test(said) && child.exitCode === null) await sleep(50);
  child.kill('SIGTERM');
  await exited;
  const state = await readFile(join(data, 'state', 'watch.json'), 'utf8');
  assert.match(said, /! build: core\.sessions \S+: (Conversion|Invalid Input) Error/);
  assert.match(state, /core\.sessions \S+: (Conversion|Invalid Input) Error/);
  assert.ok(!`${said}${state}`.includes(canary), said);
});

test('files of ours that hold something else', async () => {
  await put('data/handoff/agent_qa.jsonl', '');
  await appendFile(
    at('data/handoff/agent_qa.jsonl'),
    `{"id": ${canary}}\n{"id": "${canary}", "metadata": {"revision": "${canary}"}}\n{"id": "a b", "text": "${canary}"}\n`,
  );
  assert.match(run(['handoff'], 0).words, /2 lines are no records of ours/);
  assert.match(run(['index'], 0).words, /lines are no records of ours/);
  await put('data/exports/log/x.json', `{"id": ${canary}}`);
  assert.match(run(['diff'], 1).words, /^exports: a file in log\/ is no record of an export/);
  await rm(at('data/exports/log/x.json'));
  const manifest = await readFile(join(data, 'lake', 'manifest.json'), 'utf8');
  for (const text of [`{"format": ${canary}}`, `{"format": 1, "tables": {"${canary}": 1}, "checks": {}}`]) {
    await put('data/lake/manifest.json', text);
    assert.match(run(['status'], 1).words, /^lake\/manifest\.json: /);
  }
  await put('data/lake/manifest.json', manifest);
  await put('data/state/capture.json', `{"since": "${canary}"}`);
  run(['capture', 'status'], 1);
  await rm(at('data/state/capture.json'));
});

test('files that settings and options name', async () => {
  const json = await put('canary.json', `{"patterns": [{"name": ${canary}`);
  const words = await put(
    'words.json',
    JSON.stringify({ patterns: [{ name: canary, pattern: canary, flags: canary }] }),
  );
  const lines = await put('lines.jsonl', `{"text": ${canary}\n`);
  assert.match(run(['build'], 2, { env: { TRACEMILL_REDACT_FILE: json } }).words, /is no JSON/);
  assert.match(
    run(['build'], 2, { env: { TRACEMILL_REDACT_FILE: words } }).words,
    /patterns\.0\.name: write a name/,
  );
  run(['load'], 1, { env: { TRACEMILL_PRICES: json } });
  run(['export', '--decontaminate', lines], 1);
});

test('events that cannot be recorded', () => {
  const score = `{"score": "${canary}", "comment": ["${canary}"]}`;
  const event = `{"event_type": "artifact.scored", "refs": {"artifact_id": "a"}, "payload": ${score}}`;
  run(['record', 'artifact.scored', '--artifact', 'a', '--payload', '-'], 65, { input: score });
  run(['record', 'artifact.scored', '--payload', '-'], 65, { input: `{"a": ${canary}}` });
  run(['record', '--jsonl'], 65, {
    input: `{"a": ${canary}}\n${event}\n{"event_type": {"a": "${canary}"}}\n`,
  });
});

test('a fault of ours shows where it is and not what it says, whoever throws it when; --debug shows it', () => {
  const importing = (code: string) => ({
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}`,
  });
  const thrown = `throw Object.assign(new TypeError('${canary}\\n    at ${canary} (/x:1:1)'), { code: 'E_ODD' })`;
  const later = importing(
    `setInterval(() => { if (process.listenerCount('uncaughtException') > 0) { ${thrown} } }, 1)`,
  );
  const rejected = importing(
    `setInterval(() => { if (process.listenerCount('uncaughtException') > 0) Promise.reject(new Error('${canary}')) }, 1)`,
  );
  const within = importing(`Map.prototype.values = function () { ${thrown} }`);
  for (const env of [later, rejected, within]) {
    const { words } = run(['status'], 1, { env });
    assert.match(
      words,
      /^(Type)?Error( E_ODD)?\n[\s\S]*ended by a fault of its own; run it again with --debug.* \((Type)?Error( E_ODD)?\)\n$/,
    );
  }
  const options = { encoding: 'utf8', env: { ...process.env, ...environment, ...within } } as const;
  assert.match(spawnSync(process.execPath, [cli, 'status', '--debug'], options).stderr, /CANARYWORD/);
});

test('ClickHouse says nothing of a row, not even on stderr, which its engine writes itself', () => {
  const config = JSON.stringify(readConfig({ ...environment, TRACEMILL_DATA: at('chdb') }));
  const code = `
    import { openClickhouse } from ${JSON.stringify(here('../pipelines/lib/clickhouse.js'))};
    import { errorWords, errorPlaces } from ${JSON.stringify(here('../pipelines/errors.js'))};
    const clickhouse = await openClickhouse(${config});
    await clickhouse.run('create table t (word String, n Int64) engine = MergeTree order by n');
    await clickhouse.insert('t', [{ word: '${canary}', n: 1 }]);
    const statements = ['insert into t select word, word from t', 'select throwIf(1, word) from t', 'select toDateTime(word) from t',
      "select JSONExtractString(word, word) from nothing", 'insert into t select word, toInt64(word) from t'];
    for (const sql of statements) {
      const error = await clickhouse.run(sql).then(() => 'no error', (error) => error);
      console.log([sql, errorWords(error), ...errorPlaces(error)].join('\\n').replaceAll(sql, ''));
    }
    await clickhouse.close();`;
  const end = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  assert.equal(end.status, 0, end.stderr);
  assert.equal((end.stdout.match(/ClickHouseError \d+/g) ?? []).length, 5, end.stdout);
  assert.ok(!`${end.stdout}${end.stderr}`.includes(canary), `${end.stdout}${end.stderr}`);
});
