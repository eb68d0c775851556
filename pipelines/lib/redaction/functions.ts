import {
  BLOB,
  DuckDBBlobValue,
  DuckDBBlobVector,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBScalarFunction,
  type DuckDBVector,
} from '@duckdb/node-api';
import type { Policy } from './policy.js';
import { redactJson } from './redactJson.js';
import { redactText } from './redactText.js';

/**
 * Registers redact_bytes and redact_json_bytes, which sql/macros/redaction.sql wraps: text as UTF-8 in a BLOB in and out
 * (a VARCHAR would end at a NUL), null where nothing was found. Own patterns may find what may_hold_secret does not know,
 * so with them every text is looked at.
 */
export async function registerRedaction(connection: DuckDBConnection, policy: Policy): Promise<void> {
  const register = (name: string, redact: (text: string) => string | null) =>
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: [BLOB],
        returnType: BLOB,
        mainFunction: (_info, input, output) => redactChunk(input, output, redact),
      }),
    );
  register('redact_bytes', (text) => redactText(text, policy));
  register('redact_json_bytes', (text) => redactJson(text, policy));
  await connection.run(`set variable redact_all = ${policy.patterns.length > 0}`);
}

function redactChunk(
  input: DuckDBDataChunk,
  output: DuckDBVector,
  redact: (text: string) => string | null,
): void {
  const texts = input.getColumnVector(0);
  if (!(texts instanceof DuckDBBlobVector) || !(output instanceof DuckDBBlobVector)) {
    throw new Error('redaction takes a BLOB and gives one');
  }
  for (let row = 0; row < input.rowCount; row++) {
    const bytes = texts.getItemBytes(row);
    const redacted =
      bytes === null ? null : redact(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
    output.setItem(row, redacted === null ? null : new DuckDBBlobValue(Buffer.from(redacted)));
  }
  output.flush();
}
