import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Config, readConfig } from '../pipelines/config.js';
import { foldAsOf } from '../pipelines/lib/asOf.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openDuckDB, openWarehouse, quote } from '../pipelines/lib/warehouse.js';
import { event, foldOf, storeOf } from './support/eventStore.js';
import { eventLine, makeEventStore } from './support/events.js';
import { propertyRuns } from './support/propertyRuns.js';
import { worlds } from './support/worlds.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

function run(config: Config, ...words: string[]) {
  const env = { ...process.env, TRACEMILL_DATA: config.data, TRACEMILL_SQL: config.sql };
  return spawnSync(process.execPath, [cli, 'build', ...words], { env, encoding: 'utf8' });
}

// The runner's own column is not what is folded.
const folded = `columns(lambda name: name <> 'redaction_policy')`;

/** The rows of each Parquet file of a folder, by its table. */
async function rowsIn(folder: string): Promise<Record<string, unknown[]>> {
  const { connection, close } = await openDuckDB();
  const found: Record<string, unknown[]> = {};
  for (const file of (await readdir(folder)).sort()) {
    const read = `read_parquet(${quote(join(folder, file))}, hive_partitioning = false)`;
    const rows = await connection.runAndReadAll(
      `select to_json(rows)::varchar from (select ${folded} from ${read}) as rows order by all`,
    );
    found[file.replace('.parquet', '')] = rows.getRows().flat();
  }
  close();
  return found;
}

/** The rows of the published tables of the same names. */
async function rowsOf(config: Config, tables: readonly string[]): Promise<Record<string, unknown[]>> {
  const warehouse = await openWarehouse({ config, tables: tables.map((table) => `events.${table}`) });
  const query = async (sql: string) => (await warehouse.connection.runAndReadAll(sql)).getRowObjectsJS();
  return rowsBy(query, tables).finally(() => warehouse.close());
}

async function rowsBy(
  query: (sql: string) => Promise<Record<string, unknown>[]>,
  tables: readonly string[],
): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const table of tables) {
    const rows = await query(
      `select to_json(rows)::varchar as row from (select ${folded} from events.${table}) as rows order by all`,
    );
    found[table] = rows.map(({ row }) => row);
  }
  return found;
}

test('state as of a moment is the state of a lake that has only the events up to it', async () => {
  const moments = fc.shuffledSubarray(
    ['2026-05-01T10:01:00.000Z', '2026-05-02T10:03:00.000Z', '2026-05-03T10:02:00.000Z'],
    { minLength: 2, maxLength: 2 },
  );
  await fc.assert(
    fc.asyncProperty(worlds(propertyRuns(2)), moments, async (world, chosen) => {
      const all = await storeOf(world);
      for (const moment of chosen) {
        const until = await foldOf(world.filter(({ at }) => at <= moment));
        const out = join(all.folder, 'then');
        await foldAsOf({ 'as-of': moment, out }, all.config, silentProgress);
        const then = await rowsIn(out);
        assert.deepEqual(then, await rowsBy(until, Object.keys(then)));
      }
      await all.remove();
    }),
    { numRuns: 1, endOnFailure: true, includeErrorInReport: true },
  );
});

test('every table of the real event store can be folded as of a moment, copies and repeated payloads too', async () => {
  const early = [
    eventLine({
      id: 'e1',
      event_type: 'session.created',
      timestamp: '2026-05-02T10:00:00Z',
      session_id: 's',
      payload: { need: 'x' },
    }),
    eventLine({ id: 'e2', event_type: 'odd', timestamp: '2026-05-02T12:00:00Z', payload: { same: true } }),
    eventLine({ id: 'e2', event_type: 'odd', timestamp: '2026-05-02T12:00:00Z', payload: { same: true } }),
    eventLine({ id: 'e3', event_type: 'odd', timestamp: '2026-05-03T12:00:00Z', payload: { same: true } }),
  ];
  const late = [
    eventLine({
      id: 'e4',
      event_type: 'odd',
      timestamp: '2026-05-03T12:00:00.001Z',
      payload: { same: true },
    }),
    eventLine({
      id: 'e5',
      event_type: 'session.created',
      timestamp: '2026-05-04T12:00:00Z',
      session_id: 's',
      payload: { need: 'y' },
    }),
  ];
  const [all, until] = [await makeEventStore(), await makeEventStore()];
  await all.record('a.jsonl', [...early, ...late]);
  await until.record('a.jsonl', early);
  await all.run(['events.']);
  await until.run(['events.']);
  const out = join(all.config.data, 'then');
  await foldAsOf({ 'as-of': '2026-05-03T12:00Z', out }, all.config, silentProgress);
  const then = await rowsIn(out);
  assert.deepEqual(then, await rowsOf(until.config, Object.keys(then)));
  // The payload of two days stands once, on the first of them.
  assert.equal(then.payload_blobs?.length, 2);
  assert.equal(then.recorded_events?.length, 3);
  await Promise.all([all.remove(), until.remove()]);
});

test('--as-of writes one file a table into --out, says what it wrote, and leaves the lake alone', async () => {
  const lake = await storeOf([
    event('session.created', { session: 's', at: '2026-05-01T10:00:00Z' }, { need: 'a poem' }),
    event('session.created', { session: 's', at: '2026-05-02T10:00:00Z' }, { need: 'an ode' }),
  ]);
  const before = await lake.hashes();
  const out = join(lake.folder, "it's then");
  const folded = run(lake.config, '--as-of', '2026-05-01T12:00+02:00', '--out', out);
  assert.equal(folded.stderr, '');
  assert.equal(folded.status, 0);
  assert.match(folded.stdout, /^sessions +1$/m);
  assert.match(folded.stdout, /^as of 2026-05-01T10:00:00\.000 UTC, written to .*it's then$/m);
  assert.deepEqual(
    (await rowsIn(out)).sessions?.map((row) => JSON.parse(String(row)).need),
    ['a poem'],
  );
  // A second moment into the same folder replaces the first.
  const again = JSON.parse(run(lake.config, '--as-of', '2026-05-03', '--out', out, '--json').stdout);
  assert.equal(again.asOf, '2026-05-03T00:00:00.000Z');
  assert.deepEqual(
    again.tables.find(({ table }: { table: string }) => table === 'sessions'),
    { table: 'sessions', rows: 1, file: join(out, 'sessions.parquet') },
  );
  assert.deepEqual(
    (await rowsIn(out)).sessions?.map((row) => JSON.parse(String(row)).need),
    ['an ode'],
  );
  assert.deepEqual(await lake.hashes(), before);
  await lake.remove();
});

test('--as-of needs a time and a folder outside the lake, and a lake that is built', async () => {
  const lake = await storeOf([]);
  const refused = (words: string[], status: number, message: RegExp) => {
    const result = run(lake.config, ...words);
    assert.equal(result.status, status, words.join(' '));
    assert.match(result.stderr, message);
    assert.equal(result.stdout, '');
  };
  const out = join(lake.folder, 'then');
  refused(['--as-of', '2026-05-01'], 2, /^--as-of: .*; name a folder with --out$/m);
  refused(['--out', out], 2, /^--out: .*; name a time$/m);
  refused(['--as-of', 'yesterday', '--out', out], 2, /^--as-of yesterday: not a time; write 2026-05-01/m);
  const inside = join(lake.config.data, 'lake', 'events');
  refused(
    ['--as-of', '2026-05-01', '--out', inside],
    2,
    /^--out .*: lies in the lake, .*; name another folder$/m,
  );
  const unbuilt = readConfig({ TRACEMILL_DATA: join(lake.folder, 'none'), TRACEMILL_SQL: lake.config.sql });
  await assert.rejects(foldAsOf({ 'as-of': '2026-05-01', out }, unbuilt, silentProgress), {
    message: 'staging.event_rows: not built yet; run `tracemill build`',
  });
  await assert.rejects(readdir(out), { code: 'ENOENT' });
  await lake.remove();
});
