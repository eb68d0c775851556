import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import type { EventRange } from './eventRange.js';
import type { ExportManifest } from './exportManifest.js';
import { writeAtomically } from './lake.js';
import { isRunning } from './processes.js';

/** What stands about an export outside of it: when and where it was made, and after which one. Never changes. */
export type ExportRecord = {
  readonly id: string;
  readonly export_type: string;
  readonly query_params: Readonly<Record<string, string>>;
  /** First and last of the training events that the rows come from, and how many they are. */
  readonly event_range: EventRange;
  readonly example_count: number;
  readonly file_path: string;
  readonly parent_id: string | null;
  readonly created_at: string;
};

/** Every export's record, oldest first. */
export async function readExportRecords(out: string): Promise<ExportRecord[]> {
  const names = await readdir(join(out, 'log')).catch(() => []);
  const texts = names
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFile(join(out, 'log', name), 'utf8'));
  const records = (await Promise.all(texts)).map((text) => readRecord(text));
  return records.sort((a, b) => (a.created_at + a.id < b.created_at + b.id ? -1 : 1));
}

function readRecord(text: string): ExportRecord {
  try {
    const record = JSON.parse(text) as ExportRecord;
    // The name of a folder that is read.
    if (/^[0-9a-f]{16}$/.test(record.id)) return record;
  } catch {
    // Said below, without its words.
  }
  throw new UserError('exports: a file in log/ is no record of an export; move it away and run again');
}

/** Notes an export once, in log/<version>.json beside the versions; `folder` is relative to the data folder. */
export async function recordExport(of: {
  out: string;
  version: string;
  manifest: ExportManifest;
  folder: string;
  now: Date;
}): Promise<void> {
  const records = await readExportRecords(of.out);
  if (records.some(({ id }) => id === of.version)) return;
  const rows = Object.values(of.manifest.datasets).reduce((sum, dataset) => sum + dataset.rows, 0);
  const record: ExportRecord = {
    id: of.version,
    export_type: of.manifest.profile,
    query_params: {
      datasets: Object.keys(of.manifest.datasets).join(','),
      ...of.manifest.filters,
      ...(of.manifest.benchmarks.length > 0
        ? { decontaminate: of.manifest.benchmarks.map(({ name }) => name).join(',') }
        : {}),
    },
    event_range: of.manifest.events,
    example_count: rows,
    file_path: of.folder,
    parent_id: records.at(-1)?.id ?? null,
    created_at: of.now.toISOString(),
  };
  await writeAtomically(join(of.out, 'log', `${of.version}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

/** Removes drafts of exports that were killed but for the folder `kept`; a draft's name holds the process that makes it. */
export async function sweepExportDrafts(out: string, kept: string): Promise<void> {
  for (const name of await readdir(out)) {
    const pid = /^\.draft-(\d+)/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)) && join(out, name) !== kept)
      await rm(join(out, name), { recursive: true, force: true });
  }
}
