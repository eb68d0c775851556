import type { DuckDBConnection } from '@duckdb/node-api';
import { exitCodes, UserError } from '../errors.js';
import type { Lake, RowPlace } from './rowOrigins.js';
import { identifier, quote, tableRelation } from './warehouse.js';

/** The fewest characters that may stand for an id. */
const leastPrefix = 8;

/** Where an id is looked for, in this order; in a layer the tables named here come before the others. */
const layers = ['datasets', 'core', 'events', 'duplicates'];
const preferred = [
  'core.turns',
  'core.steps',
  'core.sessions',
  'core.qa_pairs',
  'events.training_events',
  'events.attempts',
  'events.answers',
  'events.router_decisions',
  'events.payload_blobs',
];
// Its rows are those of the other datasets once more.
const last = 'datasets.training_examples';

/** The row that an id, or the beginning of one, names, and the other tables that have a row of this id. */
export async function findRow(
  connection: DuckDBConnection,
  lake: Lake,
  { id, table }: { readonly id: string; readonly table: string | undefined },
): Promise<{ row: RowPlace; also: string[] }> {
  if (table !== undefined) {
    const found = await search(connection, lake, [keyed(lake, table)], id);
    if (found === undefined) throw unknown(id, `${table} has no row of this id`);
    return found;
  }
  for (const layer of layers) {
    const tables = [...lake.models.values()]
      .filter(({ name, key, isCheck }) => !isCheck && key.length === 1 && name.startsWith(`${layer}.`))
      .map(({ name }) => name)
      .filter((name) => lake.manifest.tables[name] !== undefined)
      .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    const found = await search(connection, lake, tables, id);
    if (found !== undefined) return found;
  }
  throw unknown(id, 'no table has a row of this id');
}

function rank(table: string): number {
  if (table === last) return preferred.length + 1;
  const place = preferred.indexOf(table);
  return place < 0 ? preferred.length : place;
}

/** The rows of some tables, the most wanted first; an id that is one stands before those that it begins. */
async function search(
  connection: DuckDBConnection,
  lake: Lake,
  tables: readonly string[],
  id: string,
): Promise<{ row: RowPlace; also: string[] } | undefined> {
  const selects = tables.flatMap((name, place) => {
    const table = lake.manifest.tables[name];
    const key = lake.models.get(name)?.key[0];
    if (table === undefined || key === undefined) return [];
    const day = table.partitioned ? 'day' : "''";
    const text = `${identifier(key)}::varchar`;
    const matches = id.length < leastPrefix ? `${text} = ${quote(id)}` : `starts_with(${text}, ${quote(id)})`;
    return `select ${place} as place, ${text} as key, ${day} as day from (${tableRelation(lake.folder, table)}) where ${matches}`;
  });
  if (selects.length === 0) return undefined;
  const reader = await connection.runAndReadAll(
    `select place, key, min(day) from (${selects.join(' union all ')}) group by place, key
    order by key <> ${quote(id)}, place, key limit 1000`,
  );
  const rows = reader.getRowsJson().map(([place, key, day]) => ({
    table: tables[Number(place)] ?? '',
    key: String(key),
    day: String(day),
  }));
  const [row] = rows;
  if (row === undefined) return undefined;
  const keys = new Set(rows.map(({ key }) => key));
  if (row.key !== id && keys.size > 1) throw ambiguous(id, rows);
  return { row, also: rows.slice(1).flatMap(({ table, key }) => (key === row.key ? [table] : [])) };
}

/** A table by its name, where its rows have an id. */
function keyed(lake: Lake, table: string): string {
  const model = lake.models.get(table);
  const usage = (problem: string) =>
    new UserError(`--table ${table}: ${problem}`, { exitCode: exitCodes.usage });
  if (model === undefined || model.isCheck)
    throw usage('no such table; name one as core.turns, `tracemill status` lists what there is');
  if (lake.manifest.tables[table] === undefined) throw usage('not built yet; run `tracemill build`');
  if (model.key.length > 1)
    throw usage(`its rows have no id of their own but ${model.key.join(', ')}; explain what is made from it`);
  return table;
}

function ambiguous(id: string, rows: readonly RowPlace[]): UserError {
  const tables = [...new Set(rows.map(({ table }) => table))];
  const named = tables.map((table) => {
    const keys = rows.filter((row) => row.table === table).map(({ key }) => key);
    return `${table} ${keys.slice(0, 3).join(', ')}${keys.length > 3 ? ' …' : ''}`;
  });
  return new UserError(
    `${id}: begins more than one id (${named.join('; ')}); give more of it, or the table with --table`,
    { exitCode: exitCodes.usage },
  );
}

function unknown(id: string, problem: string): UserError {
  const short = `an id may be shortened to its first ${leastPrefix} characters, not to fewer`;
  const way =
    id.length < leastPrefix
      ? short
      : 'take one from a dataset, an export or a table, or run `tracemill build` if it should be there by now';
  return new UserError(`${id}: ${problem}; ${way}`);
}
