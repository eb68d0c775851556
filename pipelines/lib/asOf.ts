import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import type { Outcome } from './command.js';
import { utc } from './filters.js';
import { daysOf, hasDays, type Node, type Project, readProject } from './graph.js';
import { lakeFolder, makeFolder, openOwn, publishFiles } from './lake.js';
import { loadMacros } from './macros.js';
import { readOut } from './outFolder.js';
import type { StartProgress } from './progress.js';
import { withPolicy } from './redaction/policyColumn.js';
import {
  createView,
  type DuckDB,
  identifier,
  openWarehouse,
  quote,
  tableRelation,
  writeParquet,
} from './warehouse.js';

/**
 * `build --as-of <time> --out <folder>`: every table of the events layer as it was at a moment, one Parquet file each. Reads
 * what is published, writes nothing into the lake and takes no lock.
 */
export async function foldAsOf(
  args: Readonly<Record<string, unknown>>,
  config: Config,
  startProgress: StartProgress,
): Promise<Outcome> {
  const { asOf, out } = readOptions(args, config);
  const warehouse = await openWarehouse({ config, tables: [] });
  try {
    const { connection } = warehouse;
    const project = await readProject(connection, config, lakeFolder(config));
    const nodes = project.nodes.filter(({ name }) => name.startsWith('events.'));
    await loadMacros(connection, project.macros, project.policy);
    await connection.run(`set variable as_of = timestamp ${quote(asOf)}; create schema made`);
    const progress = startProgress('fold', nodes.length, 'items');
    const days = new Map<string, string[]>();
    for (const node of nodes) {
      days.set(node.name, await foldNode(warehouse, lakeFolder(config), project, days, node));
      progress.add(1);
    }
    progress.end();
    const tables = await writeTables(warehouse, nodes, out);
    const rows = tables.map(({ table, rows }) => [table, rows.toLocaleString('en-US')]);
    return {
      summary: [{ header: ['table', 'rows'], rows }, `as of ${asOf} UTC, written to ${out}`],
      json: { asOf: `${asOf}Z`, out, tables },
    };
  } finally {
    warehouse.close();
  }
}

function readOptions(args: Readonly<Record<string, unknown>>, config: Config): { asOf: string; out: string } {
  const { 'as-of': time, out: folder } = args;
  const problem = (what: string) => new UserError(what, { exitCode: exitCodes.usage });
  if (typeof time !== 'string') throw problem('--out: goes with --as-of only; name a time');
  if (typeof folder !== 'string' || folder === '')
    throw problem('--as-of: writes no lake; name a folder with --out');
  return { asOf: utc('as-of', time), out: readOut(folder, config) };
}

/** Makes `made.<table>` of a model, day by day where it is one of a day; gives the days it has rows of. */
async function foldNode(
  warehouse: DuckDB,
  lake: string,
  project: Project,
  days: ReadonlyMap<string, readonly string[]>,
  node: Node,
): Promise<string[]> {
  const { connection } = warehouse;
  const viewInputs = async (day?: string) => {
    for (const input of node.inputs) {
      const table = project.manifest.tables[input];
      if (days.has(input)) {
        const filter = day === undefined || !hasDays(project, input) ? '' : ` where day = ${quote(day)}`;
        await createView(warehouse, input, `select * from ${madeTable(input)}${filter}`);
      } else if (table !== undefined) await createView(warehouse, input, tableRelation(lake, table, day));
      else throw new UserError(`${input}: not built yet; run \`tracemill build\``);
    }
  };
  const made = madeTable(node.name);
  const { sql } = withPolicy(node, project.policy);
  // The day stands last, as readers of published tables see it.
  const rowsOn = (day: string) =>
    `select columns(lambda name: name <> 'day'), ${day} as day from (\n${sql}\n)`;
  if (node.partitioned) {
    await viewInputs('');
    await connection.run(`create table ${made} as ${rowsOn(quote(''))} limit 0`);
    const inputDays = node.inputs.flatMap((input) => days.get(input) ?? daysOf(project, input));
    for (const day of [...new Set(inputDays)].sort()) {
      await viewInputs(day);
      await connection.run(`insert into ${made} ${rowsOn(quote(day))}`);
    }
  } else {
    await viewInputs();
    await connection.run(`create table ${made} as ${node.split ? rowsOn('day') : `(\n${sql}\n)`}`);
    if (!node.split) return [];
  }
  const reader = await connection.runAndReadAll(`select distinct day from ${made} order by day`);
  return reader.getRows().map(([day]) => String(day));
}

/** A file a table, its rows as the model ordered them, day by day; the files get their names when all are written. */
async function writeTables({ connection }: DuckDB, nodes: readonly Node[], out: string) {
  await makeFolder(out);
  const tables = nodes.map(({ name }) => name.replace('events.', ''));
  const files = tables.map((table) => ({
    draft: join(out, `${table}.parquet.draft`),
    target: join(out, `${table}.parquet`),
  }));
  try {
    for (const { draft } of files) await (await openOwn(draft, 'wx')).close();
    for (const [index, { name }] of nodes.entries()) {
      await writeParquet(connection, `from ${madeTable(name)}`, files[index]?.draft ?? '');
    }
    await publishFiles(files);
  } finally {
    for (const { draft } of files) await rm(draft, { force: true });
  }
  const counts = nodes.map(({ name }) => `(select count(*) from ${madeTable(name)})`);
  const reader = await connection.runAndReadAll(`select ${counts.join(', ')}`);
  const rows = reader.getRows()[0] ?? [];
  return tables.map((table, index) => ({
    table,
    rows: Number(rows[index]),
    file: files[index]?.target ?? '',
  }));
}

function madeTable(name: string): string {
  return `made.${identifier(name.replace('events.', ''))}`;
}
