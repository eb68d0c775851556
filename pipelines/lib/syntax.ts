import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { quote } from './warehouse.js';

/** A node of the syntax tree that DuckDB's own parser gives: a query, a table, an expression. */
export type Syntax = { readonly [key: string]: unknown };

/** The trees of SELECTs, parsed at once without binding them; a UserError names the line that is none. */
export async function parseSelects(
  connection: DuckDBConnection,
  models: readonly { readonly sql: string; readonly file: string }[],
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
