import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createRecorder, type Recorded } from 'tracemill/recorder';
import { bodyOf, type WriterOrder } from './support/spoolWriter.js';

const writerFile = fileURLToPath(new URL('./support/spoolWriter.js', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'tracemill-spool-'));
});
afterEach(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
  fs.rmSync(folder, { recursive: true, force: true });
});

type Event = { id: string; event_type: string; payload: { writer: number; index: number; body: string } };

/** File -> its lines; every file ends with a newline unless half a line is left in it. */
function linesIn(path = folder): Record<string, string[]> {
  const files = fs.readdirSync(path).sort();
  return Object.fromEntries(
    files.map((file) => [file, fs.readFileSync(join(path, file), 'utf8').split('\n').slice(0, -1)]),
  );
}

/** The ids that a writer of its own process, or thread, reports. */
function write(order: WriterOrder, as: 'process' | 'thread'): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const writer =
      as === 'process'
        ? fork(writerFile, ['write', JSON.stringify(order)])
        : new Worker(writerFile, { workerData: order });
    writer.on('message', (ids) => resolve(ids as string[]));
    writer.on('error', reject);
    writer.on('exit', (code: number | null) => {
      if (code !== 0) reject(new Error(`writer ended with ${code}`));
    });
  });
}

/** Each line is one event whole, and the events are those reported, each once and unchanged. */
function holdsAll(files: Record<string, string[]>, reported: readonly string[][], count: number): void {
  const found = new Map<string, string>();
  for (const line of Object.values(files).flat()) {
    const { id, payload } = JSON.parse(line) as Event;
    assert.equal(payload.body, bodyOf(payload.writer, payload.index), `${payload.writer}/${payload.index}`);
    assert.ok(!found.has(id), id);
    found.set(id, `${payload.writer}/${payload.index}`);
  }
  assert.equal(found.size, reported.length * count);
  for (const [writer, ids] of reported.entries()) {
    assert.deepEqual(
      ids.map((id) => found.get(id)),
      ids.map((_, index) => `${writer}/${index}`),
    );
    assert.deepEqual(ids, ids.toSorted());
  }
}

test('eight processes at once write every event whole, each to a file of its own', async () => {
  const writers = Array.from({ length: 8 }, (_, writer) => write({ folder, count: 500, writer }, 'process'));
  const ids = await Promise.all(writers);
  holdsAll(linesIn(), ids, 500);
  assert.equal(Object.keys(linesIn()).length, 8);
});

test('threads of one process have files of their own, and processes may share one', async () => {
  const threads = [0, 1, 2].map((writer) => write({ folder, count: 60, writer }, 'thread'));
  const ofThreads = await Promise.all(threads);
  holdsAll(linesIn(), ofThreads, 60);
  assert.equal(Object.keys(linesIn()).length, 3);
  const shared = join(folder, 'shared');
  const sharing = [0, 1, 2, 3].map((writer) =>
    write({ folder: shared, count: 150, writer, name: 'all' }, 'process'),
  );
  const ids = await Promise.all(sharing);
  const [lines = [], ...others] = Object.values(linesIn(shared));
  // A write that begins while a longer one is under way leaves a blank line.
  holdsAll({ all: lines.filter((line) => line !== '') }, ids, 150);
  assert.deepEqual(others, []);
});

test('a day begins a file of its own at midnight UTC, and folders and files are for the owner only', () => {
  const path = join(folder, 'a', 'b');
  const times = ['2026-03-01T23:59:59.999Z', '2026-03-02T00:00:00.000Z', '2026-03-01T23:59:59.999Z'];
  let turn = 0;
  const clock = () => new Date(times[turn++ % times.length] ?? 0);
  const recorder = createRecorder({ folder: path, clock });
  for (const _ of times) assert.ok(recorder.recordEvent('my.type', {}).ok);
  const files = Object.entries(linesIn(path));
  assert.deepEqual(
    files.map(([file, lines]) => [file.slice(0, 11), lines.map((line) => JSON.parse(line).timestamp)]),
    [
      ['2026-03-01-', [times[0], times[2]]],
      ['2026-03-02-', [times[1]]],
    ],
  );
  assert.equal(new Set(files.map(([file]) => file.slice(11))).size, 1);
  assert.match(files[0]?.[0] ?? '', new RegExp(`^2026-03-01-[a-z0-9-]+-${process.pid}-[0-9a-f]{8}\\.jsonl$`));
  const modes = [join(folder, 'a'), path, join(path, files[0]?.[0] ?? '')].map(
    (place) => fs.statSync(place).mode & 0o777,
  );
  assert.deepEqual(modes, [0o700, 0o700, 0o600]);
});

test('a folder that was removed or a file that was moved away is begun again', () => {
  const path = join(folder, 'spool');
  const { recordEvent } = createRecorder({ folder: path });
  const types = () =>
    Object.values(linesIn(path))
      .flat()
      .map((line) => JSON.parse(line).event_type);
  recordEvent('one', {});
  fs.rmSync(path, { recursive: true });
  recordEvent('two', {});
  assert.deepEqual(types(), ['two']);
  const [file = ''] = fs.readdirSync(path);
  fs.renameSync(join(path, file), join(path, 'moved.jsonl'));
  recordEvent('three', {});
  assert.deepEqual(types().sort(), ['three', 'two']);
});

test('a file that is removed between open and write does not take the event with it', () => {
  const { recordEvent } = createRecorder({ folder });
  recordEvent('one', {});
  const realWrite = fs.writeSync;
  faulty('writeSync', (file: number, bytes: Buffer) => {
    for (const name of fs.readdirSync(folder)) fs.rmSync(join(folder, name));
    mock.restoreAll();
    syncBuiltinESMExports();
    return realWrite(file, bytes);
  });
  assert.ok(recordEvent('two', {}).ok);
  assert.deepEqual(
    Object.values(linesIn())
      .flat()
      .map((line) => JSON.parse(line).event_type),
    ['two'],
  );
});

/** Puts another function in place of one of node:fs, for everyone, until the test ends. */
function faulty(name: 'writeSync' | 'openSync', instead: (...args: never[]) => unknown): void {
  mock.method(fs, name, instead as never);
  syncBuiltinESMExports();
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

test('what a full disk leaves of an event is a line of its own, and both the result and the hook say so', () => {
  const realWrite = fs.writeSync;
  // Half of the line is written, then the disk is full, or the write says that it was short.
  const faults = [
    (file: number, bytes: Buffer) => realWrite(file, bytes.subarray(0, 40)),
    (file: number, bytes: Buffer) => {
      realWrite(file, bytes.subarray(0, 40));
      throw failure('ENOSPC');
    },
    () => {
      throw failure('EIO');
    },
  ];
  const told: string[] = [];
  const { recordEvent } = createRecorder({ folder, onError: (error) => told.push(error.message) });
  const results: Recorded[] = [recordEvent('before', {})];
  for (const fault of faults) {
    faulty('writeSync', fault);
    results.push(recordEvent('lost', { text: 'x'.repeat(100) }));
    mock.restoreAll();
    syncBuiltinESMExports();
    results.push(recordEvent('after', {}));
  }
  const messages = results.flatMap((result) => (result.ok ? [] : [result.error.message]));
  assert.deepEqual(messages, told);
  assert.deepEqual(messages, [
    `${folder}: the event could not be written (only part of it fitted); free some space and record it again`,
    `${folder}: the event could not be written (ENOSPC); free some space and record it again`,
    `${folder}: the event could not be written (EIO); put that right, or name another folder in TRACEMILL_SPOOL`,
  ]);
  const lines = Object.values(linesIn()).flat();
  const kinds = lines.map((line) => /"event_type":"(\w+)".*\}$/.exec(line)?.[1] ?? `half of ${line.length}`);
  assert.deepEqual(kinds, ['before', 'half of 40', 'after', 'half of 40', 'after', 'after']);
  const ids = lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line).id);
  assert.deepEqual(
    ids,
    results.flatMap((result) => (result.ok ? [result.id] : [])),
  );
});

test('half a line that another process leaves between look and write does not swallow an event', () => {
  const { recordEvent } = createRecorder({ folder, name: 'shared' });
  recordEvent('before', {});
  const [file = ''] = fs.readdirSync(folder);
  const realWrite = fs.writeSync;
  faulty('writeSync', (target: number, bytes: Buffer) => {
    mock.restoreAll();
    syncBuiltinESMExports();
    fs.appendFileSync(join(folder, file), '{"id":"half');
    return realWrite(target, bytes);
  });
  const recorded = recordEvent('mine', {});
  assert.ok(recorded.ok);
  const lines = Object.values(linesIn()).flat();
  assert.equal(lines.length, 3);
  assert.match(lines[1] ?? '', /^\{"id":"half\{"id"/);
  assert.equal(JSON.parse(lines[2] ?? '').id, recorded.id);
});

test('a folder that cannot be written is said so, and recording goes on once it can', () => {
  fs.writeFileSync(join(folder, 'file'), 'no folder');
  const inFile = createRecorder({ folder: join(folder, 'file', 'spool'), onError: () => {} });
  assert.match(messageOf(inFile.recordEvent('my.type', {})), /file\/spool: .* \(ENOTDIR\); put that right/);
  // Node's own recursive mkdir never returns there.
  const inProc = createRecorder({ folder: '/proc/tracemill/spool', onError: () => {} });
  if (fs.existsSync('/proc'))
    assert.match(messageOf(inProc.recordEvent('my.type', {})), /\((ENOENT|EACCES)\)/);
  const recorder = createRecorder({ folder: join(folder, 'spool'), onError: () => {} });
  // Not by mode: a test run as root may write anywhere.
  faulty('openSync', () => {
    throw failure('EACCES');
  });
  const refused = messageOf(recorder.recordEvent('my.type', {}));
  assert.match(
    refused,
    /spool: the event could not be written \(EACCES\); make it writable, or name another folder/,
  );
  mock.restoreAll();
  syncBuiltinESMExports();
  assert.equal(messageOf(recorder.recordEvent('my.type', {})), '');
});

function messageOf(recorded: Recorded): string {
  return recorded.ok ? '' : recorded.error.message;
}
