import { exitCodes } from '../errors.js';
import type { Outcome } from './command.js';
import type { TablePlan } from './loadPlan.js';
import type { WholeResult } from './loadWhole.js';
import { amount } from './progress.js';
import { type Difference, describeDifference } from './reconcile.js';
import { describeGate, type GateResult } from './redaction/gate.js';

export type LoadResult = {
  /** The server, without user and password, or `lake/clickhouse`. */
  readonly warehouse: string;
  readonly version: string;
  readonly database: string;
  /** Files of sql/clickhouse that this run applied. */
  readonly applied: readonly string[];
  readonly tables: readonly TableResult[];
  /** Tables that the lake does not have yet. */
  readonly left_out: readonly string[];
  readonly gate: GateResult;
  readonly differences: readonly Difference[];
  readonly ms: number;
};

export type TableResult = {
  readonly table: string;
  /** Days (or the whole of a table without days) that were replaced, dropped, and left as they stood. */
  readonly loaded: number;
  readonly dropped: number;
  readonly current: number;
  /** Rows that were moved, and bytes of their Parquet. */
  readonly rows: number;
  readonly bytes: number;
};

/** What a plan of days comes to. */
export function dayResult({ table, replace, drop, wanted }: TablePlan): TableResult {
  return {
    table,
    loaded: replace.length,
    dropped: drop.length,
    current: wanted.size - replace.length,
    rows: replace.reduce((sum, { rows }) => sum + rows, 0),
    bytes: replace.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** What the load of a table without days comes to. */
export function wholeResult({ table, replaced, rows }: WholeResult): TableResult {
  const moved = replaced ? rows : 0;
  return { table, loaded: replaced ? 1 : 0, dropped: 0, current: replaced ? 0 : 1, rows: moved, bytes: 0 };
}

/** A line a table, then what differs. */
export function describeLoad(result: LoadResult): Outcome {
  const { warehouse, version, database, applied, tables, left_out: leftOut, gate, differences, ms } = result;
  const width = Math.max(...tables.map(({ table }) => table.length));
  const lines = tables.map(({ table, loaded, dropped, current, rows }) => {
    const counts = Object.entries({ loaded, dropped, 'up to date': current }).filter(
      ([, count]) => count > 0,
    );
    const parts = counts.map(([what, count]) => `${amount(count, 'items')} ${what}`);
    return `${table.padEnd(width)}  ${parts.join(', ') || 'empty'}${rows > 0 ? `; ${amount(rows, 'items')} rows` : ''}`;
  });
  const missing = leftOut.length > 0 ? [`not built yet, left out: ${leftOut.join(', ')}`] : [];
  const made = applied.length > 0 ? `; ${applied.length} SQL files applied` : '';
  const wrong = differences.map(describeDifference);
  return {
    summary: [
      ...lines,
      ...missing,
      describeGate(gate),
      ...wrong,
      ...(wrong.length > 0 ? ['run `tracemill load --full` to load every day again'] : []),
      `load into ${database} of ${warehouse} (ClickHouse ${version}) took ${(ms / 1000).toFixed(1)} s${made}`,
    ],
    json: result,
    ...(wrong.length > 0 ? { exitCode: exitCodes.failed } : {}),
  };
}
