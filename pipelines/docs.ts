import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeColumns, silentColumns } from './lib/columnWords.js';
import type { Command } from './lib/command.js';
import { docsIndex } from './lib/docsIndex.js';
import { daysOf } from './lib/graph.js';
import { writeAtomically } from './lib/lake.js';
import { graphOf } from './lib/modelGraph.js';
import { type TableSize, tablePage } from './lib/tablePage.js';
import { readTables, type TablesOfLake } from './lib/tables.js';

/** `tracemill docs`. */
export const command: Command = {
  describe: 'Write a page for every table',
  example: 'tracemill docs --check',
  options: {
    check: {
      type: 'boolean',
      default: false,
      describe: 'Write nothing: list the columns that nothing describes, and fail where there are some',
    },
  },
  run: async ({ check }, { config }) => {
    const found = await readTables(config);
    const silent = silentColumns(found.tables, describeColumns(found.project, found.tables));
    if (check === true) {
      const summary = silent.length > 0 ? silent : ['every column is described'];
      return { summary, json: { silent }, exitCode: silent.length > 0 ? 1 : 0 };
    }
    const { written, removed, pages } = await writePages(join(config.data, 'docs'), pagesOf(found));
    const summary = [
      `docs/README.md in ${config.data}: ${pages} pages, ${written} of them new or changed, ${removed} removed`,
    ];
    if (silent.length > 0)
      summary.push('some columns are not described; `tracemill docs --check` lists them');
    return { summary, json: { pages, written, removed, silent } };
  },
};

/** Pages by their path below the folder. */
function pagesOf({ project, tables, raw }: TablesOfLake): Map<string, string> {
  const words = describeColumns(project, tables);
  const graph = graphOf(project);
  const models = new Map(project.nodes.map((node) => [node.name, node]));
  const rawGrain = 'One row per line of a log, as it was found.';
  const grains = new Map(graph.map(({ name }) => [name, models.get(name)?.grain ?? rawGrain]));
  const sizes = new Map<string, TableSize>();
  const pages = new Map<string, string>();
  for (const [table, columns] of tables) {
    const size = sizeOf({ project, tables, raw }, table);
    sizes.set(table, size);
    const grain = grains.get(table) ?? '';
    const page = { table, grain, model: models.get(table), columns, words, size, graph, grains };
    pages.set(`${table.replace('.', '/')}.md`, tablePage(page));
  }
  return pages.set('README.md', docsIndex(graph, grains, sizes));
}

function sizeOf({ project, raw }: TablesOfLake, table: string): TableSize {
  const days = daysOf(project, table).sort();
  const { rows, bytes } = raw.get(table) ?? {};
  if (rows !== undefined && bytes !== undefined) return { rows, bytes, days };
  const { files = {}, partitioned = false, fingerprint = '' } = project.manifest.tables[table] ?? {};
  const entries = Object.values(files);
  // A model that is split by day has no file where it has no row.
  if (entries.length === 0 && fingerprint === '') return null;
  const sum = (key: 'rows' | 'bytes') => entries.reduce((total, entry) => total + entry[key], 0);
  return { rows: sum('rows'), bytes: sum('bytes'), days: partitioned ? days : null };
}

// By it a page of ours is known from what somebody else put beside them.
const mark = '<!-- written by `tracemill docs` -->\n';

/** Writes what is new or other, each page by renaming a draft, and removes pages of tables that are gone. */
async function writePages(folder: string, pages: ReadonlyMap<string, string>) {
  let written = 0;
  let removed = 0;
  for (const [path, text] of pages) {
    if ((await readPage(join(folder, path))) === mark + text) continue;
    await writeAtomically(join(folder, path), mark + text);
    written += 1;
  }
  for (const path of await readdir(folder, { recursive: true })) {
    if (!/^\w+\/\w+\.md$/.test(path) || pages.has(path)) continue;
    if (!(await readPage(join(folder, path)))?.startsWith(mark)) continue;
    await rm(join(folder, path));
    await rmdir(join(folder, path, '..')).catch(() => {});
    removed += 1;
  }
  return { pages: pages.size, written, removed };
}

async function readPage(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
