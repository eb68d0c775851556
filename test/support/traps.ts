import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Node, readProject } from '../../pipelines/lib/graph.js';
import { loadMacros } from '../../pipelines/lib/macros.js';
import type { Macro } from '../../pipelines/lib/model.js';
import { kinds } from '../../pipelines/lib/redaction/finding.js';
import { identifier, openDuckDB, rawSources } from '../../pipelines/lib/warehouse.js';
import { rawTable, readRawLines } from './rawLines.js';
import { redactionPolicy } from './redaction.js';

/** One text of the sql folder replaced by another: a rule switched off. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };
/** What a query must give, and the edit (or edits) after which it must give something else. */
export type Case = {
  readonly query: string;
  readonly rows: unknown[][];
  readonly off: Edit | readonly Edit[];
};
/** A folder's trap.json: a case or several, or the name of the test file that has the trap's own test. */
export type Trap = {
  readonly name: string;
  readonly folder: string;
  readonly trap?: number;
  readonly rule: string;
  readonly cases: readonly Case[];
  readonly test?: string;
};

/** Every trap.json below a folder, in name order. */
export async function readTraps(folder: string): Promise<Trap[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('/trap.json'));
  const traps = files.sort().map(async (file) => {
    const { query, rows, off, cases, ...trap } = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const name = file.replace('/trap.json', '');
    return {
      ...trap,
      name,
      folder: join(folder, name),
      cases: cases ?? (query ? [{ query, rows, off }] : []),
    };
  });
  return Promise.all(traps);
}

/** The sql folder in a database that the traps take in turn: models in order with their inputs, and the columns each table has. */
export type Project = {
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly nodes: readonly Node[];
  readonly macros: readonly Macro[];
  /** A SELECT with the table's columns and no row. */
  readonly empty: ReadonlyMap<string, string>;
  /** The tables that have no row at the moment. */
  readonly bare: Set<string>;
  readonly close: () => void;
};

/** Reads the sql folder and runs every model over no lines at all, for the columns. */
export async function openProject(folder: string): Promise<Project> {
  const { connection, close } = await openDuckDB();
  const { nodes, macros } = await readProject(
    connection,
    { sql: folder, redact: kinds, redactFile: null },
    '/nonexistent',
  );
  const models = nodes.filter(({ isCheck }) => !isCheck);
  const empty = new Map<string, string>();
  const bare = new Set<string>();
  await startDatabase(connection, models, macros);
  for (const node of models) {
    if ((await runModel(connection, node)) === 0) bare.add(node.name);
    const columns = await connection.runAndReadAll(`describe ${node.name}`);
    const typed = columns.getRows().map(([name, type]) => `null::${type} as ${identifier(String(name))}`);
    empty.set(node.name, `select ${typed.join(', ')} where false`);
  }
  return { connection, folder, nodes: models, macros, empty, bare, close };
}

/** A trap's log lines, and what is made of them. */
export type TrapRun = {
  /** The rows of a query over the tables its models make. */
  readonly rows: (query: string) => Promise<unknown[][]>;
  /** The same with edits to the sql folder, which are undone afterwards. */
  readonly rowsWith: (query: string, edits: readonly Edit[]) => Promise<unknown[][]>;
};

/** Loads a trap's files as raw rows in the place of the last trap's; models run when a query first needs them. */
export async function openTrap(project: Project, trap: Trap): Promise<TrapRun> {
  const { connection, bare } = project;
  const lines = await readRawLines(trap.folder);
  for (const source of rawSources) await connection.run(rawTable(source, lines));
  // A model gives rows only where one of its inputs has some: most fixtures are one agent's.
  const withRows = new Set(lines.map(({ source }) => `raw.${source}`));
  const run = async (node: Node, filled: Set<string>) => {
    const empty = `create or replace table ${node.name} as ${project.empty.get(node.name)}`;
    const hasInput = node.inputs.some((input) => filled.has(input));
    filled.delete(node.name);
    if (!hasInput && !bare.has(node.name)) await connection.run(empty);
    if (hasInput && (await runModel(connection, node)) > 0) {
      filled.add(node.name);
      bare.delete(node.name);
    } else bare.add(node.name);
  };
  const made = new Set<string>();
  const make = async (query: string) => {
    for (const node of needed(project.nodes, query)) {
      if (made.has(node.name)) continue;
      await run(node, withRows);
      made.add(node.name);
    }
    return read(connection, query);
  };
  return {
    rows: make,
    rowsWith: async (query, edits) => {
      await make(query);
      const { nodes, macros, touched } = await edited(project, edits);
      const changed = new Set<string>();
      const filled = new Set(withRows);
      const bareBefore = [...bare];
      await connection.run('begin');
      try {
        for (const macro of macros) await connection.run(macro);
        for (const node of needed(nodes, query)) {
          if (!touched.has(node.name) && !node.inputs.some((input) => changed.has(input))) continue;
          await run(node, filled);
          changed.add(node.name);
        }
        return await read(connection, query);
      } finally {
        await connection.run('rollback');
        bare.clear();
        for (const name of bareBefore) bare.add(name);
      }
    },
  };
}

/** The models with an edit's text in place, the macro files that it changed, and the models that are not as they were. */
async function edited(project: Project, edits: readonly Edit[]) {
  let { nodes, macros } = project;
  const texts = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const text = texts.get(file) ?? (await readFile(join(project.folder, file), 'utf8'));
    const places = text.split(find).length - 1;
    if (places !== 1)
      throw new Error(`sql/${file}: \`${find}\` occurs ${places} times; name a text that occurs once`);
    const edit = (of: string) => of.replace(find, () => replace);
    texts.set(file, edit(text));
    if (file.startsWith('macros/'))
      macros = macros.map((macro) =>
        text.includes(macro.text) ? { ...macro, text: edit(macro.text) } : macro,
      );
    nodes = nodes.map((node) => (node.file === `sql/${file}` ? { ...node, sql: edit(node.sql) } : node));
  }
  const changed = macros.filter(({ text }, index) => text !== project.macros[index]?.text);
  const touched = nodes.filter(
    ({ sql }, index) => sql !== project.nodes[index]?.sql || usesOne(sql, changed, project.macros),
  );
  return {
    nodes,
    macros: changed.map(({ text }) => text),
    touched: new Set(touched.map(({ name }) => name)),
  };
}

/** True where a text names one of these macros, or one that names it, and so on. */
function usesOne(
  text: string,
  wanted: readonly Macro[],
  macros: readonly Macro[],
  seen = new Set<string>(),
): boolean {
  const words = new Set(text.toLowerCase().match(/\w+/g));
  if (wanted.some(({ name }) => words.has(name))) return true;
  return macros.some((macro) => {
    if (!words.has(macro.name) || seen.has(macro.name)) return false;
    seen.add(macro.name);
    return usesOne(macro.text, wanted, macros, seen);
  });
}

async function startDatabase(connection: DuckDBConnection, nodes: readonly Node[], macros: readonly Macro[]) {
  const layers = new Set(['raw', ...nodes.map(({ name }) => name.split('.')[0] ?? '')]);
  for (const layer of layers) await connection.run(`create schema ${layer}`);
  await loadMacros(connection, macros, await redactionPolicy());
  for (const source of rawSources) await connection.run(rawTable(source, []));
}

/** Makes a table as build does, a model by day drops its `day`, its file's day comes back; gives the number of rows. */
async function runModel(connection: DuckDBConnection, node: Node): Promise<number> {
  const day = node.partitioned || node.split ? `, 'd' as day` : '';
  const reader = await connection.runAndReadAll(
    `create or replace table ${node.name} as
     select columns(name -> name <> 'day')${day} from (\n${node.sql}\n)`,
  );
  return Number(reader.getRowsJS()[0]?.[0]);
}

/** The models that a query's tables come from, in building order. */
function needed(nodes: readonly Node[], query: string): Node[] {
  const names = new Set(query.match(/\b(staging|core|events|datasets)\.\w+/g));
  for (const node of [...nodes].reverse()) {
    if (names.has(node.name)) for (const input of node.inputs) names.add(input);
  }
  return nodes.filter(({ name }) => names.has(name));
}

async function read(connection: DuckDBConnection, query: string): Promise<unknown[][]> {
  const reader = await connection.runAndReadAll(query);
  return reader.getRowsJS().map((row) => row.map(plain));
}

/** A value as trap.json writes it: numbers for all numbers, ISO text for times. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  return value;
}
