import { join } from 'node:path';
import type { ClickHouseSettings } from '@clickhouse/client';
import type { Config } from './config.js';
import { UserError } from './errors.js';
import { loadChdb } from './lib/chdb.js';
import { type Clickhouse, openClickhouse } from './lib/clickhouse.js';
import { shardingKeys } from './lib/clusterDdl.js';
import type { Command } from './lib/command.js';
import { applyDdl, readDdl } from './lib/ddl.js';
import { readExportRecords } from './lib/exportRecord.js';
import { lakeFolder } from './lib/lake.js';
import { loadDays, type Note } from './lib/loadDays.js';
import { gateLoad } from './lib/loadGate.js';
import { lakeTables, planTable, readLoads, type TablePlan } from './lib/loadPlan.js';
import { dayResult, describeLoad, type LoadResult, type TableResult, wholeResult } from './lib/loadReport.js';
import { exportRow, loadWhole, type WholeResult } from './lib/loadWhole.js';
import { withLock } from './lib/lock.js';
import { readManifest } from './lib/manifest.js';
import { readPrices } from './lib/prices.js';
import type { StartProgress } from './lib/progress.js';
import { reconcile } from './lib/reconcile.js';
import { sweepStages } from './lib/stage.js';
import { ownVersion } from './lib/version.js';

/** `tracemill load`. */
export const command: Command = {
  describe: 'Load the lake into ClickHouse: a server, or embedded in lake/clickhouse',
  example: 'tracemill load',
  options: {
    full: { type: 'boolean', default: false, describe: 'Load every day again, not only those that changed' },
    optional: {
      type: 'boolean',
      default: false,
      describe: 'Say so and do nothing where there is neither CLICKHOUSE_URL nor chdb',
    },
  },
  run: async (args, { config, progress, now }) => {
    const why = args.optional === true ? await missingEngine(config) : null;
    if (why !== null) return { summary: [`not loaded: ${why}`], json: { skipped: why } };
    return describeLoad(await load({ config, progress, now, full: args.full === true }));
  },
};

export type LoadOptions = {
  config: Config;
  progress: StartProgress;
  now: () => Date;
  full: boolean;
};

// Embedded, the engine's memory is this process's. A row group of large payloads is read in pieces.
const settings: ClickHouseSettings = {
  max_memory_usage: '1200000000',
  max_threads: 1,
  max_insert_threads: '1',
  min_insert_block_size_bytes: '64000000',
  input_format_parquet_prefer_block_bytes: '4000000',
  input_format_parquet_memory_high_watermark: '100000000',
  input_format_parquet_memory_low_watermark: '10000000',
  // A null where none may be is an error of ours; it must not become '' or 0.
  input_format_null_as_default: 0,
};

/** Brings the warehouse to what the lake publishes, day by day, each in one swap; what is there already stays. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { config, now } = options;
  return withLock(config, 'load', async () => {
    const clickhouse = await openClickhouse(config, { settings });
    try {
      return await loadLake(clickhouse, options, now());
    } finally {
      await clickhouse.close();
    }
  });
}

/** Why there is nothing to load into; null where there is. */
async function missingEngine(config: Config): Promise<string | null> {
  if (config.clickhouse.url !== null) return null;
  try {
    await loadChdb();
    return null;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function loadLake(clickhouse: Clickhouse, options: LoadOptions, now: Date): Promise<LoadResult> {
  const { config, progress, full } = options;
  const started = performance.now();
  const lake = lakeFolder(config);
  const manifest = await readManifest(lake);
  const prices = await readPrices(config.prices);
  const exports = await readExportRecords(join(config.data, 'exports'));
  const files = await readDdl(config.sql);
  const keys = shardingKeys(files);
  const applied = await applyDdl(clickhouse, files, now);
  await sweepStages(clickhouse, [...keys.keys()]);
  const loads = await readLoads(clickhouse);
  const plans: TablePlan[] = [];
  const leftOut: string[] = [];
  for (const table of Object.keys(lakeTables)) {
    const plan = await planTable(clickhouse, { table, manifest, loads, full });
    if (plan === null) leftOut.push(table);
    else plans.push(plan);
  }
  if (plans.length === 0) throw new UserError('lake: nothing is built yet; run `tracemill build`');
  const sets = { exports: exports.map(exportRow), prices };
  const gate = await gateLoad(config, { lake, tables: manifest.tables, plans, whole: sets });
  const note = await notes(clickhouse, options);
  const bytes = plans.flatMap(({ replace }) => replace).reduce((sum, day) => sum + day.bytes, 0);
  const bar = progress('load', bytes, 'bytes');
  const tables: TableResult[] = [];
  for (const plan of plans) {
    const key = keys.get(plan.table) ?? '';
    await loadDays(clickhouse, plan, { lake, key, note, done: bar.add });
    tables.push(dayResult(plan));
  }
  bar.end();
  const whole: WholeResult[] = [];
  for (const [table, values] of Object.entries(sets)) {
    const key = keys.get(table) ?? '';
    whole.push(await loadWhole(clickhouse, { table, values, loads, full, key, note }));
  }
  const { url, database } = config.clickhouse;
  return {
    warehouse: url === null ? 'lake/clickhouse' : new URL(url).origin,
    version: clickhouse.version,
    database,
    applied,
    tables: [...tables, ...whole.map(wholeResult)],
    left_out: leftOut,
    gate,
    differences: await reconcile(clickhouse, plans, whole),
    ms: performance.now() - started,
  };
}

/** Notes of one run carry its number, one more than the last. */
async function notes(clickhouse: Clickhouse, { now }: LoadOptions): Promise<Note> {
  const [last] = await clickhouse.rows<{ load_no: string }>('select max(load_no) as load_no from loads');
  const number = Number(last?.load_no ?? 0) + 1;
  const version = await ownVersion();
  return (rows) => {
    const loaded = now().toISOString();
    return clickhouse.insert(
      'loads',
      rows.map((row) => ({ ...row, load_no: number, loaded_at: loaded, version })),
    );
  };
}
