import {
  Bool,
  type DataType,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Schema,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  tableToIPC,
  Utf8,
} from 'apache-arrow';
import type { Column } from './manifest.js';

/**
 * Value of the Parquet footer key `ARROW:schema`: what Arrow readers take the columns for, base64 of one IPC message.
 * Without it Polars reads JSON as Binary. JSON is the canonical extension type `arrow.json` over strings.
 */
export function arrowSchema(columns: readonly Column[]): string {
  const table = new Table(new Schema(columns.map(([name, type]) => field(name, type))));
  const stream = Buffer.from(tableToIPC(table, 'stream'));
  // A stream is messages: a marker, the length of a message, the message. The first is the schema.
  return stream.subarray(0, 8 + stream.readInt32LE(4)).toString('base64');
}

function field(name: string, type: string): Field {
  if (type.endsWith('[]')) return new Field(name, new List(field('element', type.slice(0, -2))), true);
  const arrow = types[type];
  if (arrow === undefined) throw new Error(`column ${name}: no Arrow type for ${type}`);
  return new Field(name, arrow(), true, type === 'JSON' ? extension : undefined);
}

const types: Record<string, () => DataType> = {
  VARCHAR: () => new Utf8(),
  JSON: () => new Utf8(),
  BOOLEAN: () => new Bool(),
  INTEGER: () => new Int32(),
  BIGINT: () => new Int64(),
  FLOAT: () => new Float32(),
  DOUBLE: () => new Float64(),
  TIMESTAMP: () => new TimestampMicrosecond(),
  TIMESTAMP_MS: () => new TimestampMillisecond(),
};

const extension = new Map([
  ['ARROW:extension:name', 'arrow.json'],
  ['ARROW:extension:metadata', ''],
]);
