import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ExportManifest } from '../pipelines/lib/exportManifest.js';
import type { ExportResult } from '../pipelines/lib/exportSummary.js';
import type { Manifest } from '../pipelines/lib/manifest.js';
import { sampleLake } from './support/sampleLake.js';
import { copyLake, runCli, runLoad, startServer, temporary } from './support/warehouse.js';

let data: string;
let remove: () => Promise<void>;

before(async () => {
  const made = await temporary();
  ({ remove } = made);
  data = join(made.folder, 'data');
  await copyLake(await sampleLake(), data);
});
after(() => remove());

type Exported = ExportResult & { manifest: ExportManifest };

/** Exports by the command line and reads what the export says of itself. */
async function exported(words: string[], environment: Record<string, string> = {}): Promise<Exported> {
  const run = runCli(['export', '--json', ...words], { TRACEMILL_DATA: data, ...environment });
  assert.equal(run.status, 0, run.stderr);
  const result = JSON.parse(run.stdout) as ExportResult;
  const manifest = JSON.parse(await readFile(join(result.folder ?? '', 'manifest.json'), 'utf8'));
  return { ...result, manifest };
}

/** What a verb says where it ends with this code. */
function refusal(words: string[], status: number): string {
  const run = runCli(words, { TRACEMILL_DATA: data });
  assert.equal(run.status, status, run.stderr);
  return run.stderr.trim();
}

const files = ({ manifest }: Exported) =>
  manifest.files.map(({ path, sha256, rows }) => `${path} ${rows} ${sha256}`).sort();
const three = ['preference', 'reward', 'sft'].flatMap((name) => ['--dataset', name]);

test('what ClickHouse derives is exported as the same files', async () => {
  assert.equal(
    refusal(['export', '--engine', 'clickhouse'], 1),
    'core.sessions: is not in ClickHouse; run `tracemill load`',
  );
  runLoad({ TRACEMILL_DATA: data });
  const [lake, derived] = [await exported(three), await exported(['--engine', 'clickhouse'])];
  assert.ok(files(lake).length > 6);
  assert.deepEqual(files(derived), files(lake));
  assert.deepEqual(derived.manifest.events, lake.manifest.events);
  assert.match(derived.manifest.code.clickhouse ?? '', /^\d+\./);
  assert.notEqual(derived.version, lake.version);
});

test('a lake that was built since it was loaded is not exported from ClickHouse', async () => {
  const path = join(data, 'lake', 'manifest.json');
  const text = await readFile(path, 'utf8');
  const manifest = JSON.parse(text) as Manifest;
  const days = Object.entries(manifest.tables['core.signals']?.files ?? {});
  const [day = '', entry] = days.find(([, { rows }]) => rows > 0) ?? [];
  if (entry !== undefined) entry.sha256 = '0'.repeat(64);
  await writeFile(path, JSON.stringify(manifest));
  assert.equal(
    refusal(['export', '--engine', 'clickhouse'], 1),
    `core.signals ${day}: ClickHouse holds another state of it; run \`tracemill load\``,
  );
  await writeFile(path, text);
});

test('a server hands over the rows that it derives, and filters take of them what they take of the lake', async () => {
  const { folder, remove: removeServer } = await temporary();
  const server = await startServer(folder);
  try {
    const environment = {
      CLICKHOUSE_URL: server.url,
      CLICKHOUSE_USER: 'miller',
      CLICKHOUSE_PASSWORD: 'flour & water',
    };
    runLoad({ TRACEMILL_DATA: data, ...environment });
    const words = ['--since', '2026-03-04', '--tag', 'high_score', '--dataset', 'reward'];
    const derived = await exported([...words, '--engine', 'clickhouse'], environment);
    assert.ok((derived.datasets.reward?.rows ?? 0) > 0);
    assert.deepEqual(files(derived), files(await exported(words)));
  } finally {
    await server.stop();
    await removeServer();
  }
});

test('what the engine cannot do is said before anything is done', async () => {
  assert.equal(
    refusal(['export', '--engine', 'clickhouse', '--dataset', 'router'], 2),
    '--dataset router: --engine clickhouse derives preference, reward, sft; leave out --engine for others',
  );
  assert.equal(
    refusal(['build', '--engine', 'clickhouse', '--select', 'core.'], 2),
    '--select: --engine clickhouse selects models itself; leave out one of the two',
  );
  assert.match(refusal(['build', '--engine', 'spark'], 2), /Invalid values/);
});

test('build for ClickHouse makes what is loaded, and no dataset', async () => {
  const run = runCli(['build', '--engine', 'clickhouse', '--full', '--dry-run', '--json'], {
    TRACEMILL_DATA: data,
  });
  assert.equal(run.status, 0, run.stderr);
  const made = [...new Set(run.stdout.match(/"\w+\.\w+"/g) ?? [])].map((name) => JSON.parse(name) as string);
  for (const table of ['core.steps', 'core.signals', 'events.payload_blobs', 'events.router_decisions']) {
    assert.ok(made.includes(table), `${table} in ${made.join(' ')}`);
  }
  assert.deepEqual(
    made.filter((name) =>
      /^(datasets|duplicates)\.|core\.(messages|qa_pairs|judged)|events\.answers/.test(name),
    ),
    [],
  );
});
