import { readFile } from 'node:fs/promises';
import type { Kind } from '../../pipelines/lib/redaction/finding.js';
import { registerRedaction } from '../../pipelines/lib/redaction/functions.js';
import { type Policy, readPolicy } from '../../pipelines/lib/redaction/policy.js';
import { openDuckDB } from '../../pipelines/lib/warehouse.js';

const macros = new URL('../../../sql/macros/redaction.sql', import.meta.url);

/** A policy with a key of zeros, so that placeholders are the same in every run. */
export function redactionPolicy(
  options: { kinds?: readonly Kind[]; file?: string | null } = {},
): Promise<Policy> {
  const { kinds = ['credential', 'email', 'ip', 'home'], file = null } = options;
  return readPolicy({ kinds, file, key: new Uint8Array(32) });
}

/** A DuckDB with the redaction macros; `ask` gives the one row of a query with one parameter. */
export async function openRedaction(policy: Policy) {
  const { connection, close } = await openDuckDB();
  await registerRedaction(connection, policy);
  await connection.run(await readFile(macros, 'utf8'));
  const ask = async (sql: string, value: string): Promise<{ text: string; hit: boolean }> => {
    const reader = await connection.runAndReadAll(sql, [value]);
    return reader.getRowObjectsJS()[0] as { text: string; hit: boolean };
  };
  return { connection, ask, close };
}
