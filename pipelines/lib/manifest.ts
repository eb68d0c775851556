import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../errors.js';
import { foreignPart, isBelow } from './foreignNames.js';
import { atPoint, publishFile, writeAtomically } from './lake.js';

/** A column's name and DuckDB type. */
export type Column = readonly [name: string, type: string];

/** One published file; `fingerprint` is of what it was made from, `sha256` of its bytes, `file` is below the lake. */
export type Entry = { file: string; sha256: string; rows: number; bytes: number; fingerprint: string };

/** A built table: its files by day, or one under the key '' for a whole model without @split. */
export type Table = {
  columns: readonly Column[];
  /** True for @partition day and for @split day: its files have days. */
  partitioned: boolean;
  /** Of the SQL and the inputs' columns: while it stays, so do the columns. */
  shape: string;
  /** Of a @split model's last run; '' otherwise. */
  fingerprint: string;
  files: Record<string, Entry>;
};

/** What is published. No clock and no machine in it: same inputs, same bytes. */
export type Manifest = {
  format: 1;
  tables: Record<string, Table>;
  /** Check -> day ('' for a whole one) -> fingerprint of what it last passed on. */
  checks: Record<string, Record<string, string>>;
};

type Retired = { file: string; at: string };

const dayMs = 86_400_000;
// There while a build makes files, so that the next one knows when it was killed.
const runMark = 'unpublished.json';

/** The published manifest; an empty one where nothing is built yet. */
export async function readManifest(lake: string): Promise<Manifest> {
  const found = (await readJson(lake, 'manifest.json')) ?? { format: 1, tables: {}, checks: {} };
  const manifest = found as Manifest;
  const problem = manifest.format === 1 ? foreignPart(manifest) : 'another version wrote it';
  if (problem === null) return manifest;
  throw new UserError(`lake/manifest.json: ${problem}; remove it to build everything again`);
}

/** Moves a checked draft to its content-addressed place, durable when this returns. */
export async function storeDraft(
  lake: string,
  draft: string,
  of: { table: string; day: string; rows: number; fingerprint: string },
): Promise<Entry> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(draft)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const sha256 = hash.digest('hex');
  // A file without rows is the same on every day, so days share it: most of them lack one of the agents, or any event.
  const day = of.rows === 0 ? 'empty' : of.day;
  const folder = of.table.replace('.', '/') + (of.day === '' ? '' : `/day=${day}`);
  const file = `${folder}/${sha256.slice(0, 16)}.parquet`;
  if (of.rows === 0 && existsSync(join(lake, file))) await rm(draft);
  else await publishFile(draft, join(lake, file));
  atPoint('draft-renamed');
  return { file, sha256, rows: of.rows, bytes, fingerprint: of.fingerprint };
}

/** Begins a run: deletes files retired a day ago and, after a run that was cut short, those that nothing names. */
export async function openPublication(lake: string, manifest: Manifest, now: Date): Promise<void> {
  const retired = await readRetired(lake);
  const wasCut = (await readJson(lake, runMark)) !== undefined || Object.keys(manifest.tables).length === 0;
  // There are many, and on most days none has to go.
  const named = wasCut || retired.length > 0 ? filesOf(manifest) : new Set<string>();
  const waits = ({ file, at }: Retired) => named.has(file) || now.getTime() - Date.parse(at) < dayMs;
  const waiting = retired.filter(waits);
  if (waiting.length < retired.length) {
    const over = retired.filter((entry) => !waits(entry));
    await removeFiles(
      lake,
      over.map(({ file }) => file),
    );
    await writeAtomically(join(lake, 'retired.json'), `${JSON.stringify(waiting)}\n`);
    atPoint('retired-swept');
  }
  if (wasCut) await removeUnnamed(lake, named);
  await writeAtomically(join(lake, runMark), '{}\n');
}

/**
 * Ends a run: replaces what is published in one rename. Files it no longer names stay a day, for readers that still hold
 * them. Not `isClean`: the run made files that are not published, the next one looks for them.
 */
export async function publish(
  lake: string,
  { before, after, now, isClean }: { before: Manifest; after: Manifest; now: Date; isClean: boolean },
): Promise<void> {
  atPoint('before-publish');
  if (!isDeepStrictEqual(before, after)) {
    const named = filesOf(after);
    const dropped = new Set([...filesOf(before)].filter((file) => !named.has(file)));
    const kept = (await readRetired(lake)).filter(({ file }) => !named.has(file) && !dropped.has(file));
    const retired = [...kept, ...[...dropped].map((file) => ({ file, at: now.toISOString() }))];
    if (retired.length > 0) await writeAtomically(join(lake, 'retired.json'), `${JSON.stringify(retired)}\n`);
    await writeAtomically(join(lake, 'manifest.json'), `${JSON.stringify(withSortedKeys(after))}\n`);
  }
  atPoint('published');
  if (isClean) await rm(join(lake, runMark), { force: true });
}

/** Removes at once what readers may still hold: every built file that is not published. Under the lock; gives how many. */
export async function removeReplaced(lake: string): Promise<number> {
  const named = filesOf(await readManifest(lake));
  const retired = (await readRetired(lake)).map(({ file }) => file).filter((file) => !named.has(file));
  await removeFiles(lake, retired);
  await writeAtomically(join(lake, 'retired.json'), '[]\n');
  return retired.length + (await removeUnnamed(lake, named));
}

async function removeUnnamed(lake: string, named: ReadonlySet<string>): Promise<number> {
  const retired = new Set((await readRetired(lake)).map(({ file }) => file));
  const built = /^(?!raw\/|commits\/|drafts\/)\w+\/\w+\/(day=[^/]+\/)?[0-9a-f]{16}\.parquet$/;
  const files = await readdir(lake, { recursive: true });
  const unnamed = files.filter((file) => built.test(file) && !named.has(file) && !retired.has(file));
  await removeFiles(lake, unnamed);
  return unnamed.length;
}

async function removeFiles(lake: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const path = join(lake, file);
    await rm(path, { force: true });
    // Another day of the table may still be there; only an empty day folder goes.
    if (basename(dirname(path)).startsWith('day=')) await rmdir(dirname(path)).catch(() => {});
  }
}

/** A copy whose tables, days and claims can be set and taken out; what is said of a file is never changed, but replaced. */
export function copyManifest({ format, tables, checks }: Manifest): Manifest {
  const copied = Object.entries(tables).map(([name, table]) => [
    name,
    { ...table, files: { ...table.files } },
  ]);
  const passed = Object.entries(checks).map(([name, days]) => [name, { ...days }]);
  return { format, tables: Object.fromEntries(copied), checks: Object.fromEntries(passed) };
}

function filesOf(manifest: Manifest): Set<string> {
  const tables = Object.values(manifest.tables);
  return new Set(tables.flatMap((table) => Object.values(table.files).map((entry) => entry.file)));
}

async function readRetired(lake: string): Promise<Retired[]> {
  const retired = (await readJson(lake, 'retired.json')) ?? [];
  // What stands there is removed in the end.
  if (Array.isArray(retired) && retired.every((entry) => isBelow(entry?.file))) return retired;
  throw new UserError('lake/retired.json: names what is not below the lake; remove it');
}

async function readJson(lake: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(lake, name), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(`lake/${name}: cannot be read; restore it, or remove it to build everything again`, {
      cause: error,
    });
  }
}

// Not a replacer: asked of each of a million values, it takes five times as long.
function withSortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) sorted[key] = withSortedKeys(value[key as keyof typeof value]);
  return sorted;
}
