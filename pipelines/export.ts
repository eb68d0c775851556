import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { profiles } from './formats/all.js';
import { datasetCard, loadingsOf } from './lib/card.js';
import type { Derived } from './lib/clusterDatasets.js';
import { checkClusterNames } from './lib/clusterModels.js';
import type { Command } from './lib/command.js';
import { diskError } from './lib/diskError.js';
import { eventRange } from './lib/eventRange.js';
import { gateExport } from './lib/exportGate.js';
import { type ExportManifest, tokenizer } from './lib/exportManifest.js';
import { planExport } from './lib/exportPlan.js';
import { recordExport, sweepExportDrafts } from './lib/exportRecord.js';
import { type ExportTask, writeDatasets } from './lib/exportRows.js';
import { describeExport, type ExportResult } from './lib/exportSummary.js';
import { type Filters, filterOptions, readFilters } from './lib/filters.js';
import { noteExportRows } from './lib/forgottenRows.js';
import { lakeFolder, makeFolder } from './lib/lake.js';
import { withLock } from './lib/lock.js';
import { loadMacros } from './lib/macros.js';
import { readManifest } from './lib/manifest.js';
import { readSqlFolder } from './lib/model.js';
import { readOut } from './lib/outFolder.js';
import type { Profile } from './lib/profile.js';
import type { StartProgress } from './lib/progress.js';
import { publishExport, writeExtras } from './lib/publication.js';
import { readPolicy } from './lib/redaction/policy.js';
import { describeBenchmarks, selectRows } from './lib/rowSelection.js';
import { scannerNames, scanWith } from './lib/scanWith.js';
import { ownVersion } from './lib/version.js';
import { openDuckDB } from './lib/warehouse.js';

/** `tracemill export`. */
export const command: Command = {
  describe: 'Write the training sets as a versioned, self-describing export',
  example: 'tracemill export --dataset sft --since 2026-05-01',
  options: {
    dataset: {
      type: 'string',
      array: true,
      describe: 'Only these datasets (sft, preference …); all but training_examples by default',
    },
    profile: {
      type: 'string',
      choices: profiles.map(({ name }) => name),
      default: 'trl',
      describe: 'Shape of the files',
    },
    jsonl: { type: 'boolean', default: false, describe: 'Write JSONL beside the Parquet' },
    out: { type: 'string', describe: 'Folder for exports; exports/ in the data folder by default' },
    decontaminate: {
      type: 'string',
      array: true,
      describe: 'Leave out rows that hold text of these benchmark files',
    },
    engine: {
      type: 'string',
      choices: ['duckdb', 'clickhouse'],
      default: 'duckdb',
      describe: 'Take what build derived, or derive sft, preference and reward in ClickHouse',
    },
    'scan-with': {
      type: 'string',
      choices: scannerNames,
      describe: 'Have this program, where it is installed, look for secrets too before anything is published',
    },
    ...filterOptions,
  },
  run: async (args, { config, progress, now }) => {
    const result = await exportDatasets({
      config,
      progress,
      now: now(),
      filters: readFilters(args),
      datasets: (args.dataset as string[] | undefined) ?? null,
      profile: String(args.profile ?? 'trl'),
      jsonl: args.jsonl === true,
      out: readOut(String(args.out ?? join(config.data, 'exports')), config),
      decontaminate: (args.decontaminate as string[] | undefined) ?? [],
      inCluster: args.engine === 'clickhouse',
      scanWith: args.scanWith === undefined ? null : String(args.scanWith),
    });
    return describeExport(result);
  },
};

export type ExportOptions = {
  config: Config;
  progress: StartProgress;
  /** Stands in the record of the export only. */
  now: Date;
  filters: Filters;
  /** Names below `datasets.`; null for all. */
  datasets: readonly string[] | null;
  profile: string;
  jsonl: boolean;
  /** Absolute path of the folder that holds the versions. */
  out: string;
  /** Files of benchmark items whose text no row may hold. */
  decontaminate?: readonly string[];
  /** Derive the datasets in the ClickHouse that the lake is loaded into. */
  inCluster?: boolean;
  /** A program that looks for secrets too. */
  scanWith?: string | null;
};

/** Writes the datasets of the lake into a folder named by its content; the same content is written once. */
export function exportDatasets(options: ExportOptions): Promise<ExportResult> {
  return exportInto(options).catch((error) => {
    throw diskError(error, options.out, 'exports') ?? error;
  });
}

async function exportInto(options: ExportOptions): Promise<ExportResult> {
  const { config, out } = options;
  const profile = profiles.find(({ name }) => name === options.profile);
  if (profile === undefined) {
    const known = profiles.map(({ name }) => name).join(', ');
    throw new UserError(`--profile ${options.profile}: unknown; use ${known}`, { exitCode: exitCodes.usage });
  }
  const lake = lakeFolder(config);
  if (options.inCluster !== true) {
    const { tables } = await readManifest(lake);
    return writeExport(options, profile, { lake, tables, code: {} });
  }
  checkClusterNames(options.datasets);
  await makeFolder(out);
  const folder = join(out, `.draft-${process.pid}.derived`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const { deriveDatasets } = await import('./lib/clusterDatasets.js');
  try {
    // Under the lock, so that no load changes what the models read between one and the next.
    const derived = await withLock(config, 'export', () => deriveDatasets({ ...options, lake, folder }));
    return await writeExport(options, profile, derived);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The tables to export, below `lake`; `models` where others than the lake's made them, `code` what they were made with. */
type Source = Pick<Derived, 'lake' | 'tables' | 'code'> & Partial<Derived>;

async function writeExport(options: ExportOptions, profile: Profile, source: Source): Promise<ExportResult> {
  const { config, out, filters, jsonl, decontaminate = [] } = options;
  const { lake, tables } = source;
  const { datasets, omitted } = planExport(tables, profile, options.datasets);
  const benchmarks = await describeBenchmarks(decontaminate);
  await makeFolder(out);
  await sweepExportDrafts(out, lake);
  const draft = join(out, `.draft-${process.pid}`);
  const spill = `${draft}.spill`;
  // Not recursive: in a folder that all may write to, what stands there already is not ours.
  for (const path of [draft, spill]) await mkdir(path, { mode: 0o700 });
  const { connection, close } = await openDuckDB({ memoryMb: 500, spill });
  try {
    const { macros, models: lakeModels } = await readSqlFolder(config.sql);
    const { models = lakeModels } = source;
    await loadMacros(connection, macros, await readPolicy(config));
    const task: ExportTask = {
      ...options,
      connection,
      lake,
      datasets,
      models,
      folder: draft,
      extensions: jsonl && profile.extension === 'parquet' ? ['parquet', 'jsonl'] : [profile.extension],
      workers: config.workers,
    };
    await selectRows(task, { tables, benchmarks: decontaminate });
    const written = await writeDatasets(task);
    const { files } = written;
    if (files.length === 0) {
      const none = { version: null, folder: null, added: false, gate: null, scan: null };
      return { ...none, datasets: written.datasets, omitted };
    }
    const loadings = loadingsOf(written.datasets, profile);
    const [duckdb] = (await connection.runAndReadAll('select version()')).getRowsJS()[0] ?? [];
    const extras = profile.extras?.(loadings) ?? {};
    const manifest: ExportManifest = {
      format: 1,
      profile: profile.name,
      filters,
      benchmarks,
      code: { tracemill: await ownVersion(), duckdb: String(duckdb), tokenizer, ...source.code },
      events: await eventRange(connection, lake, tables['events.training_events']),
      datasets: written.datasets,
      omitted,
      files: [...files, ...(await writeExtras(draft, extras))],
    };
    const columns = Object.fromEntries(models.map((model) => [model.name, model.columns]));
    const card = (version: string) =>
      datasetCard({ version, manifest, profile, loadings, datasets, columns });
    const words = { ...extras, 'README.md': card(''), 'manifest.json': JSON.stringify(manifest, null, 2) };
    const finished = { connection, folder: draft, files };
    const gate = await gateExport(config, finished, words);
    const scan = options.scanWith ? await scanWith(options.scanWith, finished) : null;
    const published = await publishExport({ out, draft, manifest, card });
    await noteExportRows({ connection, lake, datasets, out, version: published.version });
    const folder = relative(config.data, published.folder);
    await recordExport({ out, version: published.version, manifest, folder, now: options.now });
    return { ...published, gate, scan, datasets: manifest.datasets, omitted };
  } finally {
    close();
    await rm(draft, { recursive: true, force: true });
    await rm(spill, { recursive: true, force: true });
  }
}
