import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { quote } from './warehouse.js';

/** A node of the syntax tree that DuckDB's own parser gives: a query, a table, an expression. */
export type Syntax = { readonly [key: string]: unknown };

/** A SELECT and the file it stands in. */
export type Select = { readonly sql: string; readonly file: string };

/** The trees of SELECTs, parsed at once without binding them; a UserError names the line that is none. */
export async function parseSelects(
  connection: DuckDBConnection,
  models: readonly Select[],
): Promise<Syntax[]> {
  const texts = models.map(({ sql }) => quote(sql)).join(', ');
  const reader = await connection.runAndReadAll(`select json_serialize_sql(unnest([${texts}]::varchar[]))`);
  const rows = reader.getRows();
  return models.map(({ sql, file }, index) => {
    const parsed = JSON.parse(String(rows[index]?.[0]));
    if (parsed.error === true) {
      const line = sql.slice(0, Number(parsed.position ?? 0)).split('\n').length;
      throw new UserError(`${file}:${line}: ${parsed.error_message}; write one SELECT`);
    }
    return parsed.statements[0].node;
  });
}

// Of the SELECTs that this process has parsed: one that reads the sql folder often parses each once.
const known = new Map<string, readonly string[]>();

/** SQL -> the tables that it reads, by DuckDB's own parser. */
export async function inputsOf(connection: DuckDBConnection, models: readonly Select[]) {
  const unknown = models.filter(({ sql }) => !known.has(sql));
  const trees = unknown.length === 0 ? [] : await parseSelects(connection, unknown);
  for (const [index, { sql }] of unknown.entries()) known.set(sql, tablesIn(trees[index] ?? {}));
  return known;
}

/** The tables that a SELECT names, with their schema (a bare name is a CTE). */
function tablesIn(tree: Syntax): string[] {
  const inputs = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const node = value as Record<string, unknown>;
    // recurring.x is what a recursive CTE x has found so far.
    if (node.type === 'BASE_TABLE' && node.schema_name && node.schema_name !== 'recurring')
      inputs.add(`${node.schema_name}.${node.table_name}`);
    Object.values(node).forEach(visit);
  };
  visit(tree);
  return [...inputs].sort();
}

/** The word under a key, '' where there is none. */
export function word(node: Syntax, key: string): string {
  const value = node[key];
  return typeof value === 'string' ? value : '';
}

/** The node under a key, an empty one where there is none. */
export function part(node: Syntax, key: string): Syntax {
  const value = node[key];
  return isSyntax(value) ? value : {};
}

/** The nodes of the list under a key. */
export function parts(node: Syntax, key: string): Syntax[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter(isSyntax) : [];
}

/** The words of the list under a key. */
export function words(node: Syntax, key: string): string[] {
  const value = node[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The nearest nodes below a value of which `isWanted` is true. */
export function below(value: unknown, isWanted: (node: Syntax) => boolean): Syntax[] {
  if (Array.isArray(value)) return value.flatMap((item) => below(item, isWanted));
  if (!isSyntax(value)) return [];
  return isWanted(value) ? [value] : Object.values(value).flatMap((item) => below(item, isWanted));
}

function isSyntax(value: unknown): value is Syntax {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
