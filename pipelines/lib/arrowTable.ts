import {
  DuckDBBigIntType,
  type DuckDBConnection,
  DuckDBDoubleType,
  DuckDBIntegerType,
  type DuckDBResult,
  DuckDBTimestampType,
  type DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  JSDuckDBValueConverter,
} from '@duckdb/node-api';
import {
  type Data,
  type DataType,
  type Field,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  vectorFromArray,
} from 'apache-arrow';
import { arrowField } from './parquetMetadata.js';
import { identifier } from './warehouse.js';

/**
 * The rows of a query as an Arrow table, a record batch for each chunk of DuckDB. Times keep their microseconds. What Arrow
 * has no exact type for becomes the nearest: HUGEINT and DECIMAL a double, other types their text.
 */
export async function arrowTable(connection: DuckDBConnection, query: string): Promise<Table> {
  const result = await connection.stream(await withArrowTypes(connection, query));
  const schema = new Schema(
    result.columnNames().map((name, index) => arrowField(name, result.columnType(index))),
  );
  return new Table(schema, await readBatches(result, schema));
}

/** The query with the columns that Arrow cannot hold cast. */
async function withArrowTypes(connection: DuckDBConnection, query: string): Promise<string> {
  const prepared = await connection.prepare(query);
  const columns = Array.from({ length: prepared.columnCount }, (_, index) => ({
    name: prepared.columnName(index),
    type: prepared.columnType(index),
  }));
  prepared.destroySync();
  if (columns.every(({ name, type }) => isHeld(name, type))) return query;
  const selected = columns.map(({ name, type }, index) => {
    const target = isHeld(name, type) ? null : nearest(type);
    return `c${index}${target === null ? '' : `::${target}`} as ${identifier(name)}`;
  });
  return `select ${selected.join(', ')} from (${query}) as q(${columns.map((_, index) => `c${index}`).join(', ')})`;
}

function isHeld(name: string, type: DuckDBType): boolean {
  try {
    arrowField(name, type);
    return true;
  } catch {
    return false;
  }
}

function nearest(type: DuckDBType): string {
  if (/^(U?HUGEINT|UBIGINT|BIGNUM|DECIMAL.*)$/.test(String(type))) return 'double';
  if (/^(U?(TINY|SMALL)INT)$/.test(String(type))) return 'integer';
  if (/^UINTEGER$/.test(String(type))) return 'bigint';
  if (/^(DATE|TIMESTAMP.*)$/.test(String(type))) return 'timestamp';
  return 'varchar';
}

async function readBatches(result: DuckDBResult, schema: Schema): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  const types = result.columnTypes();
  for await (const chunk of result) {
    const children = schema.fields.map(({ type }: Field, index: number) => {
      const flat = flatData(types[index] as DuckDBType, type, () => chunk.getColumnValues(index));
      if (flat !== undefined) return flat;
      return vectorFromArray(chunk.convertColumnValues(index, JSDuckDBValueConverter), type).data[0] as Data;
    });
    const data = makeData({
      type: new Struct(schema.fields),
      length: chunk.rowCount,
      nullCount: 0,
      children,
    });
    batches.push(new RecordBatch(schema, data));
  }
  return batches;
}

/** Numbers and times go straight into their buffers; a builder would take ten times as long. */
function flatData(from: DuckDBType, type: DataType, values: () => DuckDBValue[]): Data | undefined {
  if (from instanceof DuckDBBigIntType)
    return fill(type, values(), BigInt64Array, (value) => value as bigint);
  if (from instanceof DuckDBTimestampType)
    return fill(type, values(), BigInt64Array, (value) => (value as DuckDBTimestampValue).micros);
  if (from instanceof DuckDBDoubleType) return fill(type, values(), Float64Array, Number);
  if (from instanceof DuckDBIntegerType) return fill(type, values(), Int32Array, Number);
  return undefined;
}

function fill<T extends BigInt64Array | Float64Array | Int32Array>(
  type: DataType,
  values: DuckDBValue[],
  Buffer: new (length: number) => T,
  convert: (value: DuckDBValue) => T[number],
): Data {
  const data = new Buffer(values.length);
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  for (const [index, value] of values.entries()) {
    if (value === null) nullCount += 1;
    else {
      data[index] = convert(value);
      nullBitmap[index >> 3] = (nullBitmap[index >> 3] ?? 0) | (1 << (index & 7));
    }
  }
  return makeData({ type, length: values.length, nullCount, nullBitmap, data } as Parameters<
    typeof makeData
  >[0]);
}
