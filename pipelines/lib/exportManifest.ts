import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventRange } from './eventRange.js';
import type { Filters } from './filters.js';
import type { LeftOut } from './leftOut.js';
import type { WrittenFile } from './shards.js';

/** What num_tokens is counted with. Not in lib/tokens.ts, which takes half a second to load. */
export const tokenizer = 'o200k_base, gpt-tokenizer 4.0.0';

/** Rows, tokens and files of one split. */
export type SplitManifest = {
  readonly rows: number;
  readonly tokens: number;
  readonly files: readonly string[];
};

/** One dataset of an export: what went in, what came out, what did not. */
export type DatasetManifest = LeftOut & {
  readonly rows: number;
  readonly tokens: number;
  readonly splits: Readonly<Record<string, SplitManifest>>;
  /** Filters that do not apply to it: it has no such column. */
  readonly unfiltered: readonly string[];
  /** Tokens a row of the middle, of the 95th percentile, and of the longest. */
  readonly length: { readonly p50: number; readonly p95: number; readonly max: number };
  /** Of pairs: how many have the longer answer chosen, in characters. A reward model learns length from a large share. */
  readonly longer_chosen?: { readonly pairs: number; readonly rows: number; readonly share: number };
  /** SHA-256 of the model's SQL and of what it had built: its files' hashes by day. */
  readonly model: { readonly sql: string; readonly content: string };
};

export type FileManifest = WrittenFile & { readonly bytes: number; readonly sha256: string };

/** A file of benchmark items that rows were held against. */
export type Benchmark = { readonly name: string; readonly sha256: string };

/** What an export is. No clock, path or parent in it: two exports of one lake are the same. */
export type ExportManifest = {
  readonly format: 1;
  readonly profile: string;
  readonly filters: Filters;
  readonly benchmarks: readonly Benchmark[];
  readonly code: Readonly<Record<string, string>>;
  readonly events: EventRange;
  readonly datasets: Readonly<Record<string, DatasetManifest>>;
  /** Built datasets that the profile cannot carry, and why. */
  readonly omitted: Readonly<Record<string, string>>;
  readonly files: readonly FileManifest[];
};

/** The name of an export: the first 16 hex digits of its manifest's SHA-256, and so of all its files. */
export function versionOf(manifest: ExportManifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex').slice(0, 16);
}

/** A written file with its size and SHA-256. */
export async function describeFile(folder: string, file: WrittenFile): Promise<FileManifest> {
  const path = join(folder, file.path);
  return { ...file, bytes: (await stat(path)).size, sha256: await hashFile(path) };
}

/** SHA-256 of a file, in hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}
