import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Config } from '../pipelines/config.js';
import type { Drift } from '../pipelines/lib/drift.js';
import { readStatus, type Status } from '../pipelines/lib/lakeStatus.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { metricsText } from '../pipelines/lib/prometheus.js';
import { statusMetrics } from '../pipelines/lib/statusMetrics.js';
import { describeStatus } from '../pipelines/lib/statusText.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { command } from '../pipelines/status.js';
import { makeLake } from './support/lake.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';

let config: Config;
let status: Status;
let folder: string;
before(async () => {
  config = sampleConfig(await sampleLake());
  status = await readStatus(config, new Date());
  folder = await mkdtemp(join(tmpdir(), 'tracemill-status-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const run = (args: Record<string, unknown>) =>
  command.run(args, { config, log: () => {}, progress: silentProgress, now: () => new Date() });
const text = (of: Status) => layOut(describeStatus(of, { tables: false })).join('\n');

test('a lake is told on one screen; its layers are its tables, its parts what is on disk', async () => {
  const lines = layOut(describeStatus(status, { tables: false }));
  assert.ok(lines.length <= 40, `${lines.length} lines`);
  assert.ok(layOut(describeStatus(status, { tables: true })).some((line) => line.startsWith('core.turns ')));
  const sum = (key: 'rows' | 'bytes', of: readonly Record<'rows' | 'bytes', number>[]) =>
    of.reduce((total, item) => total + item[key], 0);
  const [raw, ...built] = status.layers;
  assert.deepEqual(
    [raw?.layer, raw?.tables, raw?.rows],
    [
      'raw',
      5,
      sum(
        'rows',
        status.sources.map(({ lines }) => ({ rows: lines, bytes: 0 })),
      ),
    ],
  );
  assert.equal(sum('rows', built), sum('rows', status.tables));
  // Every file of the data folder is in one part.
  const files = (await readdir(config.data, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  );
  assert.equal(
    status.disk.bytes,
    sizes.reduce((total, size) => total + size, 0),
  );
  const bytes = new Map(status.disk.parts.map((part) => [part.part, part.bytes]));
  for (const { layer, bytes: of } of built) assert.equal(bytes.get(layer), of, layer);
  assert.ok(Number(bytes.get('raw')) > 0 && Number(bytes.get('commits')) > 0 && !bytes.has('replaced'));
});

test('what a build replaced, and what lies outside of the lake, is on disk too', async () => {
  const lake = await makeLake();
  await lake.sql({ 'core/words': `-- One row per word.\n-- @key word\nselect 'a' as word order by word` });
  await lake.build();
  await lake.sql({ 'core/words': `-- One row per word.\n-- @key word\nselect 'b' as word order by word` });
  await lake.build();
  await mkdir(join(lake.config.data, 'exports', 'v'), { recursive: true });
  await writeFile(join(lake.config.data, 'exports', 'v', 'x.parquet'), 'twelve bytes');
  const { disk } = await readStatus(lake.config, new Date());
  const parts = new Map(disk.parts.map(({ part, files, bytes }) => [part, [files, bytes]]));
  assert.deepEqual(parts.get('exports'), [1, 12]);
  assert.equal(parts.get('core')?.[0], 1);
  assert.equal(parts.get('replaced')?.[0], 1);
  assert.ok(Number(disk.freeBytes) > 0);
  await lake.remove();
});

test('what is out of date is told by what changed; what only follows is counted', () => {
  const reason = (name: string) => ({ [`input ${name} changed`]: 1 });
  const outOfDate = [
    { model: 'staging.claude_records', days: ['2026-01-01'], reasons: reason('raw.claude') },
    { model: 'core.steps', days: ['2026-01-01'], reasons: reason('staging.claude_records') },
    { model: 'core.turns', days: ['2026-01-01'], reasons: reason('core.steps') },
  ];
  const told = text({ ...status, outOfDate });
  assert.match(
    told,
    /^out of date +3 models;.*\n +staging\.claude_records: 1 day, input raw\.claude changed\n +and 2 more/m,
  );
  assert.doesNotMatch(told, /core\.steps/);
});

test('drift, an unread schedule and exports that hold what was forgotten are told in words', () => {
  const name = {
    source: 'claude',
    recordType: '',
    records: 1,
    firstAt: '2026-06-30T10:00:00.000Z',
    sourcePath: 'p',
    knownTo: null,
  };
  const names: NonNullable<Drift>['names'] = [
    { ...name, kind: 'field', recordType: 'user', name: 'mood' },
    { ...name, kind: 'record type', name: 'vision', records: 1200 },
    { ...name, kind: 'version', name: '2.2.0', knownTo: '2.1.232' },
  ];
  const cliffs = [{ agent: 'codex', day: '2026-06-25', turns: 10, answered: 5, rate: 0.5, usualRate: 0.9 }];
  const told = text({
    ...status,
    drift: { names, cliffs },
    holding: [{ version: 'abc', rows: 1234 }],
    at: '2026-06-30T10:00:00.000Z',
    unattended: {
      schedule: { times: '@daily', nextAt: '2026-07-01T00:00:00.000Z' },
      capture: 'stopped',
      lastPassAt: null,
    },
  });
  for (const line of [
    /^drift +! codex: on 2026-06-25 50 % of 10 questions were answered \(5\), usually 90 %$/m,
    /^ +! claude: version 2\.2\.0, beyond 2\.1\.232 that the models know; 1 record since 2026-06-30$/m,
    /^ +! claude: record type vision is new to the models; 1,200 records since 2026-06-30$/m,
    /^ +! claude: field mood of user is new to the models; 1 record since 2026-06-30$/m,
    /^next ingest +in 14 h, 2026-07-01 00:00 UTC; by cron, @daily$/m,
    /^capture +! not running, though it was not turned off/m,
    /^exports +! abc still holds 1,234 forgotten rows;/m,
  ])
    assert.match(told, line);
});

type Sample = { labels: Record<string, string>; value: number };

/**
 * Reads the text format 0.0.4 as its specification has it (prometheus.io/docs/instrumenting/exposition_formats) and holds it
 * to what textfile collectors refuse: a line of another form, a sample without its HELP and TYPE before it, a name twice, the
 * same labels twice, a missing newline at the end.
 */
function parsed(metrics: string): Map<string, { type: string; help: string; samples: Sample[] }> {
  const found = new Map<string, { type: string; help: string; samples: Sample[] }>();
  assert.ok(metrics.endsWith('\n'));
  let help: [string, string] | undefined;
  let current = '';
  for (const line of metrics.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = '', words = ''] = comment;
      if (kind === 'HELP') {
        assert.match(words, /^([^\\]|\\[\\n])+$/, line);
        help = [name, words];
        continue;
      }
      assert.ok(!found.has(name) && help?.[0] === name, line);
      assert.match(words, /^(counter|gauge|histogram|summary|untyped)$/);
      found.set(name, { type: words, help: help[1], samples: [] });
      current = name;
      continue;
    }
    const [, name, inside, value = ''] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.+)\})? (\S+)$/.exec(line) ?? [];
    assert.ok(name !== undefined && name === current, line);
    const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
    const labels: Record<string, string> = {};
    for (let at = 0; at < (inside?.length ?? 0); at = pair.lastIndex) {
      pair.lastIndex = at;
      const [, label = '', quoted = ''] = pair.exec(inside ?? '') ?? assert.fail(line);
      assert.ok(!(label in labels) && !label.startsWith('__'), line);
      labels[label] = quoted.replaceAll(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
    }
    assert.match(value, /^[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf|NaN)$/i, line);
    const { samples } = found.get(name) ?? assert.fail(line);
    assert.ok(!samples.some((other) => JSON.stringify(other.labels) === JSON.stringify(labels)), line);
    samples.push({ labels, value: Number(value) });
  }
  return found;
}

test('the metrics read back by the rules of their format, with the values of the status', () => {
  const metrics = parsed(statusMetrics(status));
  const value = (name: string, labels: Record<string, string> = {}) =>
    metrics
      .get(`tracemill_${name}`)
      ?.samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
  const [claude] = status.sources;
  assert.equal(
    value('last_ingest_timestamp_seconds', { source: 'claude' }),
    Date.parse(String(claude?.lastCommitAt)) / 1000,
  );
  assert.equal(value('ingest_lag_seconds', { source: 'claude' }), Number(claude?.lagMs) / 1000);
  assert.equal(value('source_lines', { source: 'claude' }), 378);
  const turns = status.tables.find(({ table }) => table === 'core.turns');
  assert.equal(value('table_rows', { layer: 'core', table: 'core.turns' }), turns?.rows);
  assert.equal(value('table_bytes', { layer: 'core', table: 'core.turns' }), turns?.bytes);
  assert.equal(value('rejected_lines', { source: 'events', reason: 'broken JSON object' }), 1);
  assert.equal(value('outdated_models', { layer: 'core' }), 0);
  assert.equal(value('drift_names', { kind: 'record_type' }), 0);
  assert.equal(value('drift_answer_days'), 0);
  assert.equal(value('disk_bytes', { part: 'raw' }), status.layers[0]?.bytes);
  assert.equal(value('disk_free_bytes'), status.disk.freeBytes);
  assert.equal(value('capture_running'), 0);
  // What is not known is left out: an alert on its absence then fires.
  const unknown = parsed(statusMetrics({ ...status, drift: null }));
  assert.ok(!unknown.has('tracemill_drift_names'));
  const schedule = { times: '@daily', nextAt: '2026-07-01T00:00:00.000Z' };
  const due = parsed(statusMetrics({ ...status, unattended: { ...status.unattended, schedule } }));
  assert.equal(due.get('tracemill_next_ingest_timestamp_seconds')?.samples[0]?.value, 1782864000);
});

test('names and units of metrics are as Prometheus recommends', () => {
  // prometheus.io/docs/practices/naming: one prefix, base units in the plural at the end, no type in the name.
  for (const [name, { type, help, samples }] of parsed(statusMetrics(status))) {
    assert.match(name, /^tracemill(_[a-z]+)+$/);
    assert.equal(type, 'gauge');
    assert.doesNotMatch(name, /_(total|count|sum|bucket|info|gauge|ms|milliseconds|kilobytes|percent)(_|$)/);
    if (/timestamp|lag/.test(name)) assert.match(name, /_seconds$/);
    if (/disk/.test(name)) assert.match(name, /_bytes$/);
    assert.match(help, /^[A-Z0-9].+\.$/);
    for (const { labels } of samples)
      for (const label of Object.keys(labels)) assert.match(label, /^[a-z]+$/);
  }
  // What a label can hold: a reason with quotes, a path of Windows, a newline.
  const odd = 'said "no" to C:\\new\nline';
  const read = parsed(
    metricsText([{ name: 'a', help: 'A \\ and\na line.', samples: [{ labels: { odd }, value: 1.5e-7 }] }]),
  );
  assert.deepEqual(read.get('a')?.samples, [{ labels: { odd }, value: 1.5e-7 }]);
});

test('--prometheus puts a file that others may read in the place of the one before, at once', async () => {
  const file = join(folder, 'tracemill.prom');
  await writeFile(file, 'old');
  const { summary, json } = await run({ prometheus: file });
  assert.deepEqual(layOut(summary), []);
  assert.equal((json as Status).sources.length, 5);
  assert.ok(parsed(await readFile(file, 'utf8')).has('tracemill_table_rows'));
  assert.equal((await stat(file)).mode & 0o777, 0o644);
  assert.deepEqual(await readdir(folder), ['tracemill.prom']);
  const printed = layOut((await run({ prometheus: '-' })).summary);
  assert.ok(parsed(`${printed.join('\n')}\n`).has('tracemill_table_rows'));
  await assert.rejects(
    run({ prometheus: join(folder, 'no', 'x.prom') }),
    /x\.prom: cannot be written \(ENOENT\); name a file/,
  );
  await assert.rejects(run({ prometheus: '-', json: true }), { exitCode: 2 });
  // A folder in its place stays, and nothing is left beside it.
  await mkdir(join(folder, 'd.prom'));
  await assert.rejects(run({ prometheus: join(folder, 'd.prom') }), /cannot be written/);
  assert.deepEqual((await readdir(folder)).sort(), ['d.prom', 'tracemill.prom']);
});
