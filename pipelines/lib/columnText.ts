import { runnerColumns, type TableColumn, type Tables, tableOf } from './tables.js';
import { type Branch, drawTree, wrapWords } from './tree.js';

/** The columns of a table, each with what it comes from. */
export function describeColumnSources(columns: readonly TableColumn[], width: number): string[] {
  const indent = Math.max(...columns.map(({ name }) => name.length)) + 4;
  return columns.flatMap((column) =>
    wrapWords(`  ${column.name.padEnd(indent - 2)}${wordsOf(column)}`, indent + 2, width),
  );
}

/** `is core.steps.text`, or `from` the columns it is computed of and `by` those that only decide. */
function wordsOf({ name, sources, conditions, isPassedOn, isUnknown }: TableColumn): string {
  const words = [
    ...(sources.length > 0 ? [isPassedOn ? 'is' : 'from', grouped(sources)] : []),
    ...(conditions.length > 0 ? ['by', grouped(conditions)] : []),
    ...(isUnknown ? [unknownWords] : []),
  ];
  if (words.length > 0) return words.join(' ');
  return runnerColumns.includes(name)
    ? '(written by the runner)'
    : '(of no column: a count of rows or a constant)';
}

const unknownWords = 'unknown: SQL alone does not tell';

/** `core.steps.text, core.turns.{model, position}`. */
function grouped(columns: readonly string[]): string {
  const byTable = new Map<string, string[]>();
  for (const column of columns) {
    const table = tableOf(column);
    byTable.set(table, [...(byTable.get(table) ?? []), column.slice(table.length + 1)]);
  }
  return [...byTable]
    .map(([table, names]) => `${table}.${names.length > 1 ? `{${names.join(', ')}}` : names[0]}`)
    .join(', ');
}

/** One step of a trace: a column and what it comes from. */
export type TraceStep = { readonly column: string } & Pick<
  TableColumn,
  'sources' | 'conditions' | 'isPassedOn' | 'isUnknown'
>;

/** A column and all that its values come from, through all models, each once, the column first. */
export function traceBack(tables: Tables, column: string): TraceStep[] {
  const found = new Map<string, TraceStep>();
  const walk = (name: string) => {
    const known = findIn(tables, name);
    if (found.has(name) || known === undefined) return;
    const { sources, conditions, isPassedOn, isUnknown } = known;
    found.set(name, { column: name, sources, conditions, isPassedOn, isUnknown });
    for (const next of nextOf(known)) walk(next);
  };
  walk(column);
  return [...found.values()];
}

/** The same as a tree. Where a column has no source, it is followed through what decides it. */
export function describeTrace(tables: Tables, column: string, width: number): string[] {
  const drawn = new Set<string>();
  const branch = (name: string, how: string): Branch => {
    const known = findIn(tables, name);
    const next = known ? nextOf(known) : [];
    const isAbove = drawn.has(name) && next.length > 0;
    drawn.add(name);
    return {
      label: `${how}${name}${isAbove ? '  (see above)' : known ? besides(known) : ''}`,
      children: isAbove || !known ? [] : next.map((source) => branch(source, wayOf(known))),
    };
  };
  const { label, children } = branch(column, '');
  return drawTree(label, children, width);
}

/** What else there is to say of a column whose sources stand below it. */
function besides({ sources, conditions, isUnknown }: TableColumn): string {
  const tables = new Set(conditions.map(tableOf));
  const many = `${conditions.length} columns of ${[...tables].join(', ')}`;
  const words = [
    ...(sources.length > 0 && conditions.length > 0
      ? [`by ${conditions.length > 3 ? many : grouped(conditions)}`]
      : []),
    ...(isUnknown ? [unknownWords] : []),
  ];
  return words.length > 0 ? `  (${words.join('; ')})` : '';
}

function wayOf({ sources, isPassedOn }: TableColumn): string {
  return isPassedOn ? 'is ' : sources.length > 0 ? 'from ' : 'by ';
}

function nextOf({ sources, conditions }: TableColumn): readonly string[] {
  return sources.length > 0 ? sources : conditions;
}

function findIn(tables: Tables, column: string): TableColumn | undefined {
  const table = tableOf(column);
  return tables.get(table)?.find(({ name }) => `${table}.${name}` === column);
}
