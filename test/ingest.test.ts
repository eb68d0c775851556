import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { UserError } from '../pipelines/errors.js';
import { withLock } from '../pipelines/lib/lock.js';
import { line, makeLogs, of, removeLogs, type TestLogs, uuid } from './support/logs.js';
import { zstd } from './support/zstd.js';

let logs: TestLogs;
beforeEach(async () => {
  logs = await makeLogs();
});
afterEach(() => removeLogs(logs));

const one = `claude/projects/p/${uuid('1')}.jsonl`;
const two = `claude/projects/p/${uuid('2')}.jsonl`;
const inLake = (path: string) => path.replace('claude/projects/', '').replace('codex/sessions/', '');

/** The lake gives every file back byte for byte, and verify says so. */
async function agrees(...paths: string[]): Promise<void> {
  const report = await logs.verify();
  assert.deepEqual(report.problems, []);
  for (const path of paths) {
    const source = path.startsWith('claude/') ? 'claude' : 'codex';
    assert.deepEqual(await logs.rebuilt(source, inLake(path)), await readFile(logs.at(path)), path);
  }
}

test('what is appended between runs is all that is read, and a run without news writes nothing', async () => {
  await logs.write(one, line('a') + line('b'));
  const first = await logs.ingest();
  assert.deepEqual([of(first, 'claude').new, of(first, 'claude').lines], [1, 2]);
  await logs.append(one, line('c'));
  const second = await logs.ingest({ settleMs: 3600e3 });
  assert.equal(of(second, 'claude').grown, 1);
  assert.deepEqual([second.lines, second.bytes], [1, line('c').length]);
  const before = await logs.files();
  const third = await logs.ingest({ settleMs: 3600e3 });
  assert.deepEqual([of(third, 'claude').unchanged, third.lines, third.commit], [1, 0, null]);
  assert.deepEqual(await logs.files(), before);
  assert.deepEqual(
    (await logs.rows('claude')).map((row) => row.line_no),
    [1, 2, 3],
  );
  await agrees(one);
});

test('half a line waits for its other half', async () => {
  const whole = line('second');
  await logs.write(one, line('first') + whole.slice(0, 20));
  const first = await logs.ingest({ settleMs: 3600e3 });
  assert.deepEqual([of(first, 'claude').lines, of(first, 'claude').waiting], [1, 1]);
  await logs.append(one, whole.slice(20));
  const second = await logs.ingest({ settleMs: 3600e3 });
  assert.deepEqual([second.lines, second.bytes], [1, whole.length]);
  assert.equal((await logs.rows('claude')).at(-1)?.line, whole.trimEnd());
  await agrees(one);
});

test('a last line without newline is read once its file was quiet, and superseded when it grows', async () => {
  const tail = line('second').trimEnd();
  await logs.write(one, line('first') + tail);
  assert.equal((await logs.ingest({ settleMs: 3600e3 })).lines, 1);
  await logs.age(one, 2);
  assert.equal((await logs.ingest({ settleMs: 3600e3 })).lines, 1);
  assert.equal((await logs.rows('claude')).at(-1)?.byte_length, tail.length);
  await agrees(one);
  await logs.append(one, `\n${line('third')}`);
  const grown = await logs.ingest({ settleMs: 3600e3 });
  assert.deepEqual([grown.lines, grown.bytes], [2, tail.length + 1 + line('third').length]);
  const rows = (await logs.rows('claude')).map((row) => [
    row.line_no,
    row.byte_length - (row.line ?? '').length,
  ]);
  assert.deepEqual(rows, [
    [1, 1],
    [2, 0],
    [2, 1],
    [3, 1],
  ]);
  await agrees(one);
});

test('a day that only half a line stood in is none once that line is whole', async () => {
  const event = JSON.stringify({ timestamp: '2026-03-01T10:00:00.000Z', event_type: 'a' });
  const spool = 'data/spool/events/a.jsonl';
  await logs.write(spool, event.slice(0, 20));
  await logs.ingest();
  assert.deepEqual(Object.keys(await logs.contents()), ['events unknown']);
  await logs.append(spool, `${event.slice(20)}\n`);
  await logs.ingest();
  assert.deepEqual(Object.keys(await logs.contents()), ['events 2026-03-01']);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a last line without newline that was read is not read again when its file is touched or moved', async () => {
  const tail = line('second').trimEnd();
  await logs.write(one, line('first') + tail);
  await logs.ingest();
  await logs.age(one, 3);
  assert.equal((await logs.ingest()).lines, 0);
  const moved = one.replace('.jsonl', '-moved.jsonl');
  await rename(logs.at(one), logs.at(moved));
  assert.equal((await logs.ingest()).lines, 0);
  assert.equal((await logs.rows('claude')).length, 2);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a tail that grows twice without a newline is superseded twice', async () => {
  await logs.write(one, line('first'));
  for (const part of ['{"a":', '1', '}']) {
    await logs.append(one, part);
    await logs.ingest();
    await agrees(one);
  }
  await logs.append(one, `\n${line('last')}`);
  await logs.ingest();
  await agrees(one);
  const { ranges } = await logs.verify();
  assert.equal(ranges, 5);
});

test('a truncated file is a new generation; the old rows stay', async () => {
  await logs.write(one, line('a') + line('b') + line('c'));
  await logs.ingest();
  await truncate(logs.at(one), line('a').length);
  const report = await logs.ingest();
  assert.deepEqual([of(report, 'claude').generation, report.lines], [1, 1]);
  const rows = await logs.rows('claude');
  assert.equal(rows.length, 4);
  assert.equal(new Set(rows.map((row) => row.file_key)).size, 2);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a file replaced by another of the same length is read again', async () => {
  await logs.write(one, line('aaaa') + line('bbbb'));
  await logs.age(one, 3);
  await logs.ingest();
  await logs.write(one, line('aaaa') + line('cccc'));
  await logs.age(one, 2);
  const report = await logs.ingest();
  assert.deepEqual([of(report, 'claude').generation, report.lines], [1, 2]);
  const middle = line('xxxx') + line('yyyy') + line('zzzz');
  await logs.write(two, middle);
  await logs.age(two, 3);
  await logs.ingest();
  await logs.write(two, middle.replace('yyyy', 'wwww'));
  await logs.age(two, 2);
  assert.equal(of(await logs.ingest(), 'claude').generation, 1);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a file that was only touched or copied over with the same bytes is not read again', async () => {
  await logs.write(one, line('a'));
  await logs.age(one, 3);
  await logs.ingest();
  await logs.age(one, 2);
  const report = await logs.ingest();
  assert.deepEqual([of(report, 'claude').touched, report.lines], [1, 0]);
  assert.equal(of(await logs.ingest(), 'claude').unchanged, 1);
});

test('a rollout that moved and was compressed goes on where it was', async () => {
  const name = `rollout-2026-03-01T10-00-00-${uuid('a')}.jsonl`;
  const live = `codex/sessions/2026/03/01/${name}`;
  const meta = line('m', { type: 'session_meta', payload: { id: uuid('a') } });
  await logs.write(live, meta + line('b'));
  await logs.ingest();
  const [before] = await logs.rows('codex');
  const archived = `codex/archived_sessions/${name}`;
  await logs.write(archived, await readFile(logs.at(live)));
  await rm(logs.at(live));
  const moved = await logs.ingest();
  assert.deepEqual([of(moved, 'codex').moved, moved.lines], [1, 0]);
  const packed = zstd(Buffer.concat([await readFile(logs.at(archived)), Buffer.from(line('c'))]));
  await logs.write(`${archived}.zst`, packed);
  // While both are there the plain one counts.
  assert.equal(of(await logs.ingest(), 'codex').unchanged, 1);
  await rm(logs.at(archived));
  const compressed = await logs.ingest();
  assert.deepEqual([of(compressed, 'codex').moved, compressed.lines], [1, 1]);
  const rows = await logs.rows('codex');
  assert.deepEqual([...new Set(rows.map((row) => row.file_key))], [before?.file_key]);
  assert.deepEqual(
    rows.map((row) => row.line),
    [meta, line('b'), line('c')].map((text) => text.trimEnd()),
  );
  assert.deepEqual((await logs.verify()).files, { compared: 1, gone: 0, changed: 0 });
  assert.equal(of(await logs.ingest(), 'codex').unchanged, 1);
});

test('a compressed log is the same rows as the plain one, also across blocks', async () => {
  const content = Array.from({ length: 5000 }, (_, index) =>
    line(`text ${index} ${'x'.repeat(index % 200)}`),
  ).join('');
  const path = `codex/sessions/2026/03/01/rollout-2026-03-01T10-00-00-${uuid('b')}.jsonl.zst`;
  await logs.write(path, zstd(Buffer.from(content)));
  const report = await logs.ingest();
  assert.deepEqual([report.lines, report.bytes], [5000, content.length]);
  assert.equal((await logs.rebuilt('codex', inLake(path))).toString(), content);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('rotated files keep their rows: the content decides, not the name', async () => {
  await logs.write(one, line('a') + line('b'));
  await logs.ingest();
  await rename(logs.at(one), logs.at(two));
  await logs.write(one, line('new'));
  const report = await logs.ingest();
  assert.deepEqual([of(report, 'claude').moved, report.lines], [1, 1]);
  assert.equal((await logs.rows('claude')).length, 3);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a file that has both ends of an older generation, and other bytes between, is one of its own', async () => {
  const long = (letter: string) => line(letter.repeat(5000));
  await logs.write(one, line('a') + long('m') + long('z'));
  await logs.ingest();
  await logs.write(one, line('quite another'));
  await logs.ingest();
  await logs.write(one, line('a') + long('n') + long('z'));
  assert.equal(of(await logs.ingest(), 'claude').generation, 1);
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a session never straddles days: subagents, later files and generations follow it', async () => {
  const session = uuid('5');
  const main = `claude/projects/p/${session}.jsonl`;
  await logs.write(
    main,
    line('no time', { timestamp: undefined, snapshot: { timestamp: '2020-01-01T00:00:00Z' } }) +
      line('a', { sessionId: session, timestamp: '2026-03-01T23:59:59.000Z' }),
  );
  await logs.write(
    `claude/projects/p/${session}/subagents/agent-1.jsonl`,
    line('s', { sessionId: session, timestamp: '2026-03-02T00:10:00.000Z' }),
  );
  await logs.write(`claude/projects/p/${session}/subagents/agent-1.meta.json`, '{"agentType":"x"}');
  await logs.write(`claude/projects/p/${session}/tool-results/r.txt`, 'output\nof a tool');
  await logs.write(
    'claude/projects/p/agent-2.jsonl',
    line('old', { sessionId: session, timestamp: '2026-03-03T00:10:00.000Z' }),
  );
  await logs.ingest();
  await logs.write(
    `claude/projects/q/${session}.jsonl`,
    line('z', { sessionId: session, timestamp: '2026-03-09T00:00:00.000Z' }),
  );
  await logs.append(main, line('later', { timestamp: '2026-03-05T00:00:00.000Z' }));
  await logs.ingest();
  const days = [...(await logs.rows('claude')), ...(await logs.rows('claude_files'))].map((row) => row.day);
  assert.equal(days.length, 9);
  assert.deepEqual([...new Set(days)], ['2026-03-01']);
});

test('a subagent whose lines name another session gives that session no day', async () => {
  const [own, other] = [uuid('5'), uuid('6')];
  await logs.write(
    `claude/projects/p/${own}.jsonl`,
    line('a', { sessionId: own, timestamp: '2026-03-01T10:00:00.000Z' }),
  );
  await logs.write(
    `claude/projects/p/${own}/subagents/agent-1.jsonl`,
    line('s', { sessionId: other, timestamp: '2026-03-01T11:00:00.000Z' }),
  );
  await logs.ingest();
  await logs.write(
    `claude/projects/p/${other}.jsonl`,
    line('b', { sessionId: other, timestamp: '2026-03-05T10:00:00.000Z' }),
  );
  await logs.ingest();
  const days = (await logs.rows('claude')).map((row) => row.day);
  assert.deepEqual(days.sort(), ['2026-03-01', '2026-03-01', '2026-03-05']);
});

test('without a timestamp the date in the name is the day, and without that it is unknown', async () => {
  const codex = `codex/sessions/rollout-2026-04-05T10-00-00-${uuid('c')}.jsonl`;
  await logs.write(codex, '{"id":"x"}\n');
  await logs.write(one, '{"timestamp":"yesterday"}\n');
  await logs.write(two, '{"timestamp":"2026-02-30T10:00:00Z"}\n');
  await logs.ingest();
  assert.deepEqual(
    (await logs.rows('codex')).map((row) => row.day),
    ['2026-04-05'],
  );
  assert.deepEqual(
    (await logs.rows('claude')).map((row) => row.day),
    ['unknown', 'unknown'],
  );
});

test('rows of seq_mem and of the spool lie in their own days', async () => {
  const data = join(logs.lake.folder, 'data').slice(logs.lake.folder.length + 1);
  const seq = [
    { ts_ms: Date.UTC(2026, 0, 1) },
    { ts_ms: Date.UTC(2026, 0, 2) },
    { ts_ms: 'x' },
    { ts_ms: Date.UTC(2026, 0, 1) },
  ];
  await logs.write(`${data}/seq_mem.jsonl`, seq.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const times = ['2026-01-03T00:00:00+02:00', '2026-01-03T12:00:00Z', 'never'];
  await logs.write(
    `${data}/spool/events/a.jsonl`,
    times.map((timestamp) => line('e', { timestamp })).join(''),
  );
  await logs.ingest();
  assert.deepEqual(
    (await logs.rows('seq')).map((row) => row.day),
    ['2026-01-01', '2026-01-02', 'unknown', '2026-01-01'],
  );
  assert.deepEqual(
    (await logs.rows('events')).map((row) => row.day),
    ['2026-01-02', '2026-01-03', 'unknown'],
  );
  assert.deepEqual((await logs.verify()).problems, []);
  const before = await logs.contents();
  await logs.append(`${data}/spool/events/a.jsonl`, line('e', { timestamp: times[1] }));
  await logs.ingest({ settleMs: 3600e3 });
  const after = await logs.contents();
  const changed = Object.keys(after).filter((day) => after[day] !== before[day]);
  assert.deepEqual(changed, ['events 2026-01-03']);
});

test('small raw files of a quiet day become one, and nothing downstream can tell', async () => {
  for (const text of ['a', 'b', 'c']) {
    await logs.write(one, (await readFile(logs.at(one), 'utf8').catch(() => '')) + line(text));
    await logs.ingest({ settleMs: 3600e3 });
  }
  const rawFiles = async () =>
    (await readdir(join(logs.lake.config.data, 'lake/raw/claude/day=2026-03-01'))).length;
  const [before, count] = [await logs.contents(), await rawFiles()];
  assert.equal(count, 3);
  await logs.age(one, 2);
  const merging = await logs.ingest({ settleMs: 3600e3 });
  assert.equal(merging.merged, 3);
  assert.deepEqual(await logs.contents(), before);
  assert.deepEqual(
    (await logs.rows('claude')).map((row) => row.line_no),
    [1, 2, 3],
  );
  await agrees(one);
  // A reader may still hold the replaced files: they go a day later.
  assert.equal(await rawFiles(), 4);
  await logs.ingest({ now: new Date(Date.now() + 25 * 3600e3) });
  assert.equal(await rawFiles(), 1);
  await agrees(one);
});

test('a first run whose new lock file is swept away by another first run goes on with that one', async () => {
  const { link } = fs.promises;
  const lake = join(logs.lake.config.data, 'lake');
  fs.promises.link = async (draft, file) => {
    await link(draft, file);
    await rm(join(lake, 'drafts'), { recursive: true });
    return link(draft, file);
  };
  syncBuiltinESMExports();
  try {
    assert.equal(await withLock(logs.lake.config, 'ingest', async () => 'worked'), 'worked');
  } finally {
    fs.promises.link = link;
    syncBuiltinESMExports();
  }
});

test('a second writer is told who holds the lock, with exit code 75', async () => {
  await logs.write(one, line('a'));
  await withLock(logs.lake.config, 'build', async () => {
    await assert.rejects(logs.ingest(), (error: UserError) => {
      assert.equal(error.exitCode, 75);
      assert.match(error.message, new RegExp(`build with pid ${process.pid} is writing the lake; wait`));
      return true;
    });
    const { code, stderr } = await runIngest();
    assert.equal(code, 75);
    assert.match(stderr, new RegExp(`^lake/lock.duckdb: build with pid ${process.pid} is writing the lake`));
  });
  assert.equal((await runIngest()).code, 0);
});

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

async function runIngest(environment: Record<string, string> = {}, options: string[] = ['--settle', '0']) {
  const { folder, config } = logs.lake;
  const child = spawn(process.execPath, [cli, 'ingest', ...options], {
    env: {
      ...process.env,
      TRACEMILL_DATA: config.data,
      CLAUDE_CONFIG_DIR: join(folder, 'claude'),
      CODEX_HOME: join(folder, 'codex'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...end) => resolve(end)),
  );
  return { code, signal, stdout, stderr };
}

for (const point of [
  'raw-renamed:1',
  'raw-renamed:2',
  'before-commit:1',
  'commit-renamed:1',
  'merge-renamed:1',
  'before-commit:2',
  'swept:1',
]) {
  test(`killed at ${point}, the next run gives the lake of an undisturbed run`, async () => {
    await logs.write(one, line('a'));
    await logs.ingest({ settleMs: 3600e3 });
    await logs.append(one, line('b'));
    await logs.write(two, line('c', { timestamp: '2026-03-04T00:00:00Z' }));
    const killed = await runIngest({ TRACEMILL_CRASH_AT: point });
    assert.equal(killed.signal, 'SIGKILL', killed.stderr);
    await logs.ingest();
    assert.equal((await logs.rows('claude')).length, 3);
    const raw = (await readdir(join(logs.lake.config.data, 'lake/raw'), { recursive: true })).filter((name) =>
      name.endsWith('.parquet'),
    );
    // The day of `one`: its two files of before the merge and the merged one; the day of `two`: one.
    assert.equal(raw.length, 4, raw.join());
    assert.deepEqual(await readdir(join(logs.lake.config.data, 'lake/drafts')), []);
    await agrees(one, two);
  });
}

test('the log is folded after 64 commits, also where that is killed; state, contents and merges stay', async () => {
  const commits = () => readdir(join(logs.lake.config.data, 'lake/commits'));
  await logs.write(one, line('0'));
  await logs.write(two, line('other'));
  for (let round = 1; round < 63; round += 1) {
    // The merge: a clock a second on, for the file may have been written within this millisecond.
    await logs.ingest(round === 30 ? { now: new Date(Date.now() + 1000) } : { settleMs: 3600e3 });
    await logs.append(one, line(String(round)));
    if (round === 40) await rename(logs.at(two), logs.at(`${two}.moved.jsonl`));
  }
  assert.ok((await commits()).every((name) => !name.startsWith('snapshot-')));
  const killed = await runIngest({ TRACEMILL_CRASH_AT: 'snapshot-renamed:1' }, ['--settle', '1h']);
  assert.equal(killed.signal, 'SIGKILL', killed.stderr);
  const folded = await logs.contents();
  const snapshot = join(logs.lake.config.data, 'lake/commits/snapshot-00000064.parquet');
  await rename(snapshot, `${snapshot}.away`);
  assert.deepEqual(await logs.contents(), folded, 'the snapshot says what the commits said');
  await rename(`${snapshot}.away`, snapshot);
  await logs.append(one, line('last'));
  const report = await logs.ingest({ settleMs: 3600e3 });
  assert.deepEqual([report.lines, of(report, 'claude').unchanged], [1, 1]);
  assert.equal(of(await logs.ingest({ settleMs: 3600e3 }), 'claude').unchanged, 2);
  assert.deepEqual(await commits(), ['00000065.parquet', 'snapshot-00000064.parquet']);
  assert.equal((await logs.rows('claude')).length, 65);
  await agrees(one);
});

test('many small files and a large one land in their rows, in any number of batches', async () => {
  const large = Array.from({ length: 40 }, (_, index) => line(`${index} ${'y'.repeat(1 << 20)}`)).join('');
  await logs.write(one, large);
  for (let index = 0; index < 30; index += 1) {
    await logs.write(`claude/projects/many/${index}.jsonl`, line(`x${index}`).repeat(1 + (index % 5)));
  }
  const report = await logs.ingest();
  assert.equal(report.lines, 40 + 90);
  await agrees(one, ...Array.from({ length: 30 }, (_, index) => `claude/projects/many/${index}.jsonl`));
});

test('--source reads only what it names, and a bad duration is a usage error', async () => {
  await logs.write(one, line('a'));
  assert.deepEqual(
    (await logs.ingest({ sources: ['codex'] })).sources.map(({ source }) => source),
    ['codex'],
  );
  const bad = await runIngest({}, ['--settle', 'soon']);
  assert.deepEqual(
    [bad.code, bad.stderr],
    [2, '--settle: soon is no duration; write 0, 90s, 10m, 1h or 2d\n'],
  );
  const json = await runIngest({}, ['--json']);
  assert.equal(JSON.parse(json.stdout).lines, 1);
  await writeFile(logs.at(one), '');
});
