import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { gateRows } from './gateRows.js';
import { type Gate, type GateResult, openGate } from './redaction/gate.js';
import type { PolicySettings } from './redaction/policy.js';
import type { WrittenFile } from './shards.js';
import { linesOf } from './textLines.js';
import { quote } from './warehouse.js';

export type Draft = {
  /** Holds `placed_rows`. */
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly files: readonly WrittenFile[];
};

/** Brings an export before the gate as it is written: each row of its files, and the words beside them by name. */
export async function gateExport(
  settings: PolicySettings,
  draft: Draft,
  words: Readonly<Record<string, string>>,
): Promise<GateResult> {
  const gate = await openGate(settings);
  if (!gate.isOpen) {
    for (const file of draft.files) await gateFile(gate, draft, file.path);
    for (const [table, text] of Object.entries(words)) {
      for (const [index, line] of text.split('\n').entries())
        await gate.text({ table, row: `${index + 1}` }, line);
    }
  }
  return gate.close('nothing was exported');
}

async function gateFile(gate: Gate, { connection, folder }: Draft, path: string): Promise<void> {
  const shard = shardOf(path);
  if (shard === undefined) return;
  const file = join(folder, path);
  const ids = await idsOf(connection, shard);
  const nameOf = (index: number) => ids[index] ?? `${index + 1} of ${path}`;
  if (path.endsWith('.parquet')) {
    await gateRows(gate, {
      connection,
      table: shard.dataset,
      from: `read_parquet(${quote(file)}, file_row_number = true)`,
      row: 'file_row_number',
      nameOf: (row) => nameOf(Number(row)),
    });
    return;
  }
  let index = 0;
  for await (const line of linesOf(file)) {
    await gate.json({ table: shard.dataset, row: nameOf(index) }, line.toString());
    index += 1;
  }
}

type ShardName = { readonly dataset: string; readonly split: string; readonly index: number };

/** What a data file of an export holds, by its name; undefined of any other file. */
function shardOf(path: string): ShardName | undefined {
  const [, dataset = '', split = '', index = ''] = /^(.+)\/([a-z]+)-(\d+)-of-\d+\.\w+$/.exec(path) ?? [];
  return split === '' ? undefined : { dataset, split, index: Number(index) };
}

/** The ids of a data file's rows, in their order: some profiles write none. */
async function idsOf(connection: DuckDBConnection, { dataset, split, index }: ShardName): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `select id from placed_rows where dataset = ${quote(dataset)} and split = ${quote(split)} and shard = ${index}
     order by row_group, place`,
  );
  return reader.getRowsJS().map(([id]) => String(id));
}
