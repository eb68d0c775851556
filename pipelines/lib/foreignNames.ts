import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import type { Manifest } from './manifest.js';

/** True for a path below the folder it is to be joined to: what a file names must not make us read or remove another's. */
export function isBelow(path: unknown): path is string {
  if (typeof path !== 'string' || path === '' || path.startsWith('/') || path.includes('\0')) return false;
  return !path.includes('..') || !path.split(/[/\\]/).some((part) => part === '..');
}

/** What in a manifest no build has written, in words; null where all of it may be used as paths and in SQL. */
export function foreignPart({ tables, checks }: Manifest): string | null {
  if (!isObject(tables) || !isObject(checks)) return 'has no tables or checks';
  for (const [name, table] of Object.entries(tables)) {
    if (!/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(name)) return 'names a table that no model makes';
    if (!isObject(table) || !isObject(table.files) || !Array.isArray(table.columns))
      return `has no files or columns of ${name}`;
    if (!table.columns.every(isColumn)) return `gives a column of ${name} a type that is none`;
    const files = Object.values(table.files).map((entry) => entry?.file);
    if (!files.every(isBelow)) return `names a file of ${name} that is not below the lake`;
  }
  return null;
}

/** Refuses a log of commits that names a raw file outside of the lake: such files are read, and after a merge removed. */
export async function refuseForeignFiles(connection: DuckDBConnection): Promise<void> {
  const reader = await connection.runAndReadAll(`
    with named as (
      select unnest(raw_files) as file from commits
      union all
      -- Of a range that was purged they are no files but what became of it.
      select unnest(replaces) from commits where op = 'merge' or (op = 'purge' and file_key is null)
    )
    select 1 from named
    where file is null or file = '' or file[1] = '/' or list_contains(string_split(file, '/'), '..') limit 1`);
  const [row] = reader.getRows();
  if (row === undefined) return;
  throw new UserError(
    'lake/commits: one of them names a file that is not below the lake; restore them from a backup',
  );
}

/** A name and a type of DuckDB: words, then what is in one pair of brackets, then [] or more; never the end of an expression. */
function isColumn(column: unknown): boolean {
  if (!Array.isArray(column) || typeof column[0] !== 'string' || typeof column[1] !== 'string') return false;
  const [, inner] = /^[A-Z][A-Z0-9_]*(?:\((.*)\))?(?:\[\d*\])*$/s.exec(column[1]) ?? ['', undefined];
  if (inner === undefined) return /^[A-Z][A-Z0-9_]*(?:\[\d*\])*$/.test(column[1]);
  // Quoted names may hold anything; of the rest no bracket may close what the type has opened.
  let depth = 0;
  for (const character of inner.replaceAll(/"(?:[^"]|"")*"/g, '')) {
    if (!/[\w ,()[\]]/.test(character)) return false;
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
