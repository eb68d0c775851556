import { readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Config } from '../config.js';
import type { Manifest } from './manifest.js';

/** Bytes on disk by part of the data folder, the layers of the lake apart, and what is free on the same disk. */
export type DiskUse = {
  readonly parts: readonly { readonly part: string; readonly files: number; readonly bytes: number }[];
  readonly bytes: number;
  /** Null where there is no data folder yet. */
  readonly freeBytes: number | null;
};

/** Looks at every file below the data folder, and at the handoff file where it lies elsewhere. */
export async function readDiskUse(
  { data, handoff }: Pick<Config, 'data' | 'handoff'>,
  manifest: Manifest,
): Promise<DiskUse> {
  // Of what is published the manifest knows the bytes.
  const published = new Map(
    Object.values(manifest.tables).flatMap(({ files }) =>
      Object.values(files).map(({ file, bytes }) => [join('lake', file), bytes] as const),
    ),
  );
  const parts = new Map<string, { files: number; bytes: number }>();
  const add = (part: string, bytes: number) => {
    const before = parts.get(part) ?? { files: 0, bytes: 0 };
    parts.set(part, { files: before.files + 1, bytes: before.bytes + bytes });
  };
  for (const path of filesBelow(data)) {
    // One that a run beside this one takes away is not there.
    const bytes = published.get(path) ?? sizeOf(join(data, path));
    if (bytes !== undefined) add(partOf(path, published.has(path)), bytes);
  }
  if (relative(data, handoff).startsWith('..')) add('handoff', sizeOf(handoff) ?? 0);
  const free = await statfs(data).catch(() => undefined);
  const sorted = [...parts].sort(([, a], [, b]) => b.bytes - a.bytes);
  return {
    parts: sorted.map(([part, use]) => ({ part, ...use })),
    bytes: sorted.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    freeBytes: free === undefined ? null : free.bavail * free.bsize,
  };
}

/** `raw`, `core`, `exports` …; a built file that nothing names any more is `replaced`, and goes a day later. */
function partOf(path: string, isPublished: boolean): string {
  const [top = '', layer = ''] = path.split(sep);
  if (isPublished) return layer;
  if (top !== 'lake') return path.includes(sep) ? top : 'other';
  if (['raw', 'commits', 'clickhouse'].includes(layer)) return layer;
  if (layer === 'manifest.json') return 'manifest';
  return /\b[0-9a-f]{16}\.parquet$/.test(path) ? 'replaced' : 'other';
}

/** The paths of all files below a folder; none where it is not there. */
function filesBelow(folder: string, below = ''): string[] {
  try {
    return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
      const path = join(below, entry.name);
      if (entry.isDirectory()) return filesBelow(folder, path);
      return entry.isFile() ? [path] : [];
    });
  } catch {
    return [];
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
