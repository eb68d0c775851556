import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { handoff } from '../pipelines/handoff.js';
import { lakeOf as lakeWith, replaceSessions, type SessionSpec, said } from './support/core.js';
import type { TestLake } from './support/lake.js';
import { makeLogs, removeLogs, type TestLogs } from './support/logs.js';
import { claude, codex } from './support/smallSessions.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
const sql = fileURLToPath(new URL('../../sql', import.meta.url));
const settled = new Date('2026-06-01');

type Row = Record<string, unknown> & { event_id: string; subject: string };

function chat(count: number, more: object = {}): SessionSpec[] {
  const numbers = Array.from({ length: count }, (_, index) => index);
  return [
    { id: 's', turns: numbers.map((n) => ({ question: `Why ${n}?`, steps: [said(`So ${n}.`)], ...more })) },
  ];
}

/** A lake of the core tables alone: no dataset is built. */
const lakeOf = (sessions: SessionSpec[]) => lakeWith(sessions, {}, { models: [] });
const run = (lake: TestLake, more: object = {}) =>
  handoff({ config: lake.config, now: settled, rebuild: false, ...more });
const environment = (lake: TestLake, more: Record<string, string> = {}) => ({
  ...process.env,
  TRACEMILL_DATA: lake.config.data,
  TRACEMILL_SQL: lake.config.sql,
  ...more,
});

const foreign = (n: number) =>
  `${JSON.stringify({ ts_ms: n, ok: true, session_id: 'desk', event_id: `f${n}`, name: 'cli.run', subject: 'x' })}\n`;

async function readRows(lake: TestLake): Promise<Row[]> {
  const lines = (await readFile(lake.config.seqMem, 'utf8')).split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const row = line.startsWith('{') && line.endsWith('}') ? JSON.parse(line) : {};
    return row.name === 'agent.qa.pair' ? [row] : [];
  });
}

const questions = (rows: readonly Row[]) => rows.map(({ subject }) => JSON.parse(subject).question);

test('a new pair gets one row of the established form; a change of it gets none', async () => {
  const pair = { asked_at: '2026-01-01 10:00:00', answered_at: '2026-01-01 10:00:02.500' };
  const lake = await lakeOf(chat(1, { pair }));
  assert.equal((await run(lake)).noted, 1);
  const text = await readFile(lake.config.seqMem, 'utf8');
  const [row] = await readRows(lake);
  assert.ok(row);
  const { subject, event_id: id, content_hash: hash, ...rest } = row;
  assert.deepEqual(rest, {
    ts_ms: Date.parse('2026-01-01T10:00:02.500Z'),
    dur_us: 2_500_000,
    ok: true,
    session_id: 's',
    name: 'agent.qa.pair',
  });
  assert.match(id, /^[0-9a-f]{32}$/);
  const [line] = (await readFile(lake.config.handoff, 'utf8')).split('\n');
  assert.equal(hash, JSON.parse(line ?? '').metadata.content_hash);
  assert.deepEqual(JSON.parse(subject), {
    qa_id: 's-1-pair',
    agent: 'claude',
    session_id: 's',
    project_path: '~/work',
    source_path: 's.jsonl',
    offset: 0,
    model: 'model-a',
    question: 'Why 0?',
    answer: 'So 0.',
    question_chars: 6,
    answer_chars: 5,
  });
  await replaceSessions(lake, [{ id: 's', turns: [{ question: 'Why 0?', steps: [said('Other.')] }] }]);
  const { changed, noted } = await run(lake);
  assert.deepEqual([changed, noted], [1, 0]);
  // Nor does a handoff written anew, or one whose memory was lost.
  assert.equal((await run(lake, { rebuild: true })).noted, 0);
  await rm(lake.config.state, { recursive: true });
  assert.equal((await run(lake)).noted, 0);
  assert.equal(await readFile(lake.config.seqMem, 'utf8'), text);
  await lake.remove();
});

test('a pair of a log without times is told at the time its session began', async () => {
  const [session] = chat(1, { pair: { asked_at: null, answered_at: null } });
  const lake = await lakeOf([
    { ...session, id: 's', turns: session?.turns ?? [], started_at: '2025-05-01 08:00:00' },
  ]);
  await run(lake);
  const [row] = await readRows(lake);
  assert.deepEqual([row?.ts_ms, row?.dur_us], [Date.parse('2025-05-01T08:00:00Z'), 0]);
  await lake.remove();
});

test('where the disk is full the run says so, and the next one ends what it began', async () => {
  const lake = await lakeOf(chat(60));
  await run(lake);
  await rm(lake.config.state, { recursive: true });
  await rm(lake.config.seqMem);
  // No file may grow beyond 16 KiB: the rows of 60 pairs are more.
  const limited = `ulimit -f 16; exec "${process.execPath}" "${cli}" handoff`;
  const env = environment(lake, { SEQ_AGENT_QA_FLUSH_EVERY: '7' });
  const { status, stderr } = spawnSync('bash', ['-c', limited], { env, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /seq_mem\.jsonl: its disk is full; free some space and run again, the pairs follow then\n$/,
  );
  const torn = await readFile(lake.config.seqMem, 'utf8');
  assert.ok(torn.length > 0 && !torn.endsWith('\n'));
  assert.ok((await run(lake)).noted < 60);
  assert.ok((await readFile(lake.config.seqMem, 'utf8')).startsWith(`${torn}\n`));
  const told = questions(await readRows(lake));
  assert.deepEqual([told.length, new Set(told).size], [60, 60]);
  await lake.remove();
});

test('rows of others stay byte for byte; half a line before ours is ended, not taken away', async () => {
  const lake = await lakeOf(chat(2));
  const before = `${foreign(1)}not JSON agent.qa.pair\n\n{"torn":"agent.qa.pa`;
  await writeFile(lake.config.seqMem, before);
  assert.equal((await run(lake)).noted, 2);
  const text = await readFile(lake.config.seqMem, 'utf8');
  assert.ok(text.startsWith(`${before}\n{"ts_ms":`), text);
  assert.deepEqual(questions(await readRows(lake)), ['Why 0?', 'Why 1?']);
  // A row of ours cut anywhere is written again, one that lacks only its newline is not.
  const whole = Buffer.byteLength(text);
  const last = text.trimEnd().lastIndexOf('\n') + 1;
  for (const cut of [1, 40, 200]) {
    await rm(lake.config.state, { recursive: true, force: true });
    await truncate(lake.config.seqMem, last + cut);
    assert.equal((await run(lake)).noted, 1, `cut at ${cut}`);
    assert.deepEqual(questions(await readRows(lake)), ['Why 0?', 'Why 1?']);
    await writeFile(lake.config.seqMem, text);
  }
  await rm(lake.config.state, { recursive: true, force: true });
  await truncate(lake.config.seqMem, whole - 1);
  assert.equal((await run(lake)).noted, 0);
  await lake.remove();
});

test('killed at any point, each pair has its row once and its line once, at most FLUSH_EVERY in a write', async () => {
  const lake = await lakeOf(chat(9));
  const lines = async () => (await readFile(lake.config.handoff, 'utf8')).trimEnd().split('\n');
  const killAt = (point: string) => {
    const env = environment(lake, { TRACEMILL_CRASH_AT: point, SEQ_AGENT_QA_FLUSH_EVERY: '2' });
    assert.equal(spawnSync(process.execPath, [cli, 'handoff'], { env }).signal, 'SIGKILL', point);
  };
  for (const [point, done] of [
    ['handoff-written:1', 2],
    ['handoff-synced:2', 6],
    ['handoff-synced:1', 8],
  ] as const) {
    killAt(point);
    assert.equal((await lines()).length, done, point);
  }
  for (const [point, done] of [
    ['seq-mem-written:1', 2],
    ['seq-mem-synced:1', 4],
    ['seq-mem-written:2', 8],
    ['seq-mem-synced:1', 9],
  ] as const) {
    killAt(point);
    assert.equal((await readRows(lake)).length, done, point);
  }
  assert.equal((await run(lake)).noted, 0);
  assert.deepEqual(
    questions(await readRows(lake)),
    Array.from({ length: 9 }, (_, index) => `Why ${index}?`),
  );
  assert.equal(new Set((await lines()).map((line) => JSON.parse(line).id)).size, 9);
  assert.equal((await lines()).length, 9);
  await lake.remove();
});

test('another program may append while rows are written: all lines are whole', async () => {
  const lake = await lakeOf(chat(300));
  const writer = spawn(
    process.execPath,
    [
      '-e',
      `const { appendFileSync } = require('node:fs');
      const line = ${JSON.stringify(foreign(1))};
      process.stdout.write('go');
      const pause = new Int32Array(new SharedArrayBuffer(4));
      for (;;) {
        for (let n = 0; n < 10; n += 1) appendFileSync(${JSON.stringify(lake.config.seqMem)}, line);
        // Without a pause its lines would take longer to read than ours to write.
        Atomics.wait(pause, 0, 0, 1);
      }`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    await once(writer.stdout, 'data');
    const env = environment(lake, { SEQ_AGENT_QA_FLUSH_EVERY: '3' });
    const { status } = spawnSync(process.execPath, [cli, 'handoff'], { env });
    assert.equal(status, 0);
  } finally {
    writer.kill('SIGKILL');
    await once(writer, 'close');
  }
  const lines = (await readFile(lake.config.seqMem, 'utf8')).trimEnd().split('\n');
  const pairs = lines.map((line) => JSON.parse(line)).filter(({ name }) => name === 'agent.qa.pair');
  assert.equal(new Set(pairs.map(({ event_id: id }) => id)).size, 300);
  assert.equal(pairs.length, 300);
  assert.ok(lines.length > 600, 'the other program wrote between our batches');
  await lake.remove();
});

test('a log that was rotated away gets new pairs only', async () => {
  const lake = await lakeOf(chat(2));
  await run(lake);
  await rename(lake.config.seqMem, `${lake.config.seqMem}.1`);
  await replaceSessions(lake, chat(3));
  assert.equal((await run(lake)).noted, 1);
  assert.deepEqual(questions(await readRows(lake)), ['Why 2?']);
  await lake.remove();
});

test('a log that grew much is not read twice, and one rotated while it was read up to there is read from its start', async () => {
  const lake = await lakeOf(chat(1));
  const line = foreign(1);
  await writeFile(lake.config.seqMem, line.repeat(Math.ceil(3e6 / line.length)));
  await run(lake);
  const memo = JSON.parse(
    (await readFile(`${lake.config.state}/seq_mem_pairs.jsonl`, 'utf8')).split('\n')[0] ?? '',
  );
  assert.ok(memo.read_to > 2e6, JSON.stringify(memo));
  await replaceSessions(lake, chat(2));
  const [, second] = await rowsOfAnother(chat(2));
  const other = `${JSON.stringify({ ...second, ts_ms: 1 })}\n`;
  await writeFile(lake.config.seqMem, `${foreign(2)}${other}${line.repeat(Math.ceil(3e6 / line.length))}`);
  assert.equal((await run(lake)).noted, 0);
  await lake.remove();
});

async function rowsOfAnother(sessions: SessionSpec[]): Promise<Row[]> {
  const lake = await lakeOf(sessions);
  await run(lake);
  const rows = await readRows(lake);
  await lake.remove();
  return rows;
}

test('the settings of length and text govern rows and lines, and nothing in the lake', async () => {
  const sessions: SessionSpec[] = [
    { id: 's', turns: [{ question: 'Why is it so?', steps: [said('Because it is what it is.')] }] },
  ];
  const plain = await lakeWith(sessions);
  const cut = await lakeWith(sessions, { SEQ_AGENT_QA_MAX_TEXT_CHARS: '48' });
  const without = await lakeWith(sessions, { SEQ_AGENT_QA_INCLUDE_TEXT: '0' });
  for (const lake of [plain, cut, without]) await run(lake);
  const words = async (lake: TestLake) => {
    const { question, answer, question_chars, answer_chars, truncated } = JSON.parse(
      (await readRows(lake))[0]?.subject ?? '',
    );
    return [question, answer, question_chars, answer_chars, truncated];
  };
  assert.deepEqual(await words(plain), ['Why is it so?', 'Because it is what it is.', 13, 25, undefined]);
  assert.deepEqual(await words(cut), ['Why is it so?', 'Because it is', 13, 25, true]);
  assert.deepEqual(await words(without), ['', '', 13, 25, undefined]);
  const folder = fileURLToPath(new URL('../../pipelines/', import.meta.url));
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const heed = [];
  for (const file of files.sort())
    if (/handoffText|handoffMaxChars/.test(await readFile(join(folder, file), 'utf8'))) heed.push(file);
  // search only says why it found nothing.
  assert.deepEqual(heed, ['config.ts', 'lib/pairText.ts', 'lib/settings.ts', 'search.ts']);
  const hashes = await plain.hashes();
  assert.ok(Object.keys(hashes).some((file) => file.startsWith('datasets/sft')));
  for (const lake of [cut, without]) {
    assert.deepEqual(await lake.hashes(/^(core|datasets)\//), await plain.hashes(/^(core|datasets)\//));
    await lake.remove();
  }
  await plain.remove();
});

test('a text beyond what the readers bear is cut at a word without being asked', async () => {
  const lake = await lakeOf([{ id: 's', turns: [{ question: 'Why?', steps: [said('Because ü \u0001 ')] }] }]);
  // Made long by the model: as a literal it would stand in the text of every table.
  const model = await readFile(join(lake.config.sql, 'core/qa_pairs.sql'), 'utf8');
  const long = model
    .replace(/\norder by (\w+)\n$/, ') order by $1')
    .replace('\nselect', '\nselect * replace (repeat(answer, 100_000) as answer) from (select');
  await lake.sql({ 'core/qa_pairs': long });
  assert.deepEqual((await lake.build()).failures, []);
  const { cut } = await run(lake);
  const [row] = await readRows(lake);
  const { answer, truncated } = JSON.parse(row?.subject ?? '');
  assert.deepEqual([cut, truncated], [1, true]);
  assert.ok(
    answer.length < 1e6 &&
      answer.length > 0.99e6 &&
      ['Because', 'ü', '\u0001'].includes(answer.split(' ').at(-1)),
    answer.slice(-20),
  );
  const bytes = Buffer.byteLength(JSON.stringify(row));
  assert.ok(bytes < 8 << 20, `${bytes} bytes`);
  await lake.remove();
});

test('a folder in its place, or no right to write, has a word; the pairs follow later', async () => {
  const lake = await lakeOf(chat(1));
  await mkdir(lake.config.seqMem);
  await assert.rejects(run(lake), /seq_mem\.jsonl: is a folder; name a file in TRACEMILL_SEQ_MEM, the pairs/);
  await rm(lake.config.seqMem, { recursive: true });
  assert.equal((await run(lake)).noted, 1);
  await lake.remove();
});

test('rows and lines are the same wherever the logs lie, and our own rows make no events when they are read', async () => {
  const environment = { TRACEMILL_SQL: sql, TRACEMILL_SETTLE: '0' };
  const first = await makeLogs(environment);
  const second = await makeLogs(environment);
  // All tables of the one, of the other those that a handoff reads.
  await handOffSmallSessions(first);
  await handOffSmallSessions(second, '+core.qa_pairs');
  const read = (logs: TestLogs, name: 'seqMem' | 'handoff') => readFile(logs.lake.config[name], 'utf8');
  for (const name of ['seqMem', 'handoff'] as const) {
    const text = await read(first, name);
    assert.equal(await read(second, name), text);
    for (const { lake } of [first, second]) assert.ok(!text.includes(lake.folder), name);
    assert.doesNotMatch(text, /\/home\//);
  }
  const events = /^(core|events|datasets)\//;
  const before = await first.lake.hashes(events);
  const rows = await readRows(first.lake);
  assert.equal(rows.length, 2);
  await first.ingest();
  assert.equal((await first.rows('seq')).length, 2);
  const { failures } = await first.lake.build();
  assert.deepEqual(failures, []);
  assert.deepEqual(await first.lake.query('from staging.seq_rows'), []);
  assert.deepEqual(await first.lake.query("from events.rejects where source = 'seq'"), []);
  const after = await first.lake.hashes(events);
  // A day that only these rows have gives empty files; no file with a row differs.
  for (const [file, hash] of Object.entries(before)) assert.equal(after[file], hash, file);
  assert.equal((await run(first.lake)).noted, 0);
  await Promise.all([first, second].map(removeLogs));
});

async function handOffSmallSessions(logs: TestLogs, select?: string): Promise<void> {
  // On one day, so that each model runs once.
  const text = (records: readonly object[]) =>
    records.map((record) => `${JSON.stringify(record).replaceAll('2026-02-20', '2026-07-20')}\n`).join('');
  for (const [path, records] of Object.entries(claude))
    await logs.write(`claude/projects/${path}`, text(records));
  for (const [path, records] of Object.entries(codex))
    await logs.write(`codex/sessions/${path}`, text(records));
  await logs.ingest();
  assert.deepEqual((await logs.lake.build({ select })).failures, []);
  await run(logs.lake);
}

test('a row that stood before anything was remembered stays known', async () => {
  const lake = await lakeOf(chat(1));
  await run(lake);
  await appendFile(lake.config.seqMem, foreign(1));
  await rm(lake.config.state, { recursive: true });
  await replaceSessions(lake, chat(2));
  assert.equal((await run(lake)).noted, 1);
  const names = (await readFile(lake.config.seqMem, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).name);
  assert.deepEqual(names, ['agent.qa.pair', 'cli.run', 'agent.qa.pair']);
  assert.equal((await run(lake)).noted, 0);
  await lake.remove();
});
