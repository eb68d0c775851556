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
  return readPolicy({ redact: kinds, redactFile: file }, new Uint8Array(32));
}

/** A DuckDB with the redaction macros; `redacted` gives what they make of many texts, in their order. */
export async function openRedaction(policy: Policy) {
  const { connection, close } = await openDuckDB();
  await registerRedaction(connection, policy);
  await connection.run(await readFile(macros, 'utf8'));
  // As hex, there and back: nothing on the way may mend what the macros get wrong.
  const redacted = async (
    macro: 'redacted' | 'redacted_json',
    texts: readonly string[],
  ): Promise<string[]> => {
    const rows = texts.map((text, place) => `(${place}, unhex('${Buffer.from(text).toString('hex')}'))`);
    const value = macro === 'redacted' ? 'decode(bytes)' : 'decode(bytes)::json';
    const reader = await connection.runAndReadAll(
      `select hex(encode(${macro}(${value})::varchar)) from (values ${rows.join(', ')}) as texts(place, bytes) order by place`,
    );
    return reader.getRows().map(([hex]) => Buffer.from(String(hex), 'hex').toString());
  };
  return { connection, redacted, close };
}
