import type { Clickhouse } from './clickhouse.js';

/** How many rows a table of the warehouse holds. */
export async function countRows(clickhouse: Clickhouse, table: string): Promise<number> {
  const [count] = await clickhouse.rows<{ rows: string }>(`select count() as rows from ${table}`);
  return Number(count?.rows);
}

/** How many rows of each day a table of the warehouse holds. */
export async function countDays(clickhouse: Clickhouse, table: string): Promise<ReadonlyMap<string, number>> {
  const counted = await clickhouse.rows<{ day: string; rows: string }>(
    `select day, count() as rows from ${table} group by day`,
  );
  return new Map(counted.map(({ day, rows }) => [day, Number(rows)]));
}
