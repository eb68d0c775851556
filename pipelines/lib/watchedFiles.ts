import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.js';
import { identityOf, scanSource } from './scan.js';
import type { Source } from './source.js';

/** What a look at the files found: `soon` calls for a pass now, `later` for one at the next look for new files. */
export type Look = { readonly soon: boolean; readonly later: boolean };

/** The files of all sources as they were last seen; each method compares with that and remembers what it sees. */
export type WatchedFiles = {
  /** Stats the known files and their folders; a folder that changed has its new files looked for at once. */
  readonly poll: () => Look;
  /** Walks the folders for new and vanished files. */
  readonly rescan: () => Look;
  /** The first moment after `after` at which a file counts as quiet, in Unix milliseconds; null without one. */
  readonly quietAfter: (after: number, settleMs: number) => number | null;
  readonly count: () => number;
};

type Known = { source: string; signature: string; mtimeMs: number };

/** Begins with nothing known, so that the first rescan finds every file new. */
export function watchFiles(config: Config, sources: readonly Source[]): WatchedFiles {
  let files = new Map<string, Known>();
  let folders = new Map<string, number>();
  // A folder is made before the file in it: the first look may come between the two.
  let unsettledFolders = 0;
  const rescan = (): Look => {
    const found = new Map<string, Known>();
    const above = new Set<string>();
    for (const source of sources) {
      const roots = source.roots(config).map(({ path }) => path);
      // The folder of seq_mem.jsonl is anybody's, and that file is the only one looked for in it.
      const known = source.name === 'seq' ? [] : roots;
      for (const root of known) above.add(root);
      for (const file of scanSource(source, config).files) {
        found.set(file.absolute, {
          source: source.name,
          signature: signatureOf(file),
          mtimeMs: file.mtimeMs,
        });
        for (const folder of foldersBetween(file.absolute, known)) above.add(folder);
      }
    }
    const changed = [...found].filter(([path, { signature }]) => files.get(path)?.signature !== signature);
    const gone = [...files].filter(([path]) => !found.has(path));
    files = found;
    folders = new Map([...above].map((folder) => [folder, mtimeOf(folder)]));
    return lookOf([...changed, ...gone].map(([, { source }]) => source));
  };
  const poll = (): Look => {
    const changed: string[] = [];
    for (const [path, known] of files) {
      const stats = statOf(path);
      const signature = stats === null ? 'gone' : signatureOf(identityOf(stats));
      if (signature === known.signature) continue;
      files.set(path, { ...known, signature, mtimeMs: stats?.mtimeMs ?? known.mtimeMs });
      changed.push(known.source);
    }
    const look = lookOf(changed);
    if ([...folders].some(([folder, mtime]) => mtimeOf(folder) !== mtime)) unsettledFolders = 3;
    if (unsettledFolders === 0) return look;
    unsettledFolders -= 1;
    const walked = rescan();
    return { soon: look.soon || walked.soon, later: look.later || walked.later };
  };
  return {
    poll,
    rescan,
    quietAfter: (after, settleMs) => {
      let first: number | null = null;
      for (const { mtimeMs } of files.values()) {
        const at = mtimeMs + settleMs;
        if (at > after && (first === null || at < first)) first = at;
      }
      return first;
    },
    count: () => files.size,
  };
}

// Each handoff appends to seq_mem.jsonl itself: a pass for that alone would follow every pass.
function lookOf(sources: readonly string[]): Look {
  return { soon: sources.some((source) => source !== 'seq'), later: sources.includes('seq') };
}

/** The folders from a file up to the root it was found in. */
function foldersBetween(file: string, roots: readonly string[]): string[] {
  const found: string[] = [];
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    found.push(folder);
    if (roots.includes(folder)) return found;
  }
  return [];
}

function signatureOf({ size, mtimeMs, inode }: { size: number; mtimeMs: number; inode: number }): string {
  return `${size} ${mtimeMs} ${inode}`;
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function mtimeOf(path: string): number {
  return statOf(path)?.mtimeMs ?? 0;
}
