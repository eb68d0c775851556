import type { DuckDBConnection } from '@duckdb/node-api';
import type { DatasetManifest } from './exportManifest.js';
import type { Table } from './manifest.js';
import { type Model, sha256 } from './model.js';
import { quote } from './warehouse.js';

/** Tokens of a dataset's placed rows: of the middle one, the 95th percentile and the longest. */
export async function lengths(
  connection: DuckDBConnection,
  dataset: string,
): Promise<DatasetManifest['length']> {
  const reader = await connection.runAndReadAll(
    `select quantile_disc(tokens, 0.5), quantile_disc(tokens, 0.95), max(tokens)
     from placed_rows where dataset = ${quote(dataset)}`,
  );
  const [p50, p95, max] = reader.getRowsJS()[0] ?? [];
  return { p50: Number(p50 ?? 0), p95: Number(p95 ?? 0), max: Number(max ?? 0) };
}

/** Whether a dataset's rows are pairs of a chosen and a rejected answer. */
export function isPairs({ columns }: Table): boolean {
  return ['chosen', 'rejected'].every((name) => columns.some(([column]) => column === name));
}

/** Adds the pairs of the table `rows` to the counts, and those whose chosen side is the longer one. */
export async function countPairs(
  connection: DuckDBConnection,
  counts: { pairs: number; longer: number },
): Promise<void> {
  const reader = await connection.runAndReadAll(
    'select count(*), count(*) filter (where said_length(chosen[1]) > said_length(rejected[1])) from rows',
  );
  const [pairs, longer] = reader.getRowsJS()[0] ?? [];
  counts.pairs += Number(pairs);
  counts.longer += Number(longer);
}

/** The counts as a manifest has them, the share to three places. */
export function longerChosen({ pairs, longer }: { pairs: number; longer: number }) {
  const share = pairs === 0 ? 0 : Math.round((longer / pairs) * 1000) / 1000;
  return { pairs, rows: longer, share };
}

/** SHA-256 of a model's SQL and of the hashes of what it built. */
export function describeModel(
  models: readonly Model[],
  dataset: string,
  table: Table,
): DatasetManifest['model'] {
  const model = models.find(({ name }) => name === `datasets.${dataset}`);
  const files = Object.entries(table.files).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = sha256(files.map(([day, entry]) => `${day} ${entry.sha256}\n`).join(''));
  return { sql: sha256(model?.sql ?? ''), content };
}
