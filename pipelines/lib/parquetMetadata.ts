import type { DuckDBType } from '@duckdb/node-api';
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
  Struct,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  tableToIPC,
  Utf8,
} from 'apache-arrow';
import { duckdbPackage } from './duckdbPackage.js';

const { DuckDBListType, DuckDBStructType } = duckdbPackage;

/** A column to be written: its name and DuckDB type. */
export type TypedColumn = { readonly name: string; readonly type: DuckDBType };

/**
 * Value of the Parquet footer key `ARROW:schema`: what Arrow readers take the columns for, base64 of one IPC message.
 * Without it Polars reads JSON as Binary. JSON is the canonical extension type `arrow.json` over strings.
 */
export function arrowSchema(columns: readonly TypedColumn[]): string {
  const table = new Table(new Schema(columns.map(({ name, type }) => arrowField(name, type))));
  const stream = Buffer.from(tableToIPC(table, 'stream'));
  // A stream is messages: a marker, the length of a message, the message. The first is the schema.
  return stream.subarray(0, 8 + stream.readInt32LE(4)).toString('base64');
}

/** The Arrow field of a DuckDB column; throws where Arrow has no type for it. */
export function arrowField(name: string, type: DuckDBType): Field {
  if (type instanceof DuckDBListType)
    return new Field(name, new List(arrowField('element', type.valueType)), true);
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((entry, index) =>
      arrowField(entry, type.entryTypes[index] as DuckDBType),
    );
    return new Field(name, new Struct(fields), true);
  }
  const text = type.alias ?? String(type);
  const arrow = types[text];
  if (arrow === undefined) throw new Error(`column ${name}: no Arrow type for ${text}`);
  return new Field(name, arrow(), true, text === 'JSON' ? extension : undefined);
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
