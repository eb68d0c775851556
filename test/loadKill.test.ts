import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { openClickhouse } from '../pipelines/lib/clickhouse.js';
import { seeded } from './bench/corpus.js';
import type { TestLake } from './support/lake.js';
import { setSignals, signalLake } from './support/signalLake.js';
import { loadHere } from './support/warehouse.js';

// A short form by default; TRACEMILL_KILLS=200 TRACEMILL_KILL_SEED=… for the long one.
const kills = Number(process.env.TRACEMILL_KILLS ?? 2);
const seed = Number(process.env.TRACEMILL_KILL_SEED ?? 1);
const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
const day = (number: number) => `2026-01-0${number}`;
const old = Object.fromEntries(
  [1, 2, 3, 4].map((number) => [day(number), [`old ${number}`, `same ${number}`]]),
);
/** The first day stays, two change, one goes and one comes. */
const fresh = {
  [day(1)]: old[day(1)] ?? [],
  [day(2)]: ['new 2', 'same 2', 'more'],
  [day(3)]: ['new 3'],
  [day(5)]: ['new 5'],
};
type Days = Record<string, string[]>;
let lake: TestLake;
/** The data folder before and after the change, the warehouse loaded with what was before. */
let base: string;
let duration: number;

before(async () => {
  lake = await signalLake(old);
  base = join(lake.folder, 'base');
  await loadHere({ TRACEMILL_DATA: lake.config.data });
  await setSignals(lake, fresh);
  await cp(lake.config.data, base, { recursive: true });
  const started = performance.now();
  await loadHere({ TRACEMILL_DATA: lake.config.data });
  duration = performance.now() - started;
  assert.deepEqual(await standing(lake.config.data), sorted(fresh));
});

after(() => lake.remove());

test('killed between two steps of a load, each day is the old one or the new, and the next load ends it', async (t) => {
  const points = ['load-staged:1', 'load-swapped:1', 'load-swapped:2', 'load-noted:1', 'load-dropped:1'];
  for (const crashAt of points) await t.test(crashAt, () => killedThenLoaded({ crashAt }));
});

test('killed at random moments, each day is the old one or the new, and the next load ends it', async (t) => {
  const random = seeded(seed);
  for (let kill = 0; kill < kills; kill += 1) {
    const delay = Math.floor(random() * duration);
    await t.test(`seed ${seed}, kill ${kill} after ${delay} ms`, () => killedThenLoaded({ delay }));
  }
});

test('killed while a new warehouse is made, the next load makes the rest', async () => {
  const data = join(lake.folder, 'first');
  await cp(base, data, { recursive: true, filter: (path) => !path.includes('clickhouse') });
  // The last one when exports and prices are exchanged, but only the first is noted.
  for (const crashAt of ['ddl-applied:1', 'ddl-applied:9', 'load-noted:1', 'load-swapped:2']) {
    assert.equal(await runKilled(data, { crashAt }), true, crashAt);
  }
  const moved = async () =>
    (await loadHere({ TRACEMILL_DATA: data })).tables.map(({ loaded, dropped }) => loaded + dropped);
  assert.deepEqual(await moved(), [0, 0, 1]);
  assert.deepEqual(await standing(data, true), sorted(fresh));
  assert.deepEqual(await moved(), [0, 0, 0]);
});

test('a warehouse that a full disk left half described is opened, and loaded', async () => {
  const data = join(lake.folder, 'full');
  await cp(base, data, { recursive: true, filter: (path) => !path.includes('clickhouse') });
  assert.equal(await runKilled(data, { crashAt: 'ddl-applied:1' }), true);
  const folder = join(data, 'lake', 'clickhouse');
  const described = (await readdir(folder, { recursive: true })).filter((name) =>
    /^metadata\/tracemill\.sql$|\/applied_files\.sql$/.test(name),
  );
  assert.ok(described.length >= 2, described.join());
  for (const name of described) await truncate(join(folder, name));
  await loadHere({ TRACEMILL_DATA: data });
  assert.deepEqual(await standing(data, true), sorted(fresh));
});

async function killedThenLoaded(how: { delay?: number; crashAt?: string }): Promise<void> {
  const data = join(lake.folder, 'killed');
  await rm(data, { recursive: true, force: true });
  await cp(base, data, { recursive: true });
  const wasKilled = await runKilled(data, how);
  if (how.crashAt !== undefined) assert.ok(wasKilled, `${how.crashAt} was never passed`);
  const days = await standing(data);
  for (const name of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
    const allowed = [old[name], fresh[name]].map((ids) => ids?.toSorted().join());
    assert.ok(allowed.includes(days[name]?.join()), `${name} holds ${days[name]?.join()}`);
  }
  await loadHere({ TRACEMILL_DATA: data });
  assert.deepEqual(await standing(data, true), sorted(fresh));
}

async function runKilled(data: string, how: { delay?: number; crashAt?: string }): Promise<boolean> {
  const child = spawn(process.execPath, [cli, 'load'], {
    env: {
      ...process.env,
      TRACEMILL_DATA: data,
      ...(how.crashAt === undefined ? {} : { TRACEMILL_CRASH_AT: how.crashAt }),
    },
    stdio: 'ignore',
  });
  const timer = how.delay === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), how.delay);
  const signal = await new Promise((resolve) => child.on('close', (_, name) => resolve(name)));
  clearTimeout(timer);
  return signal === 'SIGKILL';
}

/** What a reader of the warehouse finds; `isDone` also wants no stage left. */
async function standing(data: string, isDone = false): Promise<Days> {
  const clickhouse = await openClickhouse(readConfig({ TRACEMILL_DATA: data }));
  const stages = await clickhouse.rows(`show tables like 'stage%'`);
  if (isDone) assert.deepEqual(stages, []);
  const rows = await clickhouse.rows<{ day: string; ids: string[] }>(
    'select day, arraySort(groupArray(signal_id)) as ids from signals group by day order by day',
  );
  await clickhouse.close();
  return Object.fromEntries(rows.map(({ day, ids }) => [day, ids]));
}

function sorted(days: Days): Days {
  return Object.fromEntries(Object.entries(days).map(([name, ids]) => [name, ids.toSorted()]));
}
