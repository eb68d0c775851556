import {
  absent,
  computed,
  type From,
  findColumn,
  nothing,
  type Origin,
  oneOf,
  originOf,
  type Relation,
  type Scope,
  type TracedColumn,
  unknown,
} from './columnOrigins.js';
import { below, part, parts, type Syntax, word, words } from './syntax.js';

/** The names that a query can read: tables by `schema.table`, and common table expressions. */
type Sight = {
  readonly tables: ReadonlyMap<string, readonly string[]>;
  readonly named: ReadonlyMap<string, Relation>;
};

/** The columns of a SELECT; `rest` is of those whose names only binding would tell. */
export type Traced = Pick<Relation, 'columns' | 'rest'>;

/**
 * The columns a SELECT makes, each with the columns of its input tables that its values come from: through common table
 * expressions, joins, unions, subqueries and stars. `tables` are the columns of its inputs. Nothing is bound: a name that
 * the syntax alone does not lead to a column is unknown, never guessed.
 */
export function traceColumns(query: Syntax, tables: ReadonlyMap<string, readonly string[]>): Traced {
  return follow(query, { tables, named: new Map() }, undefined);
}

function follow(query: Syntax, sight: Sight, outer: Scope | undefined): Relation {
  const within = withNamed(query, sight, outer);
  if (query.type === 'SELECT_NODE') return followSelect(query, within, outer);
  const left = follow(part(query, 'left'), within, outer);
  if (query.type === 'RECURSIVE_CTE_NODE') return followRecursion(query, left, within, outer);
  if (query.type !== 'SET_OPERATION_NODE') return { ...empty, rest: unknown };
  const right = follow(part(query, 'right'), within, outer);
  if (query.setop_type === 'EXCEPT') return left;
  return query.setop_type === 'UNION_BY_NAME' ? uniteByName(left, right) : unite(left, right);
}

const empty: Relation = { name: '', schema: '', columns: [] };

/** What a query sees with the expressions of its own WITH. */
function withNamed(query: Syntax, sight: Sight, outer: Scope | undefined): Sight {
  const named = new Map(sight.named);
  for (const entry of parts(part(query, 'cte_map'), 'map')) {
    const value = part(entry, 'value');
    const relation = follow(part(part(value, 'query'), 'node'), { ...sight, named }, outer);
    named.set(word(entry, 'key').toLowerCase(), renamed(relation, words(value, 'aliases')));
  }
  return { ...sight, named };
}

/** Follows WITH RECURSIVE until another round finds no other column. */
function followRecursion(query: Syntax, first: Relation, sight: Sight, outer: Scope | undefined): Relation {
  const name = word(query, 'cte_name').toLowerCase();
  let found = renamed(first, words(query, 'aliases'));
  for (;;) {
    const named = new Map(sight.named).set(name, found);
    const next = unite(found, follow(part(query, 'right'), { ...sight, named }, outer));
    if (JSON.stringify(next) === JSON.stringify(found)) return next;
    found = next;
  }
}

function unite(left: Relation, right: Relation): Relation {
  const rest = restOf(left, right);
  // Where one side has columns without a name, nothing says which of the other's they stand beside.
  if (rest || left.columns.length !== right.columns.length)
    return { ...empty, rest: { ...computed([...left.columns, ...right.columns]), isUnknown: true } };
  const columns = left.columns.map((column, index) => ({
    name: column.name,
    ...oneOf([column, right.columns[index] ?? unknown]),
  }));
  return { ...empty, columns };
}

function uniteByName(left: Relation, right: Relation): Relation {
  const rest = restOf(left, right);
  const only = right.columns.filter(({ name }) => !findColumn(left.columns, name));
  const columns = [...left.columns, ...only].map(({ name }) => {
    const sides = [left, right].map((side) => findColumn(side.columns, name) ?? side.rest ?? absent);
    return { name, ...oneOf(sides) };
  });
  return { ...empty, columns, rest };
}

function restOf(left: Pick<Relation, 'rest'>, right: Pick<Relation, 'rest'>): Origin | undefined {
  return left.rest && right.rest ? oneOf([left.rest, right.rest]) : (left.rest ?? right.rest);
}

function renamed(relation: Relation, names: readonly string[]): Relation {
  const columns = relation.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
  return { ...relation, columns };
}

function followSelect(select: Syntax, sight: Sight, outer: Scope | undefined): Relation {
  const scope = scopeOf(select, sight, outer);
  const columns: TracedColumn[] = [];
  let rest: Origin | undefined;
  for (const item of parts(select, 'select_list')) {
    // A column may read those named before it; those of the FROM come first.
    const own: Scope = { ...scope, outer: { ...scope, from: { relations: [], columns } } };
    if (item.type === 'STAR' && item.columns !== true) {
      const star = followStar(item, scope.from, own);
      columns.push(...star.columns);
      rest = restOf({ rest }, star);
    } else if (below(item, ({ type, columns }) => type === 'STAR' && columns === true).length > 0) {
      rest = unknown;
    } else if (unpacks(item)) {
      rest = restOf({ rest }, { rest: computed([originOf(item, own)]) });
    } else {
      columns.push({ ...originOf(item, own), name: word(item, 'alias') || nameOf(item) });
    }
  }
  return { ...empty, columns, rest };
}

/** unnest() of a struct makes a column of each of its fields; without a name nothing tells it from that of a list. */
function unpacks(item: Syntax): boolean {
  const isRecursive = parts(item, 'children').some(({ alias }) => alias === 'recursive');
  return item.function_name === 'unnest' && (isRecursive || word(item, 'alias') === '');
}

/** The name of a column without `as`; only a plain column keeps one that can be read again. */
function nameOf(item: Syntax): string {
  return item.class === 'COLUMN_REF' ? (words(item, 'column_names').at(-1) ?? '') : '';
}

function followStar(star: Syntax, from: From, scope: Scope): Traced {
  const name = word(star, 'relation_name').toLowerCase();
  const relation = name === '' ? from : from.relations.find((one) => one.name.toLowerCase() === name);
  if (relation === undefined) return { columns: [], rest: unknown };
  const left = new Set([
    ...words(star, 'exclude_list'),
    ...parts(star, 'qualified_exclude_list').map((entry) => word(entry, 'column')),
  ]);
  const replaced = new Map(
    parts(star, 'replace_list').map((entry) => [word(entry, 'key'), part(entry, 'value')]),
  );
  const names = new Map(
    parts(star, 'rename_list').map((entry) => [word(part(entry, 'key'), 'column'), word(entry, 'value')]),
  );
  const columns = relation.columns
    .filter((column) => !left.has(column.name))
    .map((column) => {
      const other = replaced.get(column.name);
      return { ...(other ? originOf(other, scope) : column), name: names.get(column.name) ?? column.name };
    });
  return { columns, rest: relation.rest };
}

function scopeOf(select: Syntax, sight: Sight, outer: Scope | undefined): Scope {
  return {
    from: followFrom(part(select, 'from_table'), sight, outer),
    outer,
    follow: (query, scope) => follow(query, sight, scope),
    within: (query, scope) => scopeOf(query, withNamed(query, sight, scope), scope),
  };
}

function followFrom(table: Syntax, sight: Sight, outer: Scope | undefined): From {
  if (table.type === 'JOIN') return followJoin(table, sight, outer);
  const found = followTable(table, sight, outer);
  const relation = {
    ...renamed(found, words(table, 'column_name_alias')),
    name: word(table, 'alias') || found.name,
  };
  return {
    relations: table.type === 'EMPTY' ? [] : [relation],
    columns: relation.columns,
    rest: relation.rest,
  };
}

function followTable(table: Syntax, sight: Sight, outer: Scope | undefined): Relation {
  switch (table.type) {
    case 'EMPTY':
      return empty;
    case 'BASE_TABLE':
      return readTable(word(table, 'schema_name'), word(table, 'table_name'), sight);
    case 'SUBQUERY':
      return follow(part(part(table, 'subquery'), 'node'), sight, outer);
    case 'EXPRESSION_LIST':
      return followValues(table, constants(sight, outer));
    case 'TABLE_FUNCTION': {
      const origin = computed([originOf(part(table, 'function'), constants(sight, outer))]);
      const names = words(table, 'column_name_alias');
      const columns = names.map((name) => ({ ...origin, name }));
      return { ...empty, columns, rest: names.length > 0 ? undefined : origin };
    }
    default:
      return { ...empty, rest: unknown };
  }
}

function readTable(schema: string, name: string, { tables, named }: Sight): Relation {
  // recurring.x is what a recursive expression x has found so far.
  const expression = schema === '' || schema === 'recurring' ? named.get(name.toLowerCase()) : undefined;
  if (expression) return { ...expression, name };
  const columns = tables.get(`${schema}.${name}`)?.map((column) => ({
    name: column,
    ...nothing,
    sources: [`${schema}.${name}.${column}`],
    isPassedOn: true,
  }));
  return columns ? { name, schema, columns } : { name, schema, columns: [], rest: unknown };
}

/** The rows of VALUES: one relation, a column a place. */
function followValues(table: Syntax, scope: Scope): Relation {
  const rows = Array.isArray(table.values) ? table.values : [];
  const origins = rows.map((row: unknown) =>
    below(row, (node) => 'class' in node).map((item) => originOf(item, scope)),
  );
  const columns = (origins[0] ?? []).map((_, index) => ({
    name: `col${index}`,
    ...oneOf(origins.map((row) => row[index] ?? unknown)),
  }));
  return { ...empty, columns };
}

/** The scope of what stands in a FROM itself: it sees what stands before it. */
function constants(sight: Sight, outer: Scope | undefined): Scope {
  return scopeOf({ from_table: { type: 'EMPTY' } }, sight, outer);
}

function followJoin(join: Syntax, sight: Sight, outer: Scope | undefined): From {
  const left = followFrom(part(join, 'left'), sight, outer);
  const lateral: Scope = { ...constants(sight, outer), from: left };
  const right = followFrom(part(join, 'right'), sight, lateral);
  const type = word(join, 'join_type');
  if (type === 'SEMI' || type === 'ANTI') return left;
  const isShared = ({ name }: TracedColumn) => findColumn(right.columns, name) !== undefined;
  const using =
    join.ref_type === 'NATURAL'
      ? left.columns.filter(isShared).map(({ name }) => name)
      : words(join, 'using_columns');
  const isUsed = ({ name }: TracedColumn) => using.some((one) => one.toLowerCase() === name.toLowerCase());
  const merge = (column: TracedColumn): TracedColumn => {
    const other = findColumn(right.columns, column.name) ?? right.rest ?? nothing;
    const sides = { RIGHT: [other], OUTER: [column, other], FULL: [column, other] }[type] ?? [column];
    return { ...oneOf(sides), name: column.name };
  };
  return {
    relations: [...left.relations, ...right.relations],
    columns: [
      ...left.columns.map((column) => (isUsed(column) ? merge(column) : column)),
      ...right.columns.filter((column) => !isUsed(column)),
    ],
    rest: restOf(left, right),
  };
}
