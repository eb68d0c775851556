import {
  BLOB,
  BOOLEAN,
  DuckDBBlobValue,
  DuckDBBlobVector,
  DuckDBBooleanVector,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBScalarFunction,
  type DuckDBVector,
} from '@duckdb/node-api';
import { quote } from '../warehouse.js';
import type { Policy } from './policy.js';
import { redactJson } from './redactJson.js';
import { redactText } from './redactText.js';

type Redact = (text: string, tokens: boolean) => string | null;

/**
 * Registers redact_bytes and redact_json_bytes, which sql/macros/redaction.sql wraps: text as UTF-8 in a BLOB in and out
 * (a VARCHAR would end at a NUL) with what may_hold_token says of it, null where nothing was found. Own patterns may find
 * what may_hold_secret does not know, so with them every text is looked at.
 */
export async function registerRedaction(connection: DuckDBConnection, policy: Policy): Promise<void> {
  const register = (name: string, redact: Redact) =>
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: [BLOB, BOOLEAN],
        returnType: BLOB,
        mainFunction: (_info, input, output) => redactChunk(input, output, redact),
      }),
    );
  register('redact_bytes', (text, tokens) => redactText(text, policy, { tokens }));
  register('redact_json_bytes', (text, tokens) => redactJson(text, policy, { tokens }));
  await connection.run(
    `set variable redact = ${quote(policyReach(policy))}; set variable redaction_policy = ${quote(policy.version)}`,
  );
}

/** Which texts are looked at: all, those that may hold what the detectors know, or none. */
function policyReach({ kinds, patterns }: Policy): 'all' | 'likely' | 'none' {
  if (patterns.length > 0) return 'all';
  return kinds.size > 0 ? 'likely' : 'none';
}

function redactChunk(input: DuckDBDataChunk, output: DuckDBVector, redact: Redact): void {
  const [texts, tokens] = [input.getColumnVector(0), input.getColumnVector(1)];
  if (
    !(texts instanceof DuckDBBlobVector) ||
    !(tokens instanceof DuckDBBooleanVector) ||
    !(output instanceof DuckDBBlobVector)
  ) {
    throw new Error('redaction takes a BLOB and whether it may hold tokens, and gives a BLOB');
  }
  for (let row = 0; row < input.rowCount; row++) {
    const bytes = texts.getItemBytes(row);
    const text = bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    const redacted = text === null ? null : redact(text, tokens.getItem(row) !== false);
    output.setItem(row, redacted === null ? null : new DuckDBBlobValue(Buffer.from(redacted)));
  }
  output.flush();
}
