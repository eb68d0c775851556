import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { readCommits } from './commits.js';
import { type HoldingExport, holdingExports } from './forgottenRows.js';
import { lakeFolder, writeAtomically } from './lake.js';
import { openDuckDB } from './warehouse.js';

/** What one purge took out of the lake; no text, and no path of a log. */
export type Receipt = {
  /** The number of its commit. */
  readonly commit: string;
  readonly committed_at: string;
  readonly reason: string | null;
  readonly tombstones: readonly string[];
  readonly sessions: readonly string[];
  readonly projects: readonly string[];
  readonly text_hashes: readonly string[];
  readonly lines: number;
  readonly bytes: number;
  /** What went, by the file's key in the log of commits, with the SHA-256 of the bytes. */
  readonly ranges: readonly {
    readonly source: string;
    readonly file_key: string;
    readonly start: number;
    readonly end: number;
    readonly lines: number;
    readonly sha256: string;
  }[];
  /** Raw files written anew, below lake/: the old ones are gone. */
  readonly removed: readonly string[];
  readonly written: readonly string[];
  /** Replaced files of derived tables that were removed at once. */
  readonly removed_tables: number;
  /** Versions of exports made before that still hold rows. */
  readonly exports: readonly HoldingExport[];
};

/** Who asked, and what became of the rest; the log of commits knows what went. */
export type ReceiptNote = Pick<
  Receipt,
  'reason' | 'tombstones' | 'sessions' | 'projects' | 'text_hashes' | 'removed_tables'
>;

export function receiptsFolder(config: Pick<Config, 'data'>): string {
  return join(lakeFolder(config), 'receipts');
}

/** Whether a purge has no receipt yet, which is written when all that follows a purge is done. */
export async function isPurgeOpen(config: Config): Promise<boolean> {
  return (await readPurges(config)).purges.length > 0;
}

/** Writes a receipt of each purge that has none yet: a run that was killed leaves it to the next. */
export async function writeReceipts(config: Config, note: ReceiptNote): Promise<Receipt[]> {
  const folder = receiptsFolder(config);
  const receipts: Receipt[] = [];
  const { purges, exports } = await readPurges(config);
  for (const found of purges) {
    const receipt = { ...found, ...note, exports };
    await writeAtomically(join(folder, `${found.commit}.json`), `${JSON.stringify(receipt, null, 2)}\n`);
    receipts.push(receipt);
  }
  return receipts;
}

/** Every receipt, oldest first. */
export async function readReceipts(config: Pick<Config, 'data'>): Promise<Receipt[]> {
  const folder = receiptsFolder(config);
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d{8}\.json$/.test(name));
  return Promise.all(
    names.sort().map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Receipt),
  );
}

type Purge = Omit<Receipt, keyof ReceiptNote | 'exports'>;

/** Those that have no receipt. */
async function readPurges(config: Config): Promise<{ purges: Purge[]; exports: readonly HoldingExport[] }> {
  const written = new Set(await readdir(receiptsFolder(config)).catch(() => []));
  const { connection, close } = await openDuckDB();
  try {
    await readCommits(connection, lakeFolder(config));
    const reader = await connection.runAndReadAll(`
      select
        batch_id,
        max(committed_at),
        list({
          source: source, file_key: file_key, 'start': start_offset::double, 'end': end_offset::double,
          lines: lines::double, sha256: sha256
        } order by source, file_key, start_offset, end_offset)
          filter (where file_key is not null and len(raw_files) = 0),
        coalesce(flatten(list(replaces order by replaces) filter (where file_key is null)), []),
        coalesce(flatten(list(raw_files order by replaces) filter (where file_key is null)), [])
      from commits
      where op = 'purge'
      group by batch_id
      order by batch_id`);
    const purges = reader.getRowsJson().map(([commit, at, gone, removed, made]) => {
      const ranges = gone as unknown as Receipt['ranges'];
      return {
        commit: String(commit),
        committed_at: String(at),
        lines: ranges.reduce((sum, { lines }) => sum + lines, 0),
        bytes: ranges.reduce((sum, { start, end }) => sum + end - start, 0),
        ranges,
        removed: removed as string[],
        written: made as string[],
      };
    });
    const open = purges.filter(({ commit }) => !written.has(`${commit}.json`));
    return { purges: open, exports: await holdingExports(connection, config) };
  } finally {
    close();
  }
}
