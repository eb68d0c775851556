import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRecorder } from 'tracemill/recorder';
import { recordRun } from './examples/recordRun.js';
import { makeLogs, of, removeLogs, type TestLogs } from './support/logs.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cli = join(root, 'dist/pipelines/cli.js');
let logs: TestLogs;
beforeEach(async () => {
  logs = await makeLogs();
});
afterEach(() => removeLogs(logs));

type Ended = { code: number | null; stdout: string; stderr: string };

/** Runs a program, `tracemill record` by default, with the spool of this test. */
function run(
  words: readonly string[],
  stdin = '',
  program = [process.execPath, cli, 'record'],
): Promise<Ended> {
  const [file = '', ...rest] = program;
  const env = { ...process.env, TRACEMILL_DATA: logs.lake.config.data };
  const child = spawn(file, [...rest, ...words], { env, cwd: root });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    ended.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    ended.stderr += text;
  });
  // Usage errors end it before it reads.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ended, code }));
  });
}

/** The lines of the spool. */
async function spooled(): Promise<string[]> {
  const { spool } = logs.lake.config;
  const files = await readdir(spool).catch(() => []);
  const texts = await Promise.all(files.map((file) => readFile(join(spool, file), 'utf8')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1));
}

const withoutIdentity = (line: string) => {
  const { id, timestamp, ...event } = JSON.parse(line);
  return event;
};

test('events recorded from a shell and from a program are what ingest reads, each on its day', async () => {
  const score = ['artifact.scored', '--artifact', 'a1', '--payload', '{"score":8}', '--tag', 'x'];
  const first = await run([...score, '--tag', 'y', '--field', 'comment=a = "b"', '--field', 'more=[1,2]']);
  assert.match(first.stdout, /^recorded artifact\.scored [0-9a-f-]{36}\n$/);
  assert.deepEqual([first.code, first.stderr], [0, '']);
  const second = await run(
    ['--json', 'lineage.locked', '--lineage', 'l1', '--payload', '-'],
    '{"reason":"é"}',
  );
  const { id } = JSON.parse(second.stdout);
  const [one = '', two = ''] = await spooled();
  const payload = { score: 8, comment: 'a = "b"', more: [1, 2] };
  const event = { event_type: 'artifact.scored', schema_version: 1, artifact_id: 'a1', tags: ['x', 'y'] };
  assert.deepEqual(withoutIdentity(one), { ...event, payload });
  assert.equal(JSON.parse(two).id, id);
  const clock = () => new Date('2026-03-01T10:00:00.000Z');
  createRecorder({ folder: logs.lake.config.spool, clock }).recordEvent('my.type', { text: 'a\nb\u2028c' });
  recordRun(logs.lake.config.spool);
  const report = await logs.ingest({ settleMs: 3600e3 });
  assert.deepEqual([of(report, 'events').new, report.lines], [3, 34]);
  const rows = await logs.rows('events');
  assert.deepEqual(rows.map((row) => row.line).sort(), (await spooled()).sort());
  for (const { day, line } of rows) assert.equal(day, JSON.parse(line ?? '').timestamp.slice(0, 10));
  await run(['artifact.scored', '--artifact', 'a1', '--field', 'score=9']);
  const next = await logs.ingest({ settleMs: 3600e3 });
  assert.deepEqual([of(next, 'events').grown, next.lines], [1, 1]);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('what is wrong is said with the house codes, and nothing is recorded', async () => {
  const scored = ['artifact.scored', '--artifact', 'a1'];
  const cases: [words: string[], stdin: string, code: number, message: RegExp][] = [
    [[], '', 2, /^record: no type of event is named; write one/],
    [['a', 'b'], '', 2, /Unknown argument: b/],
    [[...scored, '--score', '8'], '', 2, /Unknown argument: score/],
    [[...scored, '--field', 'score'], '', 2, /^--field: must be name=value/],
    [
      [...scored, '--field', 'score=11'],
      '',
      65,
      /^artifact\.scored: payload\.score: must be 1 to 10; correct it/,
    ],
    [['artifact.scored', '--field', 'score=8'], '', 65, /^artifact\.scored: refs\.artifact_id: is missing/],
    [[...scored, '--payload', '{"score":'], '', 65, /^--payload: is no JSON; nothing was recorded/],
    [[...scored, '--payload', '[8]'], '', 65, /^--payload: must be a JSON object/],
    [[...scored, '--payload', '-'], '{"score":8,"n":12345678901234567890}', 65, /^stdin: .* above 2\^53/],
    [['--jsonl', 'artifact.scored'], '', 2, /^--jsonl: each line names its own type/],
  ];
  for (const [words, stdin, code, message] of cases) {
    const ended = await run(words, stdin);
    assert.match(ended.stderr, message, words.join(' '));
    assert.deepEqual([ended.code, ended.stdout], [code, ''], words.join(' '));
  }
  assert.deepEqual(await spooled(), []);
  const odd = await run(['artifact.scord', '--field', 'score=8']);
  assert.equal(odd.stderr, 'artifact.scord: not a type that tracemill knows; recorded as it is\n');
  assert.deepEqual([odd.code, (await spooled()).length], [0, 1]);
});

test('lines of stdin are recorded one by one; those that are wrong are named and left out', async () => {
  const lines = [
    '{"event_type":"my.type","payload":{"text":"a\u2028b","__proto__":{"a":1}},"refs":{"agent_id":"g"},"tags":["t"]}',
    '',
    '{"event_type":"artifact.scored","payload":{"score":0},"refs":{"artifact_id":"a1"}}',
    '{"event_type":"my.type","payload":{},"score":8}',
    'not json',
    '{"event_type":"my.type","payload":{"n":9007199254740993}}',
    `{"event_type":"my.type","payload":{"big":"${'x'.repeat(300_000)}"}}`,
  ];
  const ended = await run(['--jsonl', '--session', 's1', '--tag', 'all', '--json'], lines.join('\n'));
  assert.equal(ended.code, 65);
  const { ids, refused } = JSON.parse(ended.stdout);
  assert.deepEqual(
    refused.map(({ line, error }: { line: number; error: string }) => [line, error.slice(0, 40)]),
    [
      [3, 'artifact.scored: payload.score: must be '],
      [4, 'event: Unrecognized key: "score"; give e'],
      [5, 'event: is no JSON; nothing was recorded'],
      [6, 'event: holds a whole number above 2^53, '],
    ],
  );
  assert.equal(ended.stderr.trim().split('\n').length, 4);
  const found = await spooled();
  assert.deepEqual(
    found.map((line) => JSON.parse(line).id),
    ids,
  );
  const [first = '', second = ''] = found;
  assert.deepEqual(withoutIdentity(first), {
    event_type: 'my.type',
    schema_version: 1,
    session_id: 's1',
    agent_id: 'g',
    tags: ['all', 't'],
    payload: JSON.parse('{"text":"a\u2028b","__proto__":{"a":1}}'),
  });
  assert.equal(JSON.parse(second).payload.big.length, 300_000);
});

test('a disk limit that is really reached leaves half a line, which ingest keeps apart from the next', async () => {
  const limited = ['/bin/sh', '-c', 'ulimit -S -f 8; exec "$@"', 'sh', process.execPath, cli, 'record'];
  const blocks = spawnSync('/bin/sh', ['-c', 'ulimit -S -f 8 && ulimit -f']).stdout.toString().trim();
  assert.equal(blocks, '8');
  const small = await run(['my.type'], '', limited);
  assert.equal(small.code, 0);
  const large = await run(
    ['my.type', '--payload', '-'],
    JSON.stringify({ text: 'x'.repeat(20_000) }),
    limited,
  );
  assert.match(large.stderr, /spool.events: the event could not be written \(only part of it fitted\); free/);
  assert.equal(large.code, 1);
  assert.equal((await run(['my.type'])).code, 0);
  await logs.ingest();
  const rows = await logs.rows('events');
  const kinds = rows.map(({ line }) => (/^\{.*\}$/.test(line ?? '') ? 'event' : 'half'));
  assert.deepEqual(kinds, ['event', 'half', 'event']);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('just passes the words on as they were quoted', async () => {
  const just = [join(root, 'node_modules/.bin/just'), 'record'];
  const payload = { score: 8, comment: `it's "so" $HOME; *` };
  const ended = await run(
    ['artifact.scored', '--artifact', 'a 1', '--payload', JSON.stringify(payload)],
    '',
    just,
  );
  assert.deepEqual([ended.code, ended.stderr], [0, '']);
  const [line = ''] = await spooled();
  assert.deepEqual(withoutIdentity(line).payload, payload);
});

test('the spool folder is a setting of its own', async () => {
  const other = join(logs.lake.folder, 'other spool');
  await removeLogs(logs);
  logs = await makeLogs({ TRACEMILL_SPOOL: other });
  assert.equal(logs.lake.config.spool, other);
  recordRun(other);
  assert.equal(of(await logs.ingest(), 'events').lines, 31);
});
