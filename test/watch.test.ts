import assert from 'node:assert/strict';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { line, makeLogs, removeLogs, uuid } from './support/logs.js';
import { type Between, watchPolls } from './support/watched.js';

const session = `claude/projects/p/${uuid('1')}.jsonl`;
const toHandoff = ['ingest', 'build --select +core.qa_pairs', 'handoff'];
const nothing: Between = () => {};
const locked = (words: string) => ({ code: 75, stdout: '', stderr: words });

async function withLogs(environment: Record<string, string> = {}) {
  const logs = await makeLogs(environment);
  await logs.write(session, line('a'));
  return logs;
}

test('a pass comes first, then only after a change; the other tables are built when the logs are quiet', async () => {
  const logs = await withLogs();
  const { ran, words } = await watchPolls(logs, [
    nothing,
    nothing,
    () => logs.append(session, line('b')),
    nothing,
    nothing,
  ]);
  assert.deepEqual(ran, [toHandoff, ['build'], [], toHandoff, ['build'], []]);
  assert.deepEqual(words, [
    'watching 1 files, handing off every pair',
    'read 0 lines, 0 B; no new pair (0.0 s)',
    'read 0 lines, 0 B; no new pair (0.0 s)',
  ]);
  await removeLogs(logs);
});

test('a new file is seen at the next poll, in a new folder too; a vanished one as well', async () => {
  const logs = await withLogs({ SEQ_AGENT_QA_RESCAN_SECONDS: '100000' });
  const { ran } = await watchPolls(logs, [
    nothing,
    () => logs.write(`claude/projects/p/${uuid('2')}.jsonl`, line('b')),
    nothing,
    // The folder is seen before there is a file in it.
    () => mkdir(logs.at('claude/projects/q')),
    () => logs.write(`claude/projects/q/${uuid('3')}.jsonl`, line('c')),
    nothing,
    () => rm(logs.at(session)),
    nothing,
  ]);
  assert.deepEqual(
    ran.map((verbs) => verbs.length),
    [3, 1, 3, 1, 0, 3, 1, 3, 1],
  );
  await removeLogs(logs);
});

test('logs that never are quiet do not keep the other tables back for longer than the rescan time', async () => {
  const logs = await withLogs({ SEQ_AGENT_QA_POLL_SECONDS: '5', SEQ_AGENT_QA_RESCAN_SECONDS: '20' });
  const grow = () => logs.append(session, line('b'));
  const { ran } = await watchPolls(logs, Array(9).fill(grow));
  assert.deepEqual(
    ran.map((verbs) => verbs.length),
    [3, 3, 3, 3, 4, 3, 3, 3, 4, 3],
  );
  await removeLogs(logs);
});

test('seq_mem.jsonl, to which each handoff appends, waits for the next look for new files', async () => {
  const logs = await withLogs({ SEQ_AGENT_QA_POLL_SECONDS: '5', SEQ_AGENT_QA_RESCAN_SECONDS: '20' });
  await mkdir(logs.lake.config.data, { recursive: true });
  await writeFile(logs.lake.config.seqMem, '');
  const append = () => writeFile(logs.lake.config.seqMem, '{}\n', { flag: 'a' });
  const { ran } = await watchPolls(logs, [nothing, append, nothing, nothing, nothing, nothing]);
  assert.deepEqual(ran, [toHandoff, ['build'], [], [], toHandoff, ['build'], []]);
  await removeLogs(logs);
});

test('what is not final yet is looked at again once its file was quiet for the settle time', async () => {
  const logs = await withLogs({ TRACEMILL_SETTLE: '12s', SEQ_AGENT_QA_POLL_SECONDS: '5' });
  const start = new Date('2026-06-01T00:00:00Z');
  await utimes(logs.at(session), start, start);
  const waiting = (verb: string, poll: number) => (verb === 'handoff' ? { waiting: poll === 1 ? 2 : 0 } : {});
  const { ran, words } = await watchPolls(logs, [nothing, nothing, nothing, nothing, nothing], waiting);
  assert.deepEqual(ran, [toHandoff, ['build'], [], toHandoff, ['build'], []]);
  assert.equal(words[1], 'read 0 lines, 0 B; no new pair; 2 not final yet (0.0 s)');
  await removeLogs(logs);
});

test('while another run holds the lock it tries at each poll, says it once, and loses nothing', async () => {
  const logs = await withLogs();
  const held = 'lake/lock.duckdb: ingest with pid 7 is writing the lake; wait for it, or end it';
  const { ran, words } = await watchPolls(logs, [nothing, nothing, nothing, nothing], (verb, poll) =>
    (verb === 'handoff' && poll < 3) || (verb === 'build' && poll === 4) ? locked(held) : { added: 1 },
  );
  assert.deepEqual(ran, [toHandoff, toHandoff, toHandoff, ['build'], ['build']]);
  assert.deepEqual(words.slice(1), [`! ${held}`, 'read 0 lines, 0 B; pairs handed off: 1 new (0.0 s)']);
  await removeLogs(logs);
});

test('after a failure the next try waits, longer each time, though the logs grow; its words come once', async () => {
  const logs = await withLogs({ SEQ_AGENT_QA_POLL_SECONDS: '5', SEQ_AGENT_QA_RESCAN_SECONDS: '10' });
  const grow = () => logs.append(session, line('b'));
  const full = { code: 1, stdout: '', stderr: 'lake: its disk is full; free some space and run again' };
  const { ran, words } = await watchPolls(logs, Array(8).fill(grow), (_, poll) => (poll < 7 ? full : {}));
  assert.deepEqual(
    ran.map((verbs) => verbs.length),
    // 10 s, then 20; by then the other tables are late, and so they are again two polls on.
    [1, 0, 1, 0, 0, 0, 4, 3, 4],
  );
  assert.equal(words[1], '! ingest: lake: its disk is full; free some space and run again');
  assert.equal(words.filter((text) => text.startsWith('!')).length, 1);
  await removeLogs(logs);
});

test('a failed check holds back its day; the pairs of the others are handed off', async () => {
  const logs = await withLogs();
  const failed = { code: 65, stdout: '', stderr: 'core.turns 2026-01-01: turn_id is not unique' };
  const { ran, words } = await watchPolls(logs, [nothing], (verb, poll) =>
    verb === 'build' && poll === 1 ? failed : { added: 2 },
  );
  assert.deepEqual(ran[0], toHandoff);
  assert.deepEqual(words.slice(1), [
    'read 0 lines, 0 B; pairs handed off: 2 new (0.0 s)',
    '! build: core.turns 2026-01-01: turn_id is not unique',
  ]);
  await removeLogs(logs);
});
