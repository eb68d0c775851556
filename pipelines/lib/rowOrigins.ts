import type { DuckDBConnection } from '@duckdb/node-api';
import type { Manifest, Table } from './manifest.js';
import type { Model } from './model.js';
import { columnsRead, inOrderFrom, type Link, linkColumns, readLinks } from './rowLinks.js';
import { createView, type DuckDB, identifier, quote, tableRelation } from './warehouse.js';

/** A row: its table, the value of its key, and the day of its file ('' in a table without days). */
export type RowPlace = { readonly table: string; readonly key: string; readonly day: string };

/** One table of the chain with the rows of it that the row was made from. */
export type Stage = {
  readonly table: string;
  /** By which columns they were found, of the rows of which table. */
  readonly by: readonly {
    readonly table: string;
    readonly columns: readonly string[];
    readonly rows: number;
  }[];
  /** How many of them were only looked up: what these were made from is no part of the row. */
  readonly beside: number;
  readonly keyColumns: readonly string[];
  /** The key of each row, in order. */
  readonly keys: readonly (readonly string[])[];
};

/** A line that a row of staging was read from. */
export type LinePlace = {
  readonly path: string;
  readonly fileKey: string;
  readonly day: string;
  readonly lineNo: number;
  readonly byteOffset: number;
  readonly byteLength: number;
};

/** What the walk needs to know of the lake. */
export type Lake = {
  readonly folder: string;
  readonly sql: string;
  readonly manifest: Manifest;
  readonly models: ReadonlyMap<string, Model>;
};

/** What a row was made from. */
export type Origins = {
  /** The tables, each after all that are made from it: the row's own first, staging last. */
  readonly stages: readonly Stage[];
  readonly places: readonly LinePlace[];
};

/** The rows of a table that were found, in a temp table; `root` there is the number of the row they were found for. */
type Found = { readonly rows: string; readonly followed: number; readonly days: readonly string[] };

const placeColumns = ['source_path', 'file_key', 'line_no', 'byte_offset', 'byte_length'];

/**
 * The tables that rows of one table were made from, each with exactly those rows, back to staging, and the lines these
 * were read from; in the order of the rows. A table by day is read in the days of the rows only.
 */
export async function traceRows(duckdb: DuckDB, lake: Lake, rows: readonly RowPlace[]): Promise<Origins[]> {
  const { connection } = duckdb;
  const start = rows[0]?.table ?? '';
  const links = await readLinks(connection, lake.sql);
  const found = new Map<string, Found>();
  const stages: Stage[][] = rows.map(() => []);
  for (const table of inOrderFrom(links, start)) {
    const model = lake.models.get(table);
    const built = lake.manifest.tables[table];
    if (model === undefined || built === undefined) continue;
    const used = links.filter(
      (link) => link.source === table && link.link !== null && isFollowed(found, link),
    );
    if (used.length === 0 && table !== start) continue;
    for (const link of used) await openNamed(duckdb, lake, link);
    const keys = model.key.map(identifier).join(', ');
    const matches =
      table === start
        ? [startingRows(lake, built, model, rows)]
        : used.map((link, edge) => matchesOf({ link, edge, keys, built, lake, found }));
    await connection.run(`create or replace temp table matches as
      select ${keys}, day, root, list_sort(list_distinct(list(edge))) as edges, bool_or(followed) as followed
      from (${matches.join(' union all ')}) group by ${keys}, day, root`);
    const days = await rowsOf(connection, 'select distinct day from matches order by day');
    if (days.length === 0) continue;
    const held = await holdRows({ connection, lake, table, built, links, days: days.map(String) });
    found.set(table, held);
    for (const [root, stage] of await stagesOf(connection, { table, model, built, used }))
      stages[root]?.push(stage);
  }
  const places = await placesOf(connection, found);
  return stages.map((list, root) => ({ stages: list, places: places.get(root) ?? [] }));
}

function isFollowed(found: ReadonlyMap<string, Found>, { made }: Link): boolean {
  return (found.get(made)?.followed ?? 0) > 0;
}

function startingRows(lake: Lake, built: Table, model: Model, rows: readonly RowPlace[]): string {
  const [key = ''] = model.key.map(identifier);
  const asked = rows.map((row, root) => `(${root}, ${quote(row.key)}, ${quote(row.day)})`).join(', ');
  const days = rows.map(({ day }) => day);
  const day = built.partitioned ? 'day' : quote('');
  return `select ${key}, ${day} as day, root, 0 as edge, true as followed
    from (${tableRelation(lake.folder, onDays(built, days))}) as source
    join (values ${asked}) as asked (root, asked_key, asked_day)
      on ${key}::varchar = asked_key and ${day} = asked_day`;
}

/** Keeps of the rows in `matches` what links go on from. */
async function holdRows(of: {
  connection: DuckDBConnection;
  lake: Lake;
  table: string;
  built: Table;
  links: readonly Link[];
  days: readonly string[];
}): Promise<Found> {
  const { connection, lake, table, built, links, days } = of;
  const key = lake.models.get(table)?.key ?? [];
  const names = built.columns.map(([column]) => column);
  const columns = new Set([
    ...key,
    ...columnsRead(links, table, names),
    ...(table.startsWith('staging.') ? placeColumns : []),
  ]);
  const rows = identifier(`rows of ${table}`);
  const shared = [...key.map(identifier), ...(built.partitioned ? ['day'] : [])].join(', ');
  await connection.run(`create or replace temp table ${rows} as
    select ${[...columns].map((column) => `source.${identifier(column)}`).join(', ')},
      matches.day, matches.root, matches.followed
    from (${tableRelation(lake.folder, onDays(built, days))}) as source
    join matches using (${shared})`);
  const [counts = []] = await rowsOf(connection, `select count(*) from ${rows} where followed`);
  return { rows, followed: Number(counts[0]), days };
}

/** What `matches` holds, for each row that was asked for. */
async function stagesOf(
  connection: DuckDBConnection,
  { table, model, built, used }: { table: string; model: Model; built: Table; used: readonly Link[] },
): Promise<Map<number, Stage>> {
  const keys = model.key.map(identifier).join(', ');
  const names = built.columns.map(([column]) => column);
  type Draft = Stage & { beside: number; by: Stage['by'][number][]; keys: string[][] };
  const stages = new Map<number, Draft>();
  for (const [root, followed, ...key] of await rowsOf(
    connection,
    `select root, followed, ${keys} from matches order by root, ${keys}`,
  )) {
    const stage: Draft = stages.get(Number(root)) ?? {
      table,
      beside: 0,
      by: [],
      keyColumns: model.key,
      keys: [],
    };
    stages.set(Number(root), stage);
    stage.keys.push(key.map(String));
    if (followed === false) stage.beside += 1;
  }
  for (const [root, edge, rows] of await rowsOf(
    connection,
    `select root, edge, count(*) from (select root, unnest(edges) as edge from matches)
    group by root, edge order by root, edge`,
  )) {
    const link = used[Number(edge)];
    if (link !== undefined)
      stages
        .get(Number(root))
        ?.by.push({ table: link.made, columns: linkColumns(link, names), rows: Number(rows) });
  }
  return stages;
}

/**
 * The rows of a source that a link leads to from those found before, with the number of the link. A link whose condition
 * alone finds them shares no column but is_joined.
 */
function matchesOf(of: {
  link: Link;
  edge: number;
  keys: string;
  built: Table;
  lake: Lake;
  found: ReadonlyMap<string, Found>;
}): string {
  const { link, edge, keys, built, lake, found } = of;
  const reader = found.get(link.made);
  const byDay = built.partitioned && lake.models.get(link.made)?.partitioned === true;
  const relation = tableRelation(lake.folder, byDay ? onDays(built, reader?.days ?? []) : built);
  const day = built.partitioned ? 'day' : quote('');
  return `select ${keys}, ${day} as day, root, ${edge} as edge, ${!link.isBeside} as followed
    from (select *, true as is_joined from (${relation})) as source
    natural join (
      select distinct ${link.link}${byDay ? ', day' : ''}, root, true as is_joined
      from ${reader?.rows} where followed
    ) as made
    where ${link.condition ?? 'true'}`;
}

/** Some days of a table. */
function onDays(table: Table, days: readonly string[]): Table {
  const files = Object.entries(table.files).filter(([day]) => days.includes(day));
  return { ...table, files: Object.fromEntries(files) };
}

/** Makes the tables that a link's condition asks. */
async function openNamed(duckdb: DuckDB, lake: Lake, { condition }: Link): Promise<void> {
  for (const [, name = ''] of condition?.matchAll(/\bfrom (\w+\.\w+)/g) ?? []) {
    const table = lake.manifest.tables[name];
    if (table !== undefined) await createView(duckdb, name, tableRelation(lake.folder, table));
  }
}

/** The lines that rows of staging were read from, for each row that was asked for, in the order of their files. */
async function placesOf(
  connection: DuckDBConnection,
  found: ReadonlyMap<string, Found>,
): Promise<Map<number, LinePlace[]>> {
  const columns = placeColumns.join(', ');
  const lines = [...found].flatMap(([table, { rows }]) =>
    table.startsWith('staging.') ? [`select ${columns}, day, root from ${rows} where followed`] : [],
  );
  const places = new Map<number, LinePlace[]>();
  if (lines.length === 0) return places;
  for (const [root, path, fileKey, lineNo, byteOffset, byteLength, day] of await rowsOf(
    connection,
    `select distinct root, ${columns}, day from (${lines.join(' union all ')})
    order by root, source_path, file_key, byte_offset`,
  )) {
    const list = places.get(Number(root)) ?? [];
    places.set(Number(root), list);
    list.push({
      path: String(path),
      fileKey: String(fileKey),
      day: String(day),
      lineNo: Number(lineNo),
      byteOffset: Number(byteOffset),
      byteLength: Number(byteLength),
    });
  }
  return places;
}

async function rowsOf(connection: DuckDBConnection, sql: string) {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}
