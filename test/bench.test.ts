import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  barInWords,
  barNames,
  benchTable,
  failedRow,
  medianOf,
  type Results,
  type Run,
  rowOf,
  together,
  withEarlier,
} from './bench/bars.js';
import { appendLine, type CorpusSize, writeCorpus } from './bench/corpus.js';
import { bytesOf } from './bench/measuring.js';
import { withTable } from './bench/readmeTable.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

function ran(seconds: number, peakBytes: number | null = 1e6): Run {
  return { seconds, cpuSeconds: 2 * seconds, peakBytes };
}

test('the median is the middle one, of an even number the mean of the two', () => {
  assert.equal(medianOf([3, 1, 2]), 2);
  assert.equal(medianOf([10, 9, 1, 2]), 5.5);
  assert.equal(medianOf([]), null);
});

test('a ratio is that of the medians, and the limit itself meets an "at most"', () => {
  const theirs = [ran(1), ran(50), ran(1)];
  const { figure, verdict, seconds, cpuSeconds } = rowOf('ingest', {
    bar: 'ingest',
    ours: [ran(9), ran(1.6), ran(0.1)],
    theirs,
  });
  assert.deepEqual(
    { figure, verdict, seconds, cpuSeconds },
    { figure: 1.6, verdict: 'met', seconds: 1.6, cpuSeconds: 3.2 },
  );
  assert.equal(rowOf('ingest', { bar: 'ingest', ours: [ran(1.61)], theirs }).verdict, 'NOT met');
});

test('the limit itself does not meet an "under" or a "faster"', () => {
  const one = [ran(1)];
  assert.equal(rowOf('readline', { bar: 'readline', ours: one, theirs: one }).verdict, 'NOT met');
  assert.equal(rowOf('readline', { bar: 'readline', ours: [ran(0.99)], theirs: one }).verdict, 'met');
  assert.equal(rowOf('startup', { bar: 'startup', ours: [ran(0.4)] }).verdict, 'NOT met');
  assert.equal(barInWords('startup'), 'under 0.40 s');
});

test('a difference is in seconds, a share in parts of the whole, memory the largest of all runs', () => {
  const more = rowOf('nothing-new', { bar: 'nothing-new', ours: [ran(0.9)], theirs: [ran(0.4)] });
  assert.deepEqual([more.figure, more.verdict], [0.5, 'NOT met']);
  const share = rowOf('one-line', { bar: 'one-line', ours: [ran(1)], theirs: [ran(40)] });
  assert.deepEqual([share.figure, share.verdict], [0.025, 'met']);
  const memory = rowOf('memory', { bar: 'memory', ours: [ran(1, 1e9), ran(1, 2e9)] });
  assert.deepEqual([memory.figure, memory.verdict, memory.peakMegabytes], [2e9, 'NOT met', 2000]);
});

test('what was not run, was run on less or cannot be known is not run; what failed is not met', () => {
  assert.equal(rowOf('growth', undefined).verdict, 'not run');
  assert.equal(rowOf('cron', { bar: 'cron', ours: [ran(0.1)], isFullSize: false }).verdict, 'not run');
  assert.equal(rowOf('memory', { bar: 'memory', ours: [ran(1, null)] }).verdict, 'not run');
  assert.equal(rowOf('cat', { bar: 'cat', ours: [ran(1)], theirs: [ran(1)] }).verdict, 'no bar');
  assert.equal(failedRow('growth', 'ended with 1').verdict, 'NOT met');
  assert.equal(failedRow('cat', 'ended with 1').verdict, 'no bar');
});

test('two processes together take the sum of their time and the larger of their peaks', () => {
  assert.deepEqual(together(ran(1, 5), ran(2, 3)), { seconds: 3, cpuSeconds: 6, peakBytes: 5 });
  assert.equal(together(ran(1, null), ran(2, 3)).peakBytes, null);
});

test('rows of an earlier run stay where they were not run again, of the same machine alone', () => {
  const cron = (seconds: number) => rowOf('cron', { bar: 'cron', ours: [ran(seconds)] });
  const none = rowOf('growth', undefined);
  const growth = rowOf('growth', { bar: 'growth', ours: [ran(1)], theirs: [ran(1)] });
  const earlier: Results = { machine: { cores: 2 }, corpora: ['a', 'b'], rows: [cron(1), growth] };
  const now: Results = { machine: { cores: 2 }, corpora: ['b'], rows: [cron(3), none] };
  assert.deepEqual(withEarlier(now, earlier), { ...earlier, rows: [cron(3), growth] });
  assert.deepEqual(withEarlier({ ...now, machine: { cores: 4 } }, earlier).rows, now.rows);
});

test('sizes are read as people write them', () => {
  assert.equal(bytesOf('400MB'), 4e8);
  assert.equal(bytesOf('0.5 GB'), 5e8);
  assert.throws(() => bytesOf('5 apples'), /write it as 400MB/);
});

test('the table of the README is the one of results.json, which names every bar and no path', async () => {
  const text = await readFile(join(root, 'test/bench/results.json'), 'utf8');
  const results = JSON.parse(text) as Results;
  assert.deepEqual(
    results.rows.map((row) => row.bar),
    barNames,
  );
  assert.doesNotMatch(text, /"[^"]*(\/home\/|\/tmp\/|\/work\/|\/root\/)/);
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  assert.equal(withTable(readme, 'bench', benchTable(results)), readme);
});

test('a README without the marks is an error', () => {
  assert.throws(() => withTable('# tracemill', 'bench', 'table'), /marks of the bench table are missing/);
});

/** File -> SHA-256 and time of its last change, of all logs of a corpus. */
function digest(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );
  return Object.fromEntries(
    files.sort().map((name) => {
      const path = join(folder, name);
      const hash = createHash('sha256').update(readFileSync(path)).digest('hex');
      return [name, `${hash} ${statSync(path).mtime.toISOString()}`];
    }),
  );
}

test('the corpus is the same every time, of both agents, over the days and about the size asked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-test-'));
  try {
    const size: CorpusSize = { files: 12, bytes: 600_000, days: 6 };
    const write = (name: string, seed?: number, more: Partial<CorpusSize> = {}) => {
      writeCorpus(join(folder, name), { ...size, ...more }, seed);
      return digest(join(folder, name));
    };
    const one = write('one');
    assert.deepEqual(write('two'), one);
    assert.notDeepEqual(write('three', 8), one);
    const days = (written: Record<string, string>) =>
      new Set(Object.keys(written).flatMap((name) => /^codex\/.*?(\d{4}\/\d\d\/\d\d)/.exec(name)?.[1] ?? []));
    assert.deepEqual(
      [...days(one)],
      [1, 2, 3, 4, 5, 6].map((day) => `2023/01/0${day}`),
    );
    assert.equal(Object.keys(one).filter((name) => name.startsWith('claude/')).length, 6);
    // A day later the same sizes with other dates, below a folder of their own.
    const later = write('one', 7, { days: 1, firstDay: 6, below: 'new' });
    assert.equal(Object.keys(later).length, 24);
    assert.ok(Object.keys(later).filter((name) => name.startsWith('codex/new/2023/01/07/')).length === 6);
    const bytes = Object.keys(one).reduce((sum, name) => sum + statSync(join(folder, 'two', name)).size, 0);
    assert.ok(bytes > 600_000 && bytes < 900_000, `${bytes} bytes`);

    appendLine(join(folder, 'two'));
    const appended = digest(join(folder, 'two'));
    const changed = Object.keys(one).filter((name) => appended[name] !== one[name]);
    assert.equal(changed.length, 1);
    assert.match(changed[0] ?? '', /^claude\//);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
