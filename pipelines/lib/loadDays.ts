import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import type { Clickhouse } from './clickhouse.js';
import { literal } from './clickhouseText.js';
import { localTable, onCluster } from './clusterDdl.js';
import { atPoint } from './lake.js';
import type { LakeDay, TablePlan } from './loadPlan.js';
import { countDays } from './rowCounts.js';
import { dropStage, makeStage, stageName } from './stage.js';

/** Writes down what now stands in the warehouse. */
export type Note = (
  rows: readonly { table_name: string; day: string; sha256: string; shape: string; rows: number }[],
) => Promise<void>;

// One stage takes this many days at most: what a kill makes the next run do again stays small.
const batchDays = 100;
const batchBytes = 256e6;

/** Puts the days of a plan in place of what stands there, each whole: staged, counted, swapped, noted. */
export async function loadDays(
  clickhouse: Clickhouse,
  plan: TablePlan,
  { lake, key, note, done }: { lake: string; key: string; note: Note; done: (bytes: number) => void },
): Promise<void> {
  const { table, shape } = plan;
  const target = `${localTable(table, clickhouse.cluster)}${onCluster(clickhouse.cluster)}`;
  const source = localTable(stageName(table), clickhouse.cluster);
  for (const batch of batches(plan.replace)) {
    await makeStage(clickhouse, table, key);
    for (const day of batch) {
      await insertDay(clickhouse, plan, join(lake, day.file), day.day);
      done(day.bytes);
    }
    atPoint('load-staged');
    await countStage(clickhouse, table, batch);
    for (const { day } of batch) {
      await clickhouse.run(`alter table ${target} replace partition ${literal(day)} from ${source}`);
      atPoint('load-swapped');
    }
    await note(batch.map(({ day, sha256, rows }) => ({ table_name: table, day, sha256, shape, rows })));
    atPoint('load-noted');
    await dropStage(clickhouse, table);
  }
  for (const day of plan.drop) {
    await clickhouse.run(`alter table ${target} drop partition ${literal(day)}`);
    atPoint('load-dropped');
    await note([{ table_name: table, day, sha256: '', shape, rows: 0 }]);
  }
}

/** The rows of one Parquet file with its day; embedded, the engine reads the file itself. */
async function insertDay(
  clickhouse: Clickhouse,
  { table, columns }: TablePlan,
  file: string,
  day: string,
): Promise<void> {
  const held = columns.filter(({ name }) => name !== 'day');
  const names = held.map(({ name }) => name).join(', ');
  // The types of the table: what does not fit them is an error here, not a guess of the reader.
  const structure = literal(held.map(({ name, type }) => `${name} ${type}`).join(', '));
  const from = clickhouse.embedded
    ? `file(${literal(file)}, 'Parquet', ${structure})`
    : `input(${structure})`;
  const insert = `insert into ${stageName(table)} (day, ${names}) select ${literal(day)}, ${names} from ${from}`;
  if (clickhouse.embedded) await clickhouse.run(insert);
  else await clickhouse.send(`${insert} format Parquet`, createReadStream(file));
}

async function countStage(clickhouse: Clickhouse, table: string, days: readonly LakeDay[]): Promise<void> {
  const counts = await countDays(clickhouse, stageName(table));
  for (const { day, rows } of days) {
    const count = counts.get(day) ?? 0;
    if (count === rows) continue;
    throw new UserError(
      `${table}, day ${day}: ${count} rows arrived of ${rows}, nothing was swapped; run \`tracemill verify\`, then load again`,
    );
  }
}

function batches(days: readonly LakeDay[]): LakeDay[][] {
  const found: LakeDay[][] = [];
  let bytes = 0;
  for (const day of days) {
    const last = found.at(-1);
    bytes += day.bytes;
    if (last !== undefined && last.length < batchDays && bytes <= batchBytes) last.push(day);
    else {
      found.push([day]);
      bytes = day.bytes;
    }
  }
  return found;
}
