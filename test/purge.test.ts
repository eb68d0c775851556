import assert from 'node:assert/strict';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { commitsPerSnapshot, sweepLog } from '../pipelines/lib/commitLog.js';
import { purgeForgotten } from '../pipelines/lib/purge.js';
import { writeReceipts } from '../pipelines/lib/receipts.js';
import { openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { createRecorder } from '../pipelines/recorder.js';
import { line, makeLogs, type TestLogs, uuid } from './support/logs.js';

const [gone, other] = [uuid('1'), uuid('2')];
const path = (session: string, folder = 'p') => `claude/projects/${folder}/${session}.jsonl`;
const lines = (session: string, words: readonly string[]) =>
  words.map((word) => line(word, { sessionId: session })).join('');
let logs: TestLogs;

before(async () => {
  logs = await makeLogs();
});
after(() => rm(logs.lake.folder, { recursive: true, force: true }));

beforeEach(async () => {
  for (const name of await readdir(logs.lake.folder))
    await rm(join(logs.lake.folder, name), { recursive: true, force: true });
  await logs.write(path(gone), lines(gone, ['one', 'two', 'three', 'four']));
  await logs.write(path(other), lines(other, ['five', 'six']));
});

async function forget(payload: {
  sessions?: string[];
  places?: { file_key: string; byte_offset?: number }[];
}) {
  const recorder = createRecorder({ folder: logs.lake.config.spool });
  assert.ok(recorder.dataForgotten({ sessions: [], reason: 'asked for', ...payload }).ok);
  await logs.ingest();
}

/** What the newest receipt says. */
async function purge() {
  const { config } = logs.lake;
  await purgeForgotten({ config, now: new Date() });
  const note = { reason: null, tombstones: [], sessions: [], projects: [], text_hashes: [] };
  const receipts = await writeReceipts(config, { ...note, removed_tables: 0 });
  return receipts.at(-1) ?? { commit: null, lines: 0, bytes: 0 };
}

/** Words of Claude's lines in the lake, by the bytes of every raw file that lies there, whatever the log says. */
async function kept(): Promise<string[]> {
  const duckdb = await openDuckDB();
  const reader = await duckdb.connection.runAndReadAll(
    `select distinct regexp_extract(line, '"text":"(\\w+)"', 1) as word
     from read_parquet(${quote(join(logs.lake.config.data, 'lake/raw/claude/**/*.parquet'))}) order by word`,
  );
  duckdb.close();
  return reader.getRowsJson().map(([word]) => String(word));
}

async function placeOf(word: string) {
  const row = (await logs.rows('claude')).find((found) => found.line?.includes(`"text":"${word}"`));
  return { file_key: row?.file_key ?? '', byte_offset: Number(row?.byte_offset) };
}

async function verified() {
  const report = await logs.verify();
  assert.deepEqual(report.problems, []);
  return report;
}

test('a purged session is in no raw file, and the log says which bytes went', async () => {
  await logs.ingest();
  await forget({ sessions: [gone] });
  assert.deepEqual(await kept(), ['five', 'four', 'one', 'six', 'three', 'two']);
  const purged = await purge();
  assert.deepEqual(await kept(), ['five', 'six']);
  assert.equal(purged.lines, 4);
  assert.equal(purged.bytes, lines(gone, ['one', 'two', 'three', 'four']).length);
  const report = await verified();
  assert.deepEqual(report.purged, { ranges: 1, lines: 4, bytes: purged.bytes });
  // Those of the events' file and of both logs: their bytes still agree with the log.
  assert.equal(report.files.compared, 3);
  assert.equal((await purge()).commit, null);
});

test('one line goes out of the middle of a range, and another later', async () => {
  await logs.ingest();
  await forget({ places: [await placeOf('two')] });
  await purge();
  assert.deepEqual(await kept(), ['five', 'four', 'one', 'six', 'three']);
  assert.equal((await verified()).purged.lines, 1);
  await forget({ places: [await placeOf('one'), await placeOf('four')] });
  await purge();
  assert.deepEqual(await kept(), ['five', 'six', 'three']);
  assert.equal((await verified()).purged.lines, 3);
});

test('purged lines are not read again when their file grows, is touched, moves, is copied, rotated or written anew', async () => {
  await logs.ingest();
  await forget({ sessions: [gone] });
  await purge();
  const content = await readFile(logs.at(path(gone)));
  const expect = async (words: string[], purgedLines: number) => {
    await logs.ingest();
    assert.deepEqual(await kept(), words);
    assert.equal((await verified()).purged.lines, purgedLines);
  };
  await logs.append(path(gone), lines(gone, ['grown']));
  await expect(['five', 'grown', 'six'], 4);
  await logs.age(path(gone), 5);
  await expect(['five', 'grown', 'six'], 4);
  await rename(logs.at(path(gone)), logs.at(path(gone, 'p').replace(gone, uuid('3'))));
  await expect(['five', 'grown', 'six'], 4);
  // A copy has its own ranges: those of lines that were purged stay empty.
  await logs.write(path(uuid('4'), 'q'), content);
  await expect(['five', 'grown', 'six'], 8);
  // Written anew with the same beginning and another end, then shorter, then under another session's name.
  await logs.write(path(uuid('4'), 'q'), `${content}${lines(gone, ['fresh'])}`.replace('three', 'THREE'));
  await expect(['THREE', 'five', 'fresh', 'grown', 'six'], 11);
  await logs.write(path(uuid('4'), 'q'), lines(gone, ['one']));
  await expect(['THREE', 'five', 'fresh', 'grown', 'six'], 12);
  await logs.write(path(gone), lines(gone, ['two', 'one']));
  await expect(['THREE', 'five', 'fresh', 'grown', 'six'], 14);
});

test('a last line without newline goes in all the ways it was read', async () => {
  await logs.append(path(other), line('torn', { sessionId: other }).slice(0, -3));
  await logs.ingest();
  await logs.append(path(other), `"}\n${line('seven', { sessionId: other })}`);
  await logs.ingest();
  const row = (await logs.rows('claude')).find((found) => found.line?.includes('torn'));
  await forget({ places: [{ file_key: row?.file_key ?? '', byte_offset: Number(row?.byte_offset) }] });
  const { lines: gone } = await purge();
  assert.equal(gone, 2);
  assert.deepEqual(
    (await logs.rows('claude')).filter(({ line: text }) => text?.includes('torn')),
    [],
  );
  await verified();
  await logs.append(path(other), line('eight', { sessionId: other }));
  await logs.ingest();
  await verified();
});

test('merging before and after, and folding the log, change nothing of it', async () => {
  const long = new Date(Date.now() + 10 * 86_400_000);
  await logs.ingest();
  await logs.append(path(gone), lines(gone, ['more']));
  // The small files are merged; what they were stays a day, and goes with the purge.
  await logs.ingest({ now: new Date(Date.now() + 7_200_000), settleMs: 3_600_000 });
  await forget({ places: [await placeOf('more'), await placeOf('two')] });
  await purge();
  assert.deepEqual(await kept(), ['five', 'four', 'one', 'six', 'three']);
  for (let number = 0; number < commitsPerSnapshot; number += 1) {
    await logs.append(path(other), lines(other, [`w${number}`]));
    await logs.ingest({ now: number % 2 === 0 ? new Date() : long, settleMs: 3_600_000 });
  }
  const commits = await readdir(join(logs.lake.config.data, 'lake/commits'));
  assert.ok(commits.some((name) => name.startsWith('snapshot-')));
  assert.equal((await verified()).purged.lines, 2);
  await forget({ sessions: [other] });
  await purge();
  assert.deepEqual(await kept(), ['four', 'one', 'three']);
  await logs.write(path(uuid('5'), 'q'), await readFile(logs.at(path(gone))));
  await logs.ingest();
  assert.equal((await verified()).purged.lines, 2 + 2 + commitsPerSnapshot + 2);
});

test('events of a forgotten session, of its attempts and artifacts go; those before and after, the tombstone stays', async () => {
  const recorder = createRecorder({ folder: logs.lake.config.spool });
  const record = (type: string, payload: object, refs: object) =>
    assert.ok(recorder.recordEvent(type, payload as Record<string, unknown>, refs).ok);
  record('note.made', { n: 1 }, { session_id: gone, attempt_id: 'a1' });
  record('note.made', { n: 2 }, { attempt_id: 'a1', artifact_id: 'r1' });
  record('note.made', { n: 3 }, { artifact_id: 'r1' });
  record('note.made', { n: 4 }, { session_id: other, artifact_id: 'r2' });
  record('note.made', { n: 5, decision_id: 'd1', session_id: gone }, {});
  // They are in raw before anybody forgets them.
  await logs.ingest();
  await forget({ sessions: [gone] });
  record('note.made', { n: 6, decision_id: 'd1' }, {});
  record('note.made', { n: 7 }, { attempt_id: 'a1' });
  record('note.made', { n: 8 }, { attempt_id: 'a2' });
  await logs.ingest();
  assert.equal((await purge()).lines, 4 + 6);
  const left = (await logs.rows('events')).map(({ line: text }) => JSON.parse(text ?? ''));
  assert.deepEqual(left.map(({ payload }) => payload.n ?? payload.sessions[0]).sort(), [4, 8, gone].sort());
  await verified();
});

test('damage is found before anything goes, and a purged line that is there again is no byte of the log', async () => {
  await logs.ingest();
  const lake = join(logs.lake.config.data, 'lake');
  const before = join(logs.lake.folder, 'before');
  await cp(lake, before, { recursive: true });
  await forget({ sessions: [gone] });
  const duckdb = await openDuckDB();
  const [file = ''] = await readdir(join(lake, 'raw/claude/day=2026-03-01'));
  const raw = join(lake, 'raw/claude/day=2026-03-01', file);
  await duckdb.connection.run(
    `copy (select * replace (replace(line, 'two', '2wo') as line) from read_parquet(${quote(raw)}, hive_partitioning = false))
     to ${quote(`${raw}.new`)} (format parquet)`,
  );
  const whole = await readFile(raw);
  await rename(`${raw}.new`, raw);
  await assert.rejects(purge(), /differ from the log; run `tracemill verify`/);
  await writeFile(raw, whole);
  await purge();
  await writeFile(raw, whole);
  const { problems } = await logs.verify();
  assert.match(problems.join('\n'), /was purged and is still there; run `tracemill ingest`/);
  await sweepLog(duckdb.connection, lake, new Date());
  duckdb.close();
  await verified();
});
