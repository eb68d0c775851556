import { UserError } from '../errors.js';
import type { Clickhouse } from './clickhouse.js';
import { localTable, onCluster } from './clusterDdl.js';
import type { ExportRecord } from './exportRecord.js';
import { atPoint } from './lake.js';
import type { Note } from './loadDays.js';
import { type Loaded, readColumns, shapeOf } from './loadPlan.js';
import { sha256 } from './model.js';
import { countRows } from './rowCounts.js';
import { dropStage, makeStage, stageName } from './stage.js';

/** What became of a table without days. */
export type WholeResult = { readonly table: string; readonly replaced: boolean; readonly rows: number };

/** Replaces a table without days by these rows, in one exchange of names; nothing where it holds them already. */
export async function loadWhole(
  clickhouse: Clickhouse,
  of: {
    table: string;
    values: readonly object[];
    loads: readonly Loaded[];
    full: boolean;
    key: string;
    note: Note;
  },
): Promise<WholeResult> {
  const { table, values, loads, full, key, note } = of;
  const rows = values.length;
  const columns = await readColumns(clickhouse, table);
  const shape = shapeOf(columns);
  const content = sha256(JSON.stringify(values));
  const last = loads.find((loaded) => loaded.table_name === table && loaded.day === '');
  if (!full && last?.sha256 === content && last.shape === shape) return { table, replaced: false, rows };
  await makeStage(clickhouse, table, key);
  if (rows > 0) await clickhouse.insert(stageName(table), values);
  atPoint('load-staged');
  const staged = await countRows(clickhouse, stageName(table));
  if (staged !== rows) {
    throw new UserError(`${table}: ${staged} rows arrived of ${rows}, nothing was swapped; load again`);
  }
  const { cluster } = clickhouse;
  const names = `${localTable(table, cluster)} and ${localTable(stageName(table), cluster)}`;
  await clickhouse.run(`exchange tables ${names}${onCluster(cluster)}`);
  atPoint('load-swapped');
  await note([{ table_name: table, day: '', sha256: content, shape, rows }]);
  await dropStage(clickhouse, table);
  return { table, replaced: true, rows };
}

/** A row of table `exports`. */
export function exportRow(record: ExportRecord): object {
  const { event_range: range, ...rest } = record;
  return {
    ...rest,
    first_event_at: range.first,
    last_event_at: range.last,
    event_count: range.count,
  };
}
