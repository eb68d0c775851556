import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { command, handoff } from '../pipelines/handoff.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { lakeOf as lakeWith, replaceSessions, type SessionSpec, said } from './support/core.js';
import type { TestLake } from './support/lake.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
const settled = new Date('2026-06-01');

type Line = { id: string; text?: string; deleted?: boolean; metadata?: Record<string, unknown> };

/** A lake of the core tables alone: no dataset is built. */
const lakeOf = (sessions: SessionSpec[], environment: Record<string, string> = {}) =>
  lakeWith(sessions, environment, { models: [] });

/** One session whose turns are these questions and answers, asked a minute apart. */
function chat(pairs: [question: string, answer: string, more?: object][], id = 's'): SessionSpec[] {
  return [
    { id, turns: pairs.map(([question, answer, more]) => ({ question, steps: [said(answer)], ...more })) },
  ];
}

const run = (lake: TestLake, options: { now?: Date; rebuild?: boolean; from?: string } = {}) =>
  handoff({ config: lake.config, now: settled, rebuild: false, ...options });

async function readLines(lake: TestLake): Promise<Line[]> {
  const text = await readFile(lake.config.handoff, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const counts = ({ added, changed, deleted, waiting }: Record<string, unknown>) => [
  added,
  changed,
  deleted,
  waiting,
];

test('a pair is handed off whole, also what stands behind a NUL', async () => {
  const lake = await lakeOf(chat([['Why\0not?', 'Be\0cause.']]));
  await run(lake);
  const [line] = await readLines(lake);
  assert.equal(line?.text, 'Question: Why\0not?\n\nAnswer: Be\0cause.');
  await lake.remove();
});

test('each pair is handed off once, in the order of asking, with where it comes from', async () => {
  const lake = await lakeOf(
    chat([
      ['Why?', 'Because.'],
      ['And?', 'So.'],
    ]),
  );
  assert.deepEqual(counts(await run(lake)), [2, 0, 0, 0]);
  const [first, second] = await readLines(lake);
  const {
    question_hash: question,
    answer_hash: answer,
    content_hash: content,
    ...metadata
  } = first?.metadata ?? {};
  assert.deepEqual([first?.id, first?.text], ['s-1-pair', 'Question: Why?\n\nAnswer: Because.']);
  assert.deepEqual(metadata, {
    agent: 'claude',
    session_id: 's',
    project_path: '~/work',
    source_path: 's.jsonl',
    offset: 0,
    model: 'model-a',
    ts_ms: Date.parse('2026-01-01T10:00:00Z'),
    revision: 1,
    question_chars: 4,
  });
  for (const hash of [question, answer, content]) assert.match(String(hash), /^[0-9a-f]{64}$/);
  assert.equal(second?.id, 's-2-pair');
  assert.equal((await stat(lake.config.handoff)).mode & 0o777, 0o600);
  const before = await readFile(lake.config.handoff, 'utf8');
  assert.deepEqual(counts(await run(lake)), [0, 0, 0, 0]);
  assert.equal(await readFile(lake.config.handoff, 'utf8'), before);
  await lake.remove();
});

test('a pair that changed comes again as the next revision; one that became void is taken back and may come again', async () => {
  const lake = await lakeOf(
    chat([
      ['Why?', 'Because.'],
      ['And?', 'So.'],
    ]),
  );
  await run(lake);
  await replaceSessions(
    lake,
    chat([
      ['Why?', 'Because it is.'],
      ['And?', 'So.', { end: 'rolled_back' }],
    ]),
  );
  assert.deepEqual(counts(await run(lake)), [0, 1, 1, 0]);
  assert.deepEqual(counts(await run(lake)), [0, 0, 0, 0]);
  const [, , changed, deleted] = await readLines(lake);
  assert.deepEqual([changed?.id, changed?.metadata?.revision], ['s-1-pair', 2]);
  assert.deepEqual(deleted, { id: 's-2-pair', deleted: true });
  await replaceSessions(
    lake,
    chat([
      ['Why?', 'Because it is.'],
      ['And?', 'So.'],
    ]),
  );
  assert.deepEqual(counts(await run(lake)), [0, 1, 0, 0]);
  assert.equal((await readLines(lake)).at(-1)?.metadata?.revision, 2);
  await lake.remove();
});

test('a pair whose log was moved comes again with the place it has now', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.']]));
  await run(lake);
  const pair = { source_path: 'archived/s.jsonl' };
  await replaceSessions(lake, chat([['Why?', 'Because.', { pair }]]));
  assert.deepEqual(counts(await run(lake)), [0, 1, 0, 0]);
  const { revision, source_path: path } = (await readLines(lake)).at(-1)?.metadata ?? {};
  assert.deepEqual([revision, path], [2, 'archived/s.jsonl']);
  assert.deepEqual(counts(await run(lake)), [0, 0, 0, 0]);
  await lake.remove();
});

test('copies of an older pair are not handed off', async () => {
  const lake = await lakeOf([
    ...chat([['Why?', 'Because.']], 'a'),
    ...chat([['Why?', 'Because.', { pair: { duplicate_of: 'a-1-pair' } }]], 'b'),
  ]);
  assert.deepEqual(counts(await run(lake)), [1, 0, 0, 0]);
  assert.deepEqual(
    (await readLines(lake)).map(({ id }) => id),
    ['a-1-pair'],
  );
  await lake.remove();
});

test('a pair whose turn has no end waits until its file was quiet for the settle time', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.', { is_ended: false }]]), { TRACEMILL_SETTLE: '1h' });
  // Its file was last written at 1970-01-01T00:00Z.
  await lake.raw('s.jsonl', ['{}']);
  assert.deepEqual(counts(await run(lake, { now: new Date(59 * 60e3) })), [0, 0, 0, 1]);
  assert.deepEqual(counts(await run(lake, { now: new Date(60 * 60e3) })), [1, 0, 0, 0]);
  // Written again: what was handed off stays, whether it is quiet or not.
  assert.deepEqual(counts(await run(lake, { now: new Date(59 * 60e3) })), [0, 0, 0, 1]);
  await lake.remove();
});

test('without a settle time it waits for nothing, also where the time of its file lies ahead', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.', { is_ended: false }]]), { TRACEMILL_SETTLE: '0' });
  await lake.raw('s.jsonl', ['{}']);
  assert.deepEqual(counts(await run(lake, { now: new Date(-60 * 60e3) })), [1, 0, 0, 0]);
  await lake.remove();
});

test('so does one in a folder that is named after a home, which tables redact', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.', { is_ended: false }]], '~-x/s'), {
    TRACEMILL_SETTLE: '1h',
  });
  await lake.raw('-home-carla-x/s.jsonl', ['{}']);
  assert.deepEqual(counts(await run(lake, { now: new Date(59 * 60e3) })), [0, 0, 0, 1]);
  assert.deepEqual(counts(await run(lake, { now: new Date(60 * 60e3) })), [1, 0, 0, 0]);
  await lake.remove();
});

test('a torn last line is mended wherever it was cut', async () => {
  const lake = await lakeOf(
    chat([
      ['Why?', 'Because.'],
      ['And?', 'So \u2028 ü.'],
      ['Then?', 'Then.'],
    ]),
  );
  await run(lake);
  const whole = await readFile(lake.config.handoff);
  // Everywhere within a character, about every line's end, and here and there between.
  const cuts = Array.from(whole.keys()).filter((cut) => {
    const isInside = (whole[cut] ?? 0) >> 6 === 2;
    return isInside || cut % 59 === 0 || whole.subarray(Math.max(0, cut - 2), cut + 1).includes(10);
  });
  assert.ok(cuts.length > 30);
  for (const cut of cuts) {
    await truncate(lake.config.handoff, cut);
    await run(lake);
    assert.deepEqual(await readFile(lake.config.handoff), whole, `cut at ${cut}`);
  }
  assert.deepEqual(counts(await run(lake)), [0, 0, 0, 0]);
  await truncate(lake.config.handoff, whole.length - 1);
  assert.deepEqual(counts(await run(lake)), [0, 0, 0, 0]);
  assert.deepEqual(await readFile(lake.config.handoff), whole);
  await lake.remove();
});

test('killed between write and fsync, or after: the next run neither loses nor repeats a pair', async () => {
  const answers = Array.from({ length: 40 }, (_, index) => `${index} `);
  const lake = await lakeOf(chat(answers.map((answer, index) => [`Why ${index}?`, answer])));
  // Long enough for several writes; made long by the model, whose text would else be as long as all of them.
  const model = await readFile(join(lake.config.sql, 'core/qa_pairs.sql'), 'utf8');
  const long = model
    .replace(/\norder by (\w+)\n$/, ') order by $1')
    .replace('\nselect', '\nselect * replace (repeat(answer, 90_000) as answer) from (select');
  await lake.sql({ 'core/qa_pairs': long });
  assert.deepEqual((await lake.build()).failures, []);
  const env = { ...process.env, TRACEMILL_DATA: lake.config.data, TRACEMILL_SQL: lake.config.sql };
  for (const point of ['handoff-written:1', 'handoff-synced:1', 'handoff-written:1']) {
    const killed = spawnSync(process.execPath, [cli, 'handoff'], {
      env: { ...env, TRACEMILL_CRASH_AT: point },
    });
    assert.equal(killed.signal, 'SIGKILL', point);
  }
  await appendFile(lake.config.handoff, '{"id":"torn');
  await run(lake);
  const ids = (await readLines(lake)).map(({ id }) => id);
  assert.deepEqual(
    ids,
    answers.map((_, index) => `s-${index + 1}-pair`),
  );
  await lake.remove();
});

test('--rebuild writes the file from scratch, all revisions 1', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.']]));
  await run(lake);
  await replaceSessions(
    lake,
    chat([
      ['Why?', 'Because it is.'],
      ['And?', 'So.'],
    ]),
  );
  await run(lake);
  await appendFile(lake.config.handoff, 'not ours\n');
  assert.deepEqual(counts(await run(lake, { rebuild: true })), [2, 0, 0, 0]);
  assert.deepEqual(
    (await readLines(lake)).map(({ id, metadata }) => [id, metadata?.revision]),
    [
      ['s-1-pair', 1],
      ['s-2-pair', 1],
    ],
  );
  await lake.remove();
});

test('--from leaves out what was answered before, but not what was handed off already', async () => {
  const lake = await lakeOf(
    chat([
      ['Why?', 'Because.', { pair: { answered_at: '2026-01-01 10:00:30' } }],
      ['And?', 'So.', { pair: { answered_at: '2026-01-01 10:01:30' } }],
      ['Then?', 'Then.', { pair: { answered_at: '2026-01-01 10:02:30' } }],
      ['When?', 'Long ago.', { pair: { asked_at: null, answered_at: null, ts_ms: null } }],
    ]),
  );
  const from = '2026-01-01T10:02:00';
  const ids = async () => (await readLines(lake)).map(({ id, metadata }) => `${id} ${metadata?.revision}`);
  const first = await run(lake, { from });
  assert.deepEqual([...counts(first), first.earlier], [1, 0, 0, 0, 3]);
  assert.deepEqual(await ids(), ['s-3-pair 1']);
  // The moment itself is not before it.
  assert.deepEqual(counts(await run(lake, { from: '2026-01-01T10:01:30' })), [1, 0, 0, 0]);
  assert.deepEqual(await ids(), ['s-3-pair 1', 's-2-pair 1']);
  await replaceSessions(
    lake,
    chat([
      ['Why?', 'Because it is.', { pair: { answered_at: '2026-01-01 10:00:30' } }],
      ['And?', 'So it is.', { pair: { answered_at: '2026-01-01 10:01:30' } }],
    ]),
  );
  const second = await run(lake, { from });
  assert.deepEqual([...counts(second), second.earlier], [0, 1, 1, 0, 1]);
  assert.deepEqual((await ids()).slice(2), ['s-2-pair 2', 's-3-pair undefined']);
  assert.deepEqual(counts(await run(lake)), [1, 0, 0, 0]);
  await lake.remove();
});

test('--from takes a time in any zone and refuses what is none', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.', { pair: { answered_at: '2026-01-01 10:00:30' } }]]));
  const context = { config: lake.config, log: () => {}, progress: silentProgress, now: () => new Date() };
  const from = async (time: string) =>
    (await command.run({ rebuild: false, from: time }, context)).summary.join('\n');
  const late = await from('2026-01-01T12:00:31+02:00');
  assert.match(late, /: 0 new, .* 0 not final yet, 1 from before 2026-01-01T12:00:31\+02:00\n/);
  assert.match(await from('2026-01-01T12:00:30+02:00'), /: 1 new, .* 0 from before/);
  await assert.rejects(from('yesterday'), {
    name: 'UserError',
    exitCode: 2,
    message: '--from yesterday: not a time; write 2026-05-01 or 2026-05-01T12:00Z',
  });
  await lake.remove();
});

test('lines of others are left alone and told of', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.']]));
  await run(lake);
  await appendFile(lake.config.handoff, 'not ours\n[1]\n');
  const env = { ...process.env, TRACEMILL_DATA: lake.config.data, TRACEMILL_SQL: lake.config.sql };
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'handoff'], { env, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(
    stdout,
    /jsonl: 0 new, 0 changed, 0 taken back, 0 not final yet\n.*seq_mem\.jsonl: 0 new\ngate: 0 texts scanned, no secret found\n$/,
  );
  assert.match(stderr, /: 2 lines are no records of ours; left as they are\n$/);
  assert.match(await readFile(lake.config.handoff, 'utf8'), /\nnot ours\n\[1\]\n$/);
  await lake.remove();
});

test('texts are cut at a word and say so, or left out, as the settings ask', async () => {
  const pairs: [string, string][] = [['Why is it so?', 'Because it is what it is.']];
  const cut = await lakeOf(chat(pairs), { SEQ_AGENT_QA_MAX_TEXT_CHARS: '48' });
  await run(cut);
  const [line] = await readLines(cut);
  assert.deepEqual(
    [line?.text, line?.metadata?.truncated],
    ['Question: Why is it so?\n\nAnswer: Because it is', true],
  );
  const without = await lakeOf(chat(pairs), { SEQ_AGENT_QA_INCLUDE_TEXT: '0' });
  await run(without);
  const [bare] = await readLines(without);
  assert.deepEqual([bare?.text, bare?.metadata?.truncated], ['', undefined]);
  await Promise.all([cut.remove(), without.remove()]);
});

test('an unbuilt lake takes nothing back: it says what to do', async () => {
  const lake = await lakeOf(chat([['Why?', 'Because.']]));
  await run(lake);
  const before = await readFile(lake.config.handoff, 'utf8');
  await writeFile(join(lake.config.data, 'lake', 'manifest.json'), '{"format":1,"tables":{},"checks":{}}');
  await assert.rejects(run(lake), /core\.qa_pairs: not built yet; run `tracemill build`/);
  assert.equal(await readFile(lake.config.handoff, 'utf8'), before);
  await lake.remove();
});
