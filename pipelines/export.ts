import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { trl } from './formats/trl.js';
import { datasetCard } from './lib/card.js';
import type { Command, Outcome } from './lib/command.js';
import { type ExportManifest, versionOf } from './lib/exportManifest.js';
import { recordExport, sweepExportDrafts } from './lib/exportRecord.js';
import { writeDatasets } from './lib/exportRows.js';
import { type Filters, filterOptions, readFilters } from './lib/filters.js';
import { lakeFolder, makeFolder, syncPath } from './lib/lake.js';
import { type Manifest, readManifest, type Table } from './lib/manifest.js';
import { readSqlFolder } from './lib/model.js';
import type { Profile } from './lib/profile.js';
import { amount, type StartProgress } from './lib/progress.js';
import { tokenizer } from './lib/tokens.js';
import { openDuckDB } from './lib/warehouse.js';

const profiles: Readonly<Record<string, Profile>> = { trl };

/** `tracemill export`. */
export const command: Command = {
  describe: 'Write the training sets as a versioned, self-describing export',
  example: 'tracemill export --dataset sft --since 2026-05-01',
  options: {
    dataset: {
      type: 'string',
      array: true,
      describe: 'Only this dataset (sft, qa_documents); all by default',
    },
    profile: {
      type: 'string',
      choices: Object.keys(profiles),
      default: 'trl',
      describe: 'Shape of the files',
    },
    jsonl: { type: 'boolean', default: false, describe: 'Write JSONL beside the Parquet' },
    out: { type: 'string', describe: 'Folder for exports; exports/ in the data folder by default' },
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
      out: resolve(String(args.out ?? join(config.data, 'exports'))),
    });
    return describe(result);
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
};

export type ExportResult = {
  /** Null where no row fits the filters: nothing is written then. */
  version: string | null;
  folder: string | null;
  /** False where the same export was there already. */
  added: boolean;
  datasets: ExportManifest['datasets'];
};

/** Writes the datasets of the lake into a folder named by its content; the same content is written once. */
export async function exportDatasets(options: ExportOptions): Promise<ExportResult> {
  const { config, out } = options;
  const profile = profiles[options.profile];
  if (profile === undefined) {
    const known = Object.keys(profiles).join(', ');
    throw new UserError(`--profile ${options.profile}: unknown; use ${known}`, { exitCode: exitCodes.usage });
  }
  const tables = chooseTables(await readManifest(lakeFolder(config)), options.datasets);
  await makeFolder(out);
  await sweepExportDrafts(out);
  const draft = join(out, `.draft-${process.pid}`);
  const spill = `${draft}.spill`;
  await mkdir(draft, { mode: 0o700 });
  const { connection, close } = await openDuckDB({ spill });
  try {
    const sql = await readSqlFolder(config.sql);
    for (const macro of sql.macros) await connection.run(macro.text);
    const { datasets, files } = await writeDatasets({
      ...options,
      connection,
      lake: lakeFolder(config),
      tables,
      models: sql.models,
      profile,
      folder: draft,
      workers: config.workers,
    });
    const [version] = (await connection.runAndReadAll('select version()')).getRowsJS()[0] ?? [];
    const manifest: ExportManifest = {
      format: 1,
      profile: profile.name,
      filters: options.filters,
      code: { tracemill: await ownVersion(), duckdb: String(version), tokenizer },
      datasets,
      files,
    };
    if (files.length === 0) return { version: null, folder: null, added: false, datasets };
    const columns = Object.fromEntries(
      sql.models.map((model) => [model.name.replace('datasets.', ''), model.columns]),
    );
    return await publish({
      options,
      manifest,
      draft,
      card: (name) => datasetCard(name, manifest, profile, columns),
    });
  } finally {
    close();
    await rm(draft, { recursive: true, force: true });
    await rm(spill, { recursive: true, force: true });
  }
}

function chooseTables(manifest: Manifest, names: readonly string[] | null): Record<string, Table> {
  const built = Object.keys(manifest.tables)
    .filter((name) => name.startsWith('datasets.'))
    .sort();
  const known = built.map((name) => name.replace('datasets.', ''));
  if (known.length === 0) throw new UserError('lake: no dataset is built; run `tracemill build`');
  const unknown = (names ?? []).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(`--dataset ${unknown}: not built; use ${known.join(', ')}`, {
      exitCode: exitCodes.usage,
    });
  }
  const chosen = known.filter((name) => names === null || names.includes(name));
  return Object.fromEntries(chosen.map((name) => [name, manifest.tables[`datasets.${name}`] as Table]));
}

type Publication = {
  options: ExportOptions;
  manifest: ExportManifest;
  draft: string;
  card: (version: string) => string;
};

/** Renames the draft to its version, unless it is there; then records it, unless that is done. */
async function publish({ options, manifest, draft, card }: Publication): Promise<ExportResult> {
  const version = versionOf(manifest);
  const folder = join(options.out, version);
  await writeFile(join(draft, 'README.md'), card(version));
  await writeFile(join(draft, 'manifest.json'), `${JSON.stringify({ version, ...manifest }, null, 2)}\n`);
  const files = [...manifest.files.map(({ path }) => path), 'README.md', 'manifest.json'];
  for (const file of files) {
    await chmod(join(draft, file), 0o600);
    await syncPath(join(draft, file));
  }
  for (const dataset of Object.keys(manifest.datasets)) await syncPath(join(draft, dataset)).catch(() => {});
  await syncPath(draft);
  const added = await rename(draft, folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') return false;
      throw error;
    },
  );
  await syncPath(options.out);
  await recordExport({
    out: options.out,
    version,
    manifest,
    folder: relative(options.config.data, folder),
    now: options.now,
  });
  return { version, folder, added, datasets: manifest.datasets };
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function describe({ version, folder, added, datasets }: ExportResult): Outcome {
  const lines = Object.entries(datasets).map(([name, { rows, tokens, splits, refused }]) => {
    const bySplit = Object.entries(splits).map(
      ([split, { rows: count }]) => `${split} ${amount(count, 'items')}`,
    );
    const lost = Object.values(refused).reduce((sum, { rows: count }) => sum + count, 0);
    const tail = lost > 0 ? `; ${amount(lost, 'items')} refused, see manifest.json` : '';
    return `  ${name}: ${amount(rows, 'items')} rows, ${amount(tokens, 'items')} tokens (${bySplit.join(', ')})${tail}`;
  });
  const head =
    version === null
      ? 'No row to export.'
      : added
        ? `Exported to ${folder}`
        : `Nothing new: the same export is in ${folder}`;
  return { summary: [head, ...lines], json: { version, folder, added, datasets } };
}
