import type { Clickhouse } from './clickhouse.js';
import type { TablePlan } from './loadPlan.js';
import { countDays, countRows } from './rowCounts.js';

/** A day of a table (null for a table without days) that does not hold what the lake holds. */
export type Difference = {
  readonly table: string;
  readonly day: string | null;
  readonly lake: number;
  readonly warehouse: number;
};

/** Counts every table once more, by day, against the lake. */
export async function reconcile(
  clickhouse: Clickhouse,
  plans: readonly TablePlan[],
  whole: readonly { table: string; rows: number }[],
): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const { table, wanted } of plans) {
    const there = await countDays(clickhouse, table);
    for (const day of [...new Set([...wanted.keys(), ...there.keys()])].sort()) {
      const lake = wanted.get(day) ?? 0;
      const warehouse = there.get(day) ?? 0;
      if (lake !== warehouse) found.push({ table, day, lake, warehouse });
    }
  }
  for (const { table, rows } of whole) {
    const warehouse = await countRows(clickhouse, table);
    if (warehouse !== rows) found.push({ table, day: null, lake: rows, warehouse });
  }
  return found;
}

/** `turns, day 2026-01-01: the lake has 6 rows, the warehouse 5`. */
export function describeDifference({ table, day, lake, warehouse }: Difference): string {
  return `${table}${day === null ? '' : `, day ${day}`}: the lake has ${lake} rows, the warehouse ${warehouse}`;
}
