import type { Config } from '../config.js';
import { gateRows } from './gateRows.js';
import { lakeTables, type TablePlan } from './loadPlan.js';
import type { Manifest } from './manifest.js';
import { readSqlFolder } from './model.js';
import { type GateResult, openGate } from './redaction/gate.js';
import { identifier, openDuckDB, tableRelation } from './warehouse.js';

/** Brings the days that are due, and the rows of tables without days, before the gate before any of them is loaded. */
export async function gateLoad(
  config: Config,
  of: {
    lake: string;
    tables: Manifest['tables'];
    plans: readonly TablePlan[];
    /** Table -> rows, of the tables without days. */
    whole: Readonly<Record<string, readonly object[]>>;
  },
): Promise<GateResult> {
  const { lake, tables, plans, whole } = of;
  const gate = await openGate(config);
  if (!gate.isOpen) {
    const { models } = await readSqlFolder(config.sql);
    const { connection, close } = await openDuckDB({ memoryMb: 500 });
    try {
      for (const { table, replace } of plans) {
        const name = lakeTables[table] ?? '';
        const built = tables[name];
        if (built === undefined || replace.length === 0) continue;
        const key = models.find((model) => model.name === name)?.key ?? [];
        const due = new Set(replace.map(({ day }) => day));
        const files = Object.fromEntries(Object.entries(built.files).filter(([day]) => due.has(day)));
        const values = [...key.map(identifier), ...(built.partitioned ? [`'of day'`, 'day'] : [])];
        await gateRows(gate, {
          connection,
          table,
          // All days at once: a query costs more than most days.
          from: `(${tableRelation(lake, { ...built, files })})`,
          row: `concat_ws(' ', ${["''", ...values].join(', ')})`,
          nameOf: (row) => row.trim(),
        });
      }
    } finally {
      close();
    }
    for (const [table, rows] of Object.entries(whole)) {
      for (const [index, row] of rows.entries())
        await gate.json({ table, row: `${index + 1}` }, JSON.stringify(row));
    }
  }
  return gate.close('nothing was loaded');
}
