import type { DuckDBConnection } from '@duckdb/node-api';
import type { Gate } from './redaction/gate.js';
import { identifier } from './warehouse.js';

/** Brings every text of a SELECT's rows before the gate, of lists and structs too; `nameOf` names a row. */
export async function gateRows(
  gate: Gate,
  of: {
    connection: DuckDBConnection;
    table: string;
    /** SQL of a relation. */
    from: string;
    /** SQL of a value of each row that tells it from others. */
    row: string;
    nameOf?: (row: string) => string;
  },
): Promise<void> {
  const { connection, table, from, row, nameOf = (name) => name } = of;
  const described = await connection.runAndReadAll(`describe select * from ${from}`);
  const columns = described
    .getRowsJS()
    .map(([name, type]) => ({ name: identifier(String(name)), type: String(type) }))
    .filter(({ type }) => /VARCHAR|JSON/.test(type));
  if (columns.length === 0) return;
  // As bytes: a text would end at a NUL.
  const values = columns.map(({ name, type }) => `encode(${asText(name, type)})`);
  const result = await connection.stream(
    `select encode((${row})::varchar), ${values.join(', ')} from ${from}`,
  );
  for await (const rows of result.yieldRowsJs()) {
    for (const [key, ...cells] of rows) {
      const place = { table, row: nameOf(decoded(key) ?? '') };
      for (const [index, cell] of cells.entries()) {
        const text = decoded(cell);
        if (text === null) continue;
        if (columns[index]?.type === 'VARCHAR') await gate.text(place, text);
        else await gate.json(place, text);
      }
    }
  }
}

function asText(column: string, type: string): string {
  if (type === 'VARCHAR' || type === 'JSON') return `${column}::varchar`;
  // Far quicker than to_json, which takes the JSON apart.
  if (type === 'JSON[]') return `'[' || array_to_string(${column}::varchar[], ',') || ']'`;
  return `to_json(${column})::varchar`;
}

function decoded(value: unknown): string | null {
  return value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()
    : null;
}
