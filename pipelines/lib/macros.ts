import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { lakeFolder } from './lake.js';
import type { Macro } from './model.js';
import { registerRedaction } from './redaction/functions.js';
import { type Policy, readPolicy, redactionKey } from './redaction/policy.js';

/** The policy that the settings put in force, with the key of this lake. */
export async function policyInForce(config: Config): Promise<Policy> {
  const key = await redactionKey(lakeFolder(config));
  return readPolicy({ kinds: config.redact, file: config.redactFile, key });
}

/** Loads the macros of the sql folder, and before them the functions of redaction, which they name. */
export async function loadMacros(
  connection: DuckDBConnection,
  macros: readonly Macro[],
  policy: Policy,
): Promise<void> {
  await registerRedaction(connection, policy);
  for (const { text } of macros) await connection.run(text);
}
