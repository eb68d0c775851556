import type { DuckDBConnection } from '@duckdb/node-api';
import type { Table } from './manifest.js';
import { quote, tableRelation } from './warehouse.js';

/** Rows left out for one reason. */
export type Reason = { readonly rows: number; readonly ids: readonly string[] };

/** What of a dataset was not written, and why. */
export type LeftOut = {
  /** Rows that broke a rule, or that the profile cannot carry. */
  readonly refused: Readonly<Record<string, Reason>>;
  /** Validation and test rows that are too like a train row. */
  readonly withheld: Readonly<Record<string, Reason>>;
  /** Rows that hold text of a benchmark, by its item. */
  readonly contaminated: Readonly<Record<string, Reason>>;
  /** Rows left out because an older day has the same row. */
  readonly copies: number;
};

/** Makes `withheld_rows` of the lake's table, or empty where nothing looked for duplicates. */
export async function readWithheld(connection: DuckDBConnection, lake: string, table: Table | undefined) {
  const rows =
    table === undefined
      ? 'select null::varchar as dataset, null::varchar as id, null::varchar as reason where false'
      : `select dataset, id, min(reason) as reason from (${tableRelation(lake, table)}) group by dataset, id`;
  await connection.run(`create table withheld_rows as ${rows}`);
}

/** Makes the view `clean_rows`: judged rows that hold to the rules, once each, without the withheld. */
export async function cleanRows(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    create view distinct_rows as
      select * from verdicts where refusal is null
      qualify row_number() over (partition by dataset, id order by day) = 1;
    create view withheld_kept as
      select dataset, id, withheld_rows.reason from distinct_rows
      join withheld_rows using (dataset, id)
      where distinct_rows.split in ('validation', 'test');
    create view clean_rows as
      select * from distinct_rows anti join withheld_kept using (dataset, id)`);
}

/** Makes `kept_rows`: clean_rows without those of the table `contaminated_rows`. */
export async function keepRows(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    'create table kept_rows as select * from clean_rows anti join contaminated_rows using (dataset, id)',
  );
}

/** What of a dataset is not in `kept_rows`. */
export async function leftOut(connection: DuckDBConnection, dataset: string): Promise<LeftOut> {
  const of = `dataset = ${quote(dataset)}`;
  const reasons = async (column: string, from: string) => {
    const reader = await connection.runAndReadAll(
      `select ${column}, count(*), list(id order by id) from ${from} where ${of} and ${column} is not null
       group by ${column} order by ${column}`,
    );
    return Object.fromEntries(
      reader
        .getRowsJS()
        .map(([reason, rows, ids]) => [
          String(reason),
          { rows: Number(rows), ids: (ids as unknown[]).map(String) },
        ]),
    );
  };
  const counts = await connection.runAndReadAll(
    `select (select count(*) from verdicts where ${of} and refusal is null) - (select count(*) from distinct_rows where ${of})`,
  );
  return {
    refused: await reasons('refusal', 'verdicts'),
    withheld: await reasons('reason', 'withheld_kept'),
    contaminated: await reasons('item', '(from contaminated_rows semi join clean_rows using (dataset, id))'),
    copies: Number(counts.getRowsJS()[0]?.[0] ?? 0),
  };
}
