import { UserError } from '../errors.js';
import type { Clickhouse } from './clickhouse.js';
import type { Manifest, Table } from './manifest.js';
import { sha256 } from './model.js';

/** Warehouse table -> the table of the lake it holds. */
export const lakeTables: Readonly<Record<string, string>> = {
  sessions: 'core.sessions',
  turns: 'core.turns',
  steps: 'core.steps',
  tool_calls: 'core.tool_calls',
  qa_pairs: 'core.qa_pairs',
  signals: 'core.signals',
  training_events: 'events.training_events',
  payload_blobs: 'events.payload_blobs',
  training_examples: 'datasets.training_examples',
  router_decisions: 'events.router_decisions',
};

/** One day's file of the lake. */
export type LakeDay = { day: string; file: string; sha256: string; rows: number; bytes: number };

/** What one table needs: days to put in place of what stands there, and days that are no longer in the lake. */
export type TablePlan = {
  readonly table: string;
  readonly columns: readonly WarehouseColumn[];
  /** Of the columns: a day that was loaded into other ones is loaded again. */
  readonly shape: string;
  readonly replace: readonly LakeDay[];
  readonly drop: readonly string[];
  /** Rows by day as the lake has them, days without rows left out. */
  readonly wanted: ReadonlyMap<string, number>;
};

export type WarehouseColumn = { readonly name: string; readonly type: string };

/** What `loads` says last of one day of a table; '' is the day of a table that has none. */
export type Loaded = { table_name: string; day: string; sha256: string; shape: string; rows: string };

/** The last note of every table and day. */
export async function readLoads(clickhouse: Clickhouse): Promise<Loaded[]> {
  return clickhouse.rows<Loaded>(
    `select table_name, day, argMax(loads.sha256, load_no) as sha256, argMax(loads.shape, load_no) as shape,
        argMax(loads.rows, load_no) as rows
     from loads group by table_name, day`,
  );
}

/** Plans one table; with `full` every day of it. */
export async function planTable(
  clickhouse: Clickhouse,
  of: { table: string; manifest: Manifest; loads: readonly Loaded[]; full: boolean },
): Promise<TablePlan | null> {
  const { table, manifest, loads, full } = of;
  const name = lakeTables[table] ?? '';
  const built = manifest.tables[name];
  if (built === undefined) return null;
  const columns = await readColumns(clickhouse, table);
  refuseOtherColumns(table, name, columns, built);
  const shape = shapeOf(columns);
  const days = lakeDays(built);
  const noted = new Map(loads.filter((note) => note.table_name === table).map((note) => [note.day, note]));
  const isLoaded = ({ day, sha256 }: LakeDay) =>
    noted.get(day)?.sha256 === sha256 && noted.get(day)?.shape === shape;
  // What stands there, not what was noted: a run may have been killed before its note.
  const standing = await clickhouse.rows<{ day: string }>(`select distinct day from ${table}`);
  const wanted = new Map(days.map(({ day, rows }) => [day, rows]));
  return {
    table,
    columns,
    shape,
    replace: full ? days : days.filter((day) => !isLoaded(day)),
    drop: standing
      .map(({ day }) => day)
      .filter((day) => !wanted.has(day))
      .sort(),
    wanted,
  };
}

/** Columns of a table in their order. */
export async function readColumns(clickhouse: Clickhouse, table: string): Promise<WarehouseColumn[]> {
  return clickhouse.rows<WarehouseColumn>(
    `select name, type from system.columns where database = {database:String} and table = {table:String} order by position`,
    { database: clickhouse.database, table },
  );
}

/** A short hash of a table's columns: rows that were loaded into other ones are loaded again. */
export function shapeOf(columns: readonly WarehouseColumn[]): string {
  return sha256(columns.map(({ name, type }) => `${name} ${type}`).join(', '), 16);
}

/** The days of a built table that have rows, in their order. */
function lakeDays(built: Table): LakeDay[] {
  return Object.entries(built.files)
    .filter(([, { rows }]) => rows > 0)
    .map(([day, { file, sha256, rows, bytes }]) => ({ day, file, sha256, rows, bytes }))
    .sort((a, b) => (a.day < b.day ? -1 : 1));
}

function refuseOtherColumns(
  table: string,
  name: string,
  columns: readonly WarehouseColumn[],
  built: Table,
): void {
  const there = new Set(columns.map((column) => column.name));
  const here = new Set(['day', ...built.columns.map(([column]) => column)]);
  const added = [...here].find((column) => !there.has(column));
  if (added !== undefined) {
    throw new UserError(
      `${name}: its column ${added} is not in the warehouse; add it in a new numbered file of sql/clickhouse: alter table ${table} add column if not exists ${added} …`,
    );
  }
  const missing = [...there].find((column) => !here.has(column));
  if (missing === undefined) return;
  throw new UserError(`${name}: lacks the column ${missing} of the warehouse; run \`tracemill build\` first`);
}
