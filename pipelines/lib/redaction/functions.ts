import type { DuckDBConnection, DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api';
import { duckdbPackage } from '../duckdbPackage.js';
import { quote } from '../warehouse.js';
import type { Policy } from './policy.js';
import { redactJson, redactWords } from './redactJson.js';

const { BLOB, DuckDBBlobValue, DuckDBBlobVector, DuckDBScalarFunction } = duckdbPackage;

type Redact = (text: string) => string | null;

// Characters of the texts that are remembered; a longer one seldom comes again, and costs as much to remember as to read.
const mostRemembered = 16e6;
const longestRemembered = 4096;

/**
 * Registers redact_bytes and redact_json_bytes, which sql/macros/redaction.sql wraps: text as UTF-8 in a BLOB in and out
 * (a VARCHAR would end at a NUL), null where nothing was found.
 */
export async function registerRedaction(connection: DuckDBConnection, policy: Policy): Promise<void> {
  const register = (name: string, redact: Redact) => {
    const remembering = remember(redact);
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        parameterTypes: [BLOB],
        returnType: BLOB,
        mainFunction: (_info, input, output) => redactChunk(input, output, remembering),
      }),
    );
  };
  register('redact_bytes', (text) => redactWords(text, policy));
  register('redact_json_bytes', (text) => redactJson(text, policy));
  const isIdle = policy.kinds.size === 0 && policy.patterns.length === 0;
  await connection.run(
    `set variable redacts = ${!isIdle}; set variable redaction_policy = ${quote(policy.version)}`,
  );
}

/** Logs say most things more than once: a tool's output as block and as result, a session again in its fork. */
function remember(redact: Redact): Redact {
  const known = new Map<string, string | null>();
  let size = 0;
  return (text) => {
    if (text.length > longestRemembered) return redact(text);
    const before = known.get(text);
    if (before !== undefined) return before;
    const redacted = redact(text);
    if (size > mostRemembered) {
      known.clear();
      size = 0;
    }
    known.set(text, redacted);
    size += text.length;
    return redacted;
  };
}

function redactChunk(input: DuckDBDataChunk, output: DuckDBVector, redact: Redact): void {
  const texts = input.getColumnVector(0);
  if (!(texts instanceof DuckDBBlobVector) || !(output instanceof DuckDBBlobVector)) {
    throw new Error('redaction takes a BLOB and gives a BLOB');
  }
  const { rowCount } = input;
  for (let row = 0; row < rowCount; row++) {
    const bytes = texts.getItemBytes(row);
    const text = bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
    const redacted = text === null ? null : redact(text);
    output.setItem(row, redacted === null ? null : new DuckDBBlobValue(Buffer.from(redacted)));
  }
  output.flush();
}
