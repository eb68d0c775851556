import type { Words } from './columnWords.js';
import { code, markdown, markdownTable } from './markdown.js';
import type { Model } from './model.js';
import { type GraphNode, layerOf } from './modelGraph.js';
import { amount } from './progress.js';
import type { TableColumn } from './tables.js';

/** How much of a table this lake has; `days` are those it has files for, null of a whole one. Null where it is not built. */
export type TableSize = {
  readonly rows: number;
  readonly bytes: number;
  readonly days: readonly string[] | null;
} | null;

/** All that a page is made of. */
export type PageSource = {
  readonly table: string;
  readonly grain: string;
  /** Undefined for a table of raw. */
  readonly model: Model | undefined;
  readonly columns: readonly TableColumn[];
  readonly words: Words;
  readonly size: TableSize;
  readonly graph: readonly GraphNode[];
  /** What one row is, or what is claimed, of every table and claim. */
  readonly grains: ReadonlyMap<string, string>;
};

/** A table's page in Markdown; it lies in the folder of its layer. */
export function tablePage(page: PageSource): string {
  const { table, grain, model, graph, columns, words, grains } = page;
  const { inputs = [] } = graph.find(({ name }) => name === table) ?? {};
  const readers = graph.filter((node) => node.inputs.includes(table));
  const claims = readers.filter(({ isCheck }) => isCheck).map(({ name }) => name);
  const tables = readers.filter(({ isCheck }) => !isCheck).map(({ name }) => name);
  const isInherited = [...(words.get(table)?.values() ?? [])].some(({ from }) => from !== null);
  const reference = (name: string) => `${link(name, table)}: ${markdown(grains.get(name) ?? '')}`;
  const claim = (name: string) => `${markdown(grains.get(name) ?? '')} (${code(sqlFile(name))})`;
  return [
    '[all tables](../README.md)',
    '',
    `# ${table}`,
    '',
    markdown(grain),
    '',
    ...facts(page).map((fact) => `- ${fact}`),
    '',
    '## Columns',
    '',
    ...(isInherited
      ? ['A column with a table in brackets is passed on from it unchanged, with its words.', '']
      : []),
    ...markdownTable(
      ['column', 'type', 'what it holds'],
      columns.map((column) => columnRow(page, column)),
    ),
    ...section('Checks', [...(model ? promisesOf(model) : []), ...claims.map(claim)]),
    ...section('Reads', inputs.map(reference)),
    ...section('Is read by', tables.map(reference)),
    '',
  ].join('\n');
}

/** A link to the page of a table, from the page of another or, without one, from the index. */
export function link(table: string, from?: string): string {
  const [layer = '', name = ''] = table.split('.');
  const path =
    from === undefined
      ? `${layer}/${name}.md`
      : layerOf(from) === layer
        ? `${name}.md`
        : `../${layer}/${name}.md`;
  return `[${table}](${path})`;
}

/** `sql/core/turns.sql` of `core.turns`. */
export function sqlFile(name: string): string {
  return `sql/${name.replace('.', '/')}.sql`;
}

/** Rows, bytes and days in words; `-` where the table is not built. */
export function sizeWords(size: TableSize): { rows: string; bytes: string; days: string } {
  if (size === null) return { rows: '-', bytes: '-', days: '-' };
  const days = size.days === null ? '-' : amount(size.days.length, 'items');
  return { rows: amount(size.rows, 'items'), bytes: amount(size.bytes, 'bytes'), days };
}

function facts({ model, size }: PageSource): string[] {
  const { rows, bytes, days } = sizeWords(size);
  const [first, ...others] = size?.days?.filter((day) => day !== 'unknown') ?? [];
  const range = others.length > 0 ? `, ${first} to ${others.at(-1)}` : '';
  return [
    model
      ? `Made by ${code(model.file)}, ${wayOf(model)}.`
      : 'Written by `tracemill ingest`, every byte of the logs.',
    size === null
      ? 'On this lake: not built.'
      : `On this lake: ${rows} rows, ${bytes}${size.days ? `, days: ${days}${range}` : ''}.`,
  ];
}

function wayOf({ partitioned, split }: Model): string {
  if (partitioned) return 'each day on its own';
  return split ? 'from all days at once, a file a day' : 'from all days at once, one file';
}

function columnRow({ table, model, words }: PageSource, { name, type }: TableColumn): string[] {
  const isGiven = model !== undefined && [...model.key, ...model.notNull].includes(name);
  const told = words.get(table)?.get(name);
  const from = told?.from ? ` (${link(told.from, table)})` : '';
  // In a cell a bar ends it, in code too.
  const typed = code(type).replaceAll('|', '\\|');
  return [code(name), isGiven ? `${typed}, never null` : typed, `${markdown(told?.text ?? '-')}${from}`];
}

function promisesOf({ key, notNull, checks }: Model): string[] {
  const given = [...new Set([...key, ...notNull])];
  return [
    `One row a key: ${key.map(code).join(', ')}.`,
    `Never null: ${given.map(code).join(', ')}.`,
    ...checks.map(code),
  ];
}

function section(title: string, items: readonly string[]): string[] {
  return items.length > 0 ? ['', `## ${title}`, '', ...items.map((item) => `- ${item}`)] : [];
}
