import { below, part, parts, type Syntax, word, words } from './syntax.js';

/** Where a column's values come from. */
export type Origin = {
  /** Columns of tables as `core.steps.text`, in the order they are met; none for a constant or a count of rows. */
  readonly sources: readonly string[];
  /** Columns that only decide which value it is: conditions of a CASE or FILTER, partitions and orders of a window. */
  readonly conditions: readonly string[];
  /** It is nothing but its source: the one column, or where branches of a union have several, always one of them. */
  readonly isPassedOn: boolean;
  /** Something of it could not be followed; the sources are what is known. */
  readonly isUnknown: boolean;
};

export type TracedColumn = Origin & { readonly name: string };

/** What stands in a FROM under a name; `rest` is of columns that only binding would name. */
export type Relation = {
  readonly name: string;
  readonly schema: string;
  readonly columns: readonly TracedColumn[];
  readonly rest?: Origin | undefined;
};

/** A FROM: what stands in it, and the columns of its `*`, where a join's USING columns stand once. */
export type From = Omit<Relation, 'name' | 'schema'> & { readonly relations: readonly Relation[] };

/** What a name in an expression can mean, and how to follow a query inside of it. */
export type Scope = {
  readonly from: From;
  readonly outer?: Scope | undefined;
  readonly follow: (query: Syntax, outer: Scope) => Relation;
  /** The FROM of a SELECT and its WHERE, for EXISTS, which reads no more. */
  readonly within: (select: Syntax, outer: Scope) => Scope;
};

export const nothing: Origin = { sources: [], conditions: [], isPassedOn: false, isUnknown: false };
export const unknown: Origin = { ...nothing, isUnknown: true };
/** A null is any column's value where there is none, so it leaves a union's other branches what they are. */
export const absent: Origin = { ...nothing, isPassedOn: true };

/** Of a value computed from others, and chosen by `deciding` ones. */
export function computed(origins: readonly Origin[], deciding: readonly Origin[] = []): Origin {
  const sources = new Set(origins.flatMap((origin) => origin.sources));
  const conditions = new Set([
    ...origins.flatMap((origin) => origin.conditions),
    ...deciding.flatMap((origin) => [...origin.sources, ...origin.conditions]),
  ]);
  return {
    sources: [...sources],
    conditions: [...conditions].filter((column) => !sources.has(column)),
    isPassedOn: false,
    isUnknown: [...origins, ...deciding].some(({ isUnknown }) => isUnknown),
  };
}

/** Of a value that is one of several, as in a union. */
export function oneOf(origins: readonly Origin[]): Origin {
  return { ...computed(origins), isPassedOn: origins.every(({ isPassedOn }) => isPassedOn) };
}

/** The column of this name; SQL tells no upper case from lower case. */
export function findColumn(columns: readonly TracedColumn[], name: string): TracedColumn | undefined {
  return columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

/** All that a relation holds, as one value. */
export function whole({ columns, rest }: Pick<Relation, 'columns' | 'rest'>): Origin {
  return computed([...columns, ...(rest ? [rest] : [])]);
}

/** Follows an expression to the columns it reads. What filters rows beside it (WHERE, a join's ON) is no part of it. */
export function originOf(expression: Syntax, scope: Scope): Origin {
  switch (expression.class) {
    case 'COLUMN_REF':
      return resolve(words(expression, 'column_names'), scope);
    case 'CONSTANT':
      return part(expression, 'value').is_null === true ? absent : nothing;
    case 'STAR':
      return originOfStar(expression, scope);
    case 'SUBQUERY':
      return originOfQuery(expression, scope);
    case 'LAMBDA': {
      const names = below(part(expression, 'lhs'), (node) => node.class === 'COLUMN_REF');
      // An item of a list; the list itself is another argument of the function.
      const columns = names.map((node) => ({ ...nothing, name: words(node, 'column_names')[0] ?? '' }));
      return computed([originOf(part(expression, 'expr'), inside(scope, { relations: [], columns }))]);
    }
    case 'CAST':
      // null::varchar is still a null.
      return originOf(part(expression, 'child'), scope) === absent ? absent : derived(expression, scope);
    default:
      return derived(expression, scope);
  }
}

// Of their arguments only the first is the value.
const choosing = ['max_by', 'min_by', 'arg_max', 'arg_min', 'arg_max_null', 'arg_min_null', 'list_filter'];

/** Of an expression with others inside: those that give the value, and those that choose it. */
function derived(expression: Syntax, scope: Scope): Origin {
  const follow = (value: unknown) =>
    below(value, (node) => 'class' in node).map((node) => originOf(node, scope));
  const { children, case_checks: checks, else_expr: other, default_expr: fallback, ...others } = expression;
  const list = Array.isArray(children) ? children : [];
  switch (expression.class) {
    case 'CASE': {
      const cases = parts(expression, 'case_checks');
      const values = cases.map((check) => check.then_expr);
      const conditions = cases.map((check) => check.when_expr);
      return computed(follow([...values, other]), follow(conditions));
    }
    case 'WINDOW':
    case 'FUNCTION': {
      const first = choosing.includes(word(expression, 'function_name')) ? 1 : list.length;
      return computed(
        follow([list.slice(0, first), fallback]),
        follow([list.slice(first), Object.values(others)]),
      );
    }
    default:
      return computed(follow([children, checks, other, fallback, Object.values(others)]));
  }
}

/** A scope within another, as a lambda's or a correlated query's. */
export function inside(outer: Scope, from: From): Scope {
  return { ...outer, from, outer };
}

/** Follows a name: `column`, `relation.column`, `schema.relation.column`, a field of a column, a relation as one value. */
function resolve(names: readonly string[], scope: Scope): Origin {
  const found = lookUp(names, scope);
  const outer = scope.outer ? () => resolve(names, scope.outer as Scope) : () => unknown;
  if (found) return found;
  const { rest } = scope.from;
  if (rest === undefined) return outer();
  // A column that only binding would name, unless the name may also be one from outside.
  return outer().isUnknown ? rest : { ...computed([rest, outer()]), isUnknown: true };
}

function lookUp(names: readonly string[], { from }: Scope): Origin | undefined {
  const [first = '', second, third] = names;
  const isNamed = (relation: Relation, name: string) => relation.name.toLowerCase() === name.toLowerCase();
  const field = (origin: Origin | undefined, depth: number) =>
    origin && names.length > depth ? computed([origin]) : origin;
  const relation = from.relations.find((candidate) => isNamed(candidate, first));
  if (relation && second !== undefined) {
    const column = findColumn(relation.columns, second);
    if (column ?? relation.rest) return field(column, 2) ?? relation.rest;
  }
  if (second !== undefined && third !== undefined) {
    const qualified = from.relations.find(
      (candidate) => candidate.schema === first && isNamed(candidate, second),
    );
    const column = qualified && findColumn(qualified.columns, third);
    if (column) return field(column, 3);
  }
  const column = field(findColumn(from.columns, first), 1);
  return column ?? (relation && names.length === 1 ? whole(relation) : undefined);
}

/** `t.*` or `*` as an argument, as in to_json(t.*); a choice of columns by a condition is not followed. */
function originOfStar(star: Syntax, { from }: Scope): Origin {
  const name = word(star, 'relation_name');
  const relation = name === '' ? from : from.relations.find((candidate) => candidate.name === name);
  if (relation === undefined) return unknown;
  const isChosen = star.columns === true || parts(star, 'replace_list').length > 0;
  return { ...whole(relation), isUnknown: isChosen || whole(relation).isUnknown };
}

/** A query as a value: what it selects; of EXISTS, what its WHERE reads. */
function originOfQuery(expression: Syntax, scope: Scope): Origin {
  const query = part(part(expression, 'subquery'), 'node');
  const left = below(part(expression, 'child'), (node) => 'class' in node);
  const origins = left.map((node) => originOf(node, scope));
  if (!word(expression, 'subquery_type').endsWith('EXISTS'))
    return computed([...origins, whole(scope.follow(query, scope))]);
  if (query.type !== 'SELECT_NODE') return unknown;
  const where = below(part(query, 'where_clause'), (node) => 'class' in node);
  return computed(where.map((node) => originOf(node, scope.within(query, scope))));
}
