import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { command as buildCommand } from '../pipelines/build.js';
import { readConfig } from '../pipelines/config.js';
import { command as exportCommand } from '../pipelines/export.js';
import { type Clickhouse, openClickhouse } from '../pipelines/lib/clickhouse.js';
import { type ClusterModel, modelSettings, readClusterFolder } from '../pipelines/lib/clusterModels.js';
import type { Command } from '../pipelines/lib/command.js';
import type { ExportManifest } from '../pipelines/lib/exportManifest.js';
import type { ExportResult } from '../pipelines/lib/exportSummary.js';
import type { Manifest } from '../pipelines/lib/manifest.js';
import { madeDifferences } from './support/parity.js';
import { allComparisons } from './support/recordedComparisons.js';
import { sampleLake } from './support/sampleLake.js';
import { verbHere } from './support/verbHere.js';
import { copyLake, loadHere, runCli, startServer, temporary } from './support/warehouse.js';

const sql = fileURLToPath(new URL('../../sql', import.meta.url));
const user = { CLICKHOUSE_USER: 'miller', CLICKHOUSE_PASSWORD: 'flour & water' };
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
async function refusal(verb: Command, words: string[], status: number): Promise<string> {
  const run = await verbHere(verb, ['--engine', 'clickhouse', ...words], { TRACEMILL_DATA: data });
  assert.equal(run.status, status, run.stderr);
  return run.stderr.trim();
}

const files = ({ manifest }: Exported) =>
  manifest.files.map(({ path, sha256, rows }) => `${path} ${rows} ${sha256}`).sort();
const three = ['preference', 'reward', 'sft'].flatMap((name) => ['--dataset', name]);

/** Lets a server have the lake's own ClickHouse. */
async function withServer<T>(work: (environment: Record<string, string>) => T | Promise<T>): Promise<T> {
  const server = await startServer(join(data, 'lake', 'clickhouse'));
  try {
    return await work({ ...user, CLICKHOUSE_URL: server.url });
  } finally {
    await server.stop();
  }
}

test('what ClickHouse derives of a lake that a server was given is exported as the same files', async (t) => {
  assert.equal(
    await refusal(exportCommand, [], 1),
    'core.sessions: is not in ClickHouse; run `tracemill load`',
  );
  await withServer((environment) => loadHere({ TRACEMILL_DATA: data, ...environment }));
  const [lake, derived] = [await exported(three), await exported(['--engine', 'clickhouse'])];
  assert.ok(files(lake).length > 6);
  assert.deepEqual(files(derived), files(lake));
  assert.deepEqual(derived.manifest.events, lake.manifest.events);
  assert.match(derived.manifest.code.clickhouse ?? '', /^\d+\./);
  assert.notEqual(derived.version, lake.version);
  const clickhouse = await openClickhouse(readConfig({ TRACEMILL_DATA: data }), { settings: modelSettings });
  try {
    await t.test('and every model has the rows of its table of the lake', (t) => sameRows(t, clickhouse));
    for (const { name } of (await keptModels()).before) {
      await clickhouse.run(`rename table model_${name} to made_${name}`);
    }
  } finally {
    await clickhouse.close();
  }
});

async function sameRows(t: TestContext, clickhouse: Clickhouse): Promise<void> {
  const empty: string[] = [];
  const found = await madeDifferences(data, clickhouse, allComparisons, (table, rows) => {
    t.diagnostic(`${table}: ${rows} rows`);
    if (rows === 0) empty.push(table);
  });
  assert.deepEqual(found, []);
  assert.deepEqual(empty, [], 'the samples have rows of every table');
}

/** The models that make the sets, and those that they read. */
async function keptModels(): Promise<{ last: string[]; before: ClusterModel[] }> {
  const last = ['preference', 'reward', 'sft', 'training_examples', 'withheld'];
  const { models } = await readClusterFolder(sql);
  const read = new Set(models.filter(({ name }) => last.includes(name)).flatMap(({ inputs }) => inputs));
  return { last, before: models.filter(({ name }) => read.has(name) && !last.includes(name)) };
}

/** The project's SQL, but what the models of the sets read is as the first test left it: most of the work is there. */
async function shortSql(folder: string): Promise<string> {
  const target = join(folder, 'sql');
  const { last, before } = await keptModels();
  await cp(sql, target, { recursive: true });
  const models = join(target, 'clickhouse', 'models');
  for (const { name } of (await readClusterFolder(sql)).models.filter(
    (model) => !last.includes(model.name),
  )) {
    await rm(join(models, `${name}.sql`));
  }
  for (const { name, key } of before) {
    const text = `-- One row per row made before.\n-- @key ${key.join(', ')}\nselect * from made_${name}\n`;
    await writeFile(join(models, `${name}.sql`), text);
  }
  return target;
}

test('a lake that was built since it was loaded is not exported from ClickHouse', async () => {
  const path = join(data, 'lake', 'manifest.json');
  const text = await readFile(path, 'utf8');
  const manifest = JSON.parse(text) as Manifest;
  const days = Object.entries(manifest.tables['core.signals']?.files ?? {});
  const [day = '', entry] = days.find(([, { rows }]) => rows > 0) ?? [];
  if (entry !== undefined) entry.sha256 = '0'.repeat(64);
  await writeFile(path, JSON.stringify(manifest));
  assert.equal(
    await refusal(exportCommand, [], 1),
    `core.signals ${day}: ClickHouse holds another state of it; run \`tracemill load\``,
  );
  await writeFile(path, text);
});

test('a server hands over the rows that it derives, and filters take of them what they take of the lake', async () => {
  const short = { TRACEMILL_SQL: await shortSql(join(data, '..')) };
  const words = ['--since', '2026-03-04', '--tag', 'high_score', '--dataset', 'reward'];
  const derived = await withServer((environment) =>
    exported([...words, '--engine', 'clickhouse'], { ...environment, ...short }),
  );
  assert.ok((derived.datasets.reward?.rows ?? 0) > 0);
  assert.deepEqual(files(derived), files(await exported(words)));
});

test('what the engine cannot do is said before anything is done', async () => {
  assert.equal(
    await refusal(exportCommand, ['--dataset', 'router'], 2),
    '--dataset router: --engine clickhouse derives preference, reward, sft; leave out --engine for others',
  );
  assert.equal(
    await refusal(buildCommand, ['--select', 'core.'], 2),
    '--select: --engine clickhouse selects models itself; leave out one of the two',
  );
  const unknown = runCli(['build', '--engine', 'spark'], { TRACEMILL_DATA: data });
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /Invalid values/);
});

test('build for ClickHouse makes what is loaded, and no dataset', async () => {
  const words = ['--engine', 'clickhouse', '--full', '--dry-run'];
  const { status, stderr, json } = await verbHere(buildCommand, words, { TRACEMILL_DATA: data });
  assert.equal(status, 0, stderr);
  const names = JSON.stringify(json).match(/"\w+\.\w+"/g) ?? [];
  const made = [...new Set(names)].map((name) => JSON.parse(name) as string);
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
