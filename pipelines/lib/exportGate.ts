import { join } from 'node:path';
import { type Draft, rowNames, shardOf } from './draftRows.js';
import { gateRows } from './gateRows.js';
import { type Gate, type GateResult, openGate } from './redaction/gate.js';
import type { PolicySettings } from './redaction/policy.js';
import { linesOf } from './textLines.js';
import { quote } from './warehouse.js';

/** Brings an export before the gate as it is written: each row of its files, and the words beside them by name. */
export async function gateExport(
  settings: PolicySettings,
  draft: Draft,
  words: Readonly<Record<string, string>>,
): Promise<GateResult> {
  const gate = await openGate(settings);
  if (!gate.isOpen) {
    for (const { path } of draft.files) await gateFile(gate, draft, path);
    for (const [table, text] of Object.entries(words)) {
      for (const [index, line] of text.split('\n').entries()) {
        await gate.text({ table, row: `${index + 1}` }, line);
      }
    }
  }
  return gate.close('nothing was exported');
}

async function gateFile(gate: Gate, draft: Draft, path: string): Promise<void> {
  const nameOf = await rowNames(draft, path);
  const file = join(draft.folder, path);
  const { dataset: table } = shardOf(path);
  if (path.endsWith('.parquet')) {
    await gateRows(gate, {
      connection: draft.connection,
      table,
      from: `read_parquet(${quote(file)}, file_row_number = true)`,
      row: 'file_row_number',
      nameOf: (row) => nameOf(Number(row)),
    });
    return;
  }
  let index = 0;
  for await (const line of linesOf(file)) {
    await gate.json({ table, row: nameOf(index) }, line.toString());
    index += 1;
  }
}
