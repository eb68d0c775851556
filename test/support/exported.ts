import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type ExportOptions, exportDatasets } from '../../pipelines/export.js';
import type { ExportManifest } from '../../pipelines/lib/exportManifest.js';
import type { ExportResult } from '../../pipelines/lib/exportSummary.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import type { TestLake } from './lake.js';
import type { Row } from './trainingSets.js';

/** Exports a test's lake, everything in the default shape unless told. */
export async function run(lake: TestLake, options: Partial<ExportOptions> = {}): Promise<ExportResult> {
  return exportDatasets({
    config: lake.config,
    progress: silentProgress,
    now: new Date('2026-06-01'),
    filters: {},
    datasets: null,
    profile: 'trl',
    jsonl: false,
    out: join(lake.config.data, 'exports'),
    ...options,
  });
}

export async function manifestOf({ folder }: ExportResult): Promise<ExportManifest & { version: string }> {
  return JSON.parse(await readFile(join(folder ?? '', 'manifest.json'), 'utf8'));
}

/** Rows of a Parquet file as the second reader, which shares no code with DuckDB, sees them, and its metadata. */
export async function readParquet(path: string) {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  return { metadata, rows: (await parquetReadObjects({ file, metadata, compressors })) as Row[] };
}

/** A dataset's rows, file after file, as JSON values: times as ISO text, 64-bit integers as numbers. */
export async function rowsOf(exported: ExportResult, dataset: string, split?: string): Promise<Row[]> {
  const splits = exported.datasets[dataset]?.splits ?? {};
  const files = Object.entries(splits)
    .filter(([name]) => split === undefined || name === split)
    .flatMap(([, { files }]) => files);
  const read = files.map(async (file) => {
    const path = join(exported.folder ?? '', file);
    if (file.endsWith('.parquet')) return (await readParquet(path)).rows;
    const lines = (await readFile(path, 'utf8')).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
  });
  return (await Promise.all(read)).flat().map((row) => asJson(row) as Row);
}

function asJson(value: unknown): unknown {
  // hyparquet gives a null list inside a struct as undefined.
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, asJson(entry)]));
}
