import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
  type DuckDBValueConverter,
  type JS,
  JSDuckDBValueConverter,
  StatementType,
} from '@duckdb/node-api';
import { UserError } from '../errors.js';

// CREATE makes tables, views and macros in memory, as PIVOT does on its way; SET is for variables.
const reads: readonly StatementType[] = [StatementType.SELECT, StatementType.CREATE, StatementType.SET];

/** Rows of a query as plain values: JSON parsed, whole numbers as numbers (bigint beyond 2^53), times as Dates. */
export async function readRows<T>(
  connection: DuckDBConnection,
  query: string,
  values: Readonly<Record<string, DuckDBValue>> = {},
): Promise<T[]> {
  const prepared = await prepareQuery(connection, query);
  try {
    prepared.bind({ ...values });
    const reader = await prepared.runAndReadAll();
    const names = reader.deduplicatedColumnNames();
    // Of the columns only the result knows which are JSON; its rows do not.
    const types = reader.columnTypes();
    return reader
      .getRows()
      .map((row) =>
        Object.fromEntries(
          row.map((value, index) => [names[index], plain(value, types[index] as DuckDBType, plain)]),
        ),
      ) as T[];
  } finally {
    prepared.destroySync();
  }
}

/** The last statement of a query, prepared; those before it are run. Throws a UserError for what could write a file. */
export async function prepareQuery(
  connection: DuckDBConnection,
  query: string,
): Promise<DuckDBPreparedStatement> {
  const code = query.replaceAll(/--.*$/gm, '');
  if (/^[\s;]*$/.test(code)) throw new UserError('query: is empty; write a SELECT');
  // DuckDB makes the folder of this one when it is only prepared.
  if (/(^|;)\s*export\s+database\b/i.test(code)) throw writes('EXPORT');
  const statements = await connection.extractStatements(query);
  for (let index = 0; ; index += 1) {
    const prepared = await statements.prepare(index);
    const type = prepared.statementType;
    if (!reads.includes(type)) {
      prepared.destroySync();
      throw writes(StatementType[type] ?? 'statement');
    }
    if (index === statements.count - 1) return prepared;
    await prepared.run();
    prepared.destroySync();
  }
}

function writes(statement: string): UserError {
  return new UserError(
    `${statement}: could write into the lake, which is only read here; ask with SELECT, and keep what you make with \`create temp table\``,
  );
}

/** A value of DuckDB as JSON.parse and a person would have it. */
const plain: DuckDBValueConverter<JS> = (value, type, converter) => {
  const found = JSDuckDBValueConverter(value, type, converter);
  if (typeof found === 'bigint') return Number.isSafeInteger(Number(found)) ? Number(found) : found;
  return typeof found === 'string' && isJson(type) ? parsed(found) : found;
};

function isJson(type: DuckDBType): boolean {
  return type.alias === 'JSON';
}

function parsed(text: string): JS {
  try {
    return JSON.parse(text) as JS;
  } catch {
    // Two things that DuckDB takes for JSON and JSON.parse does not: a comma at the end, and NaN.
    return text;
  }
}
