import { createHash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { linesOf, type Slice } from './lines.js';

/** Hashes of the lines that were purged, by the session and by the first line of the files that held them. */
export type PurgedLines = {
  readonly isEmpty: boolean;
  /** Those that a file may hold again: it was copied, rotated, or written anew. */
  readonly of: (file: {
    source: string;
    sessionId: string | null;
    head: string | null;
  }) => ReadonlySet<string>;
};

/** Lines of one slice that follow one another, and whether they were purged before. */
export type JudgedSlice = { readonly slice: Slice; readonly isPurged: boolean };

const none: ReadonlySet<string> = new Set();

/** By what a purged line is known again wherever it stands: 16 hex digits of its SHA-256, its newline left out. */
export function lineHash(line: Buffer): string {
  const content = line.at(-1) === 10 ? line.subarray(0, -1) : line;
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** What the log says of purged lines; after readCommits. */
export async function readPurgedLines(connection: DuckDBConnection): Promise<PurgedLines> {
  const reader = await connection.runAndReadAll(`
    select source, session_id, head_sha256, replaces[2:]
    from commits
    where op = 'purge' and file_key is not null and len(raw_files) = 0`);
  const known = new Map<string, Set<string>>();
  for (const [source, session, head, hashes] of reader.getRowsJson()) {
    for (const key of [`${source}/session/${session}`, `${source}/head/${head}`]) {
      const found = known.get(key) ?? new Set<string>();
      for (const hash of hashes as string[]) found.add(hash);
      known.set(key, found);
    }
  }
  return {
    isEmpty: known.size === 0,
    of: ({ source, sessionId, head }) => {
      const sets = [
        sessionId === null ? undefined : known.get(`${source}/session/${sessionId}`),
        head === null ? undefined : known.get(`${source}/head/${head}`),
      ].filter((set) => set !== undefined);
      return sets.length < 2 ? (sets[0] ?? none) : new Set(sets.flatMap((set) => [...set]));
    },
  };
}

/** Cuts a slice where purged lines begin and end. */
export function* judgeLines(slice: Slice, purged: ReadonlySet<string>): Generator<JudgedSlice> {
  if (purged.size === 0) {
    yield { slice, isPurged: false };
    return;
  }
  let start = 0;
  let at = 0;
  let lines = 0;
  let line = slice.line;
  let isPurged = false;
  const cut = (): JudgedSlice => {
    const bytes = slice.bytes.subarray(start, at);
    const piece = {
      bytes,
      offset: slice.offset + start,
      line,
      lines,
      unterminated: slice.unterminated,
    };
    start = at;
    line += lines;
    lines = 0;
    return { slice: piece, isPurged };
  };
  for (const bytes of linesOf(slice.bytes)) {
    // An empty line says nothing, and stands in many files.
    const isKnown = bytes.length > 2 && purged.has(lineHash(bytes));
    if (isKnown !== isPurged && at > start) yield cut();
    isPurged = isKnown;
    at += bytes.length;
    lines += 1;
  }
  if (at > start) yield cut();
}
