import type { Failure } from './checks.js';
import { diskRefusal } from './diskError.js';
import { type Model, sha256 } from './model.js';

// What DuckDB puts before ` Error: `; anything else in that place is no word of DuckDB.
const kinds =
  /^(Binder|Catalog|Parser|Conversion|Invalid Input|Invalid Type|Mismatch Type|Out of Range|Out of Memory|IO|Constraint|Dependency|Serialization|TransactionContext|Not implemented|Permission|INTERRUPT|Sequence|Settings|Syntax|FATAL|INTERNAL) Error: /;

/** `Conversion` of an error of DuckDB; null for any other error. */
export function duckdbKind(error: unknown): string | null {
  return error instanceof Error ? (kinds.exec(error.message)?.[1] ?? null) : null;
}

/** A model that failed over a day's rows; throws what is no error of its query, as what the disk refuses. */
export function failedQuery(
  error: unknown,
  { name, sql }: Pick<Model, 'name' | 'sql'>,
  day: string,
): Failure {
  const rule = queryFailure(error, sql);
  // A full disk is no fault of the model that met it first.
  if (rule === null || (duckdbKind(error) === 'IO' && diskRefusal(error) !== undefined)) throw error;
  return { model: name, day, rule, rows: 0, examples: [] };
}

/**
 * What DuckDB said of a query that failed over rows, without the rows it quotes: the kind of the error and, of the SQL it
 * points at, what stands in the model's own text. Null where it is no error of the query.
 */
export function queryFailure(error: unknown, sql: string): string | null {
  const kind = duckdbKind(error);
  if (kind === null) return null;
  const quoted =
    /\nLINE \d+: (?:\.\.\.)?(.+?)(?:\.\.\.)?\n/.exec((error as Error).message)?.[1]?.trim() ?? '';
  return quoted.length > 3 && sql.includes(quoted) ? `${kind} Error at \`${quoted}\`` : `${kind} Error`;
}

/** What DuckDB said of a query that was only bound: no row was read, so its words are of the SQL. Null for other errors. */
export function bindFailure(error: unknown): string | null {
  return duckdbKind(error) === null ? null : ((error as Error).message.split('\n')[0] ?? null);
}

/**
 * A row's columns that place it, as words. Ids that programs and logs made up may hold anything, so one that is no number, hash,
 * UUID or table shows as its hash.
 */
export function rowKeys(row: Readonly<Record<string, unknown>>): string {
  return Object.entries(row)
    .filter(([name]) => /(^|_)(id|hash|key|offset|no|day|position)$|^(source_path|table_name)$/.test(name))
    .map(([name, value]) => `${name}=${name === 'source_path' ? String(value) : keyText(value)}`)
    .join(' ');
}

function keyText(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  const isPlain =
    /^([0-9a-f]{8}[0-9a-f-]{8,56}([#@][\d.#]{1,24})?|\d{4}-\d\d-\d\d|unknown|(staging|core|events)\.[a-z_]{1,40})?$/.test(
      value,
    );
  return isPlain ? value : `(sha256 ${sha256(value, 12)})`;
}
