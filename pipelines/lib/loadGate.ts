import { join } from 'node:path';
import type { Config } from '../config.js';
import { gateRows } from './gateRows.js';
import { lakeTables, type TablePlan } from './loadPlan.js';
import { readSqlFolder } from './model.js';
import { type GateResult, openGate } from './redaction/gate.js';
import { identifier, openDuckDB, quote } from './warehouse.js';

/** Brings the days that are due, and the rows of tables without days, before the gate before any of them is loaded. */
export async function gateLoad(
  config: Config,
  of: { lake: string; plans: readonly TablePlan[]; whole: Readonly<Record<string, readonly object[]>> },
): Promise<GateResult> {
  const gate = await openGate(config);
  if (!gate.isOpen) {
    const { models } = await readSqlFolder(config.sql);
    const { connection, close } = await openDuckDB({ memoryMb: 500 });
    try {
      for (const { table, replace } of of.plans) {
        const key = models.find(({ name }) => name === lakeTables[table])?.key ?? [];
        const columns = key.map((column) => `${identifier(column)}::varchar`);
        const row = columns.length > 0 ? `concat_ws(' ', ${columns.join(', ')})` : 'file_row_number + 1';
        for (const { day, file } of replace) {
          const from = `read_parquet(${quote(join(of.lake, file))}, file_row_number = true, hive_partitioning = false)`;
          await gateRows(gate, { connection, table: `${table} of day ${day}`, from, row });
        }
      }
    } finally {
      close();
    }
    for (const [table, rows] of Object.entries(of.whole)) {
      for (const [index, row] of rows.entries())
        await gate.json({ table, row: `${index + 1}` }, JSON.stringify(row));
    }
  }
  return gate.close('nothing was loaded');
}
