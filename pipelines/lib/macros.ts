import type { DuckDBConnection } from '@duckdb/node-api';
import type { Macro } from './model.js';
import { registerRedaction } from './redaction/functions.js';
import type { Policy } from './redaction/policy.js';

/** Loads the macros of the sql folder, and before them the functions of redaction, which they name. */
export async function loadMacros(
  connection: DuckDBConnection,
  macros: readonly Macro[],
  policy: Policy,
): Promise<void> {
  await registerRedaction(connection, policy);
  // All in one go: each run is a way to DuckDB's thread and back.
  if (macros.length > 0) await connection.run(macros.map(({ text }) => text).join('\n;\n'));
}
