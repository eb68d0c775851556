import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/** How the rows of `source` that a row of `made` was made from are found: a row of sql/reports/links.sql. */
export type Link = {
  readonly made: string;
  readonly source: string;
  /** A select list over the row; null where only the absence of rows was looked at. */
  readonly link: string | null;
  readonly condition: string | null;
  /** Its rows were looked up; what they were made from is no part of the row. */
  readonly isBeside: boolean;
};

/** The links of the lake's tables. */
export async function readLinks(connection: DuckDBConnection, sqlFolder: string): Promise<Link[]> {
  const report = 'links';
  const sql = await readFile(join(sqlFolder, 'reports', `${report}.sql`), 'utf8');
  const reader = await connection.runAndReadAll(sql);
  const text = (value: unknown) => (value === null ? null : String(value));
  return reader.getRowObjectsJS().map((row) => ({
    made: String(row.made),
    source: String(row.source),
    link: text(row.link),
    condition: text(row.condition),
    isBeside: row.is_beside === true,
  }));
}

/** The tables that a row of `start` can have rows in, each after all that are made from it; `start` is the first. */
export function inOrderFrom(links: readonly Link[], start: string): string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (table: string): void => {
    if (seen.has(table)) return;
    seen.add(table);
    for (const { made, source, link } of links) if (made === table && link !== null) visit(source);
    order.unshift(table);
  };
  visit(start);
  return order;
}

/** The columns of `columns` that links read of a row of this table. */
export function columnsRead(links: readonly Link[], table: string, columns: readonly string[]): string[] {
  const words = new Set(
    links.filter(({ made }) => made === table).flatMap(({ link }) => link?.match(/\w+/g) ?? []),
  );
  return columns.filter((column) => words.has(column));
}

/** The columns of the source that a link finds its rows by, for people: `session_id, turn_id`. */
export function linkColumns({ link, condition }: Link, columns: readonly string[]): string[] {
  const named = (link ?? '').matchAll(/\bas (\w+)|'(\w+)':|(?:^|, )(\w+)(?=,|$)/g);
  const joined = [...named].map(([, alias, field, plain]) => alias ?? field ?? plain ?? '');
  const asked = condition?.match(/\w+/g) ?? [];
  const ofSource = (words: readonly string[]) => [...new Set(words)].filter((word) => columns.includes(word));
  const found = ofSource(joined);
  return found.length > 0 ? found : ofSource(asked);
}
