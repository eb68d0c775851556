import { createHash } from 'node:crypto';
import type { FileState, KnownFiles, KnownRange } from './fileStates.js';
import { groupBy } from './groups.js';
import { type ByteReader, openBytes, readFully } from './lines.js';
import type { FoundFile } from './scan.js';

/** How a file stands to what the log knows. */
export type Change = 'new' | 'grown' | 'touched' | 'moved' | 'generation';

/** A file that differs from its state in the log, and the file_key its next range gets. */
export type Identified = {
  readonly file: FoundFile;
  readonly change: Change;
  readonly fileKey: string;
  readonly generation: number;
  /** What was read of it before; undefined where that is nothing. */
  readonly state: FileState | undefined;
};

export type Identification = { readonly changed: Identified[]; readonly unchanged: number };

const headBytes = 1 << 16;
const tailBytes = 4096;

/**
 * Tells which known file each found file is (design, decisions 3 and 4): by path where its bytes agree, else by content among
 * known files that are no longer where they were, else it is new there. Files as they were last seen are not opened.
 */
export async function identify(options: {
  files: readonly FoundFile[];
  known: KnownFiles;
  /** A last line without newline is due once the file was quiet for so long. */
  settleMs: number;
  now: Date;
  ranges: (fileKey: string) => Promise<KnownRange[]>;
  onUnreadable: (file: FoundFile, error: unknown) => void;
}): Promise<Identification> {
  const { files, known } = options;
  const byPath = new Map<string, FileState>();
  for (const state of known.states) {
    const key = `${state.source}/${state.path}`;
    const other = byPath.get(key);
    if (other === undefined || other.generation < state.generation) byPath.set(key, state);
  }
  const bound = new Set<string>();
  const changed: Identified[] = [];
  const open: FoundFile[] = [];
  let unchanged = 0;
  const attempt = async (file: FoundFile, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      options.onUnreadable(file, error);
    }
  };
  for (const file of files) {
    const state = byPath.get(keyOf(file));
    if (state === undefined || state.end === 0) {
      if (state !== undefined && isUnchanged(file, state, options)) unchanged += 1;
      else open.push(file);
      continue;
    }
    // Until its bytes are seen to differ, a file that cannot be read keeps its state.
    bound.add(state.fileKey);
    if (isUnchanged(file, state, options)) {
      unchanged += 1;
      continue;
    }
    await attempt(file, async () => {
      if (await agrees(file, state, options.ranges)) {
        const hasMore = file.isCompressed ? file.size !== state.size : file.size > state.end;
        const change = hasMore ? 'grown' : 'touched';
        changed.push({ file, state, change, fileKey: state.fileKey, generation: state.generation });
      } else {
        bound.delete(state.fileKey);
        open.push(file);
      }
    });
  }
  const byHead = groupBy(
    known.states.filter((state) => !bound.has(state.fileKey) && state.end > 0 && state.head !== null),
    (state) => `${state.source}/${state.head}`,
  );
  const generations = new Map(known.generations);
  for (const file of open) {
    await attempt(file, async () => {
      const moved = byHead.size === 0 ? undefined : await findMoved(file, byHead, bound, options.ranges);
      const own = byPath.get(keyOf(file));
      if (moved === undefined && own !== undefined && own.end === 0) {
        const { fileKey, generation } = own;
        changed.push({ file, state: undefined, change: 'grown', fileKey, generation });
        return;
      }
      const generation = (generations.get(keyOf(file)) ?? -1) + 1;
      generations.set(keyOf(file), generation);
      if (moved === undefined) {
        const change = own === undefined ? 'new' : 'generation';
        changed.push({ file, state: undefined, change, fileKey: fileKeyOf(file, generation), generation });
      } else {
        bound.add(moved.fileKey);
        changed.push({ file, state: moved, change: 'moved', fileKey: moved.fileKey, generation });
      }
    });
  }
  return { changed, unchanged };
}

/** SHA-256 of the first line, or of its first 64 KiB; null while it has no newline and is shorter. */
export async function headSha256(file: { absolute: string; isCompressed: boolean }): Promise<string | null> {
  return withReader(file, (reader) => {
    const bytes = Buffer.allocUnsafe(headBytes);
    return headOf(bytes.subarray(0, readFully(reader, bytes, headBytes)));
  });
}

/** The bytes before `end`, at most 4096; fewer where the file ends sooner. Then the reader stands at `end`. */
export function bytesBefore(reader: ByteReader, end: number): Buffer {
  const start = Math.max(0, end - tailBytes);
  const bytes = Buffer.alloc(end - start);
  return reader.moveTo(start)
    ? bytes.subarray(0, readFully(reader, bytes, bytes.length))
    : bytes.subarray(0, 0);
}

/** The last 4096 bytes of what `before` and `bytes` make together. */
export function tailOf(before: Buffer, bytes: Buffer): Buffer {
  if (bytes.length >= tailBytes) return Buffer.from(bytes.subarray(-tailBytes));
  return Buffer.concat([before, bytes]).subarray(-tailBytes);
}

/** SHA-256 in hex. */
export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isUnchanged(file: FoundFile, state: FileState, options: { settleMs: number; now: Date }): boolean {
  const same = file.size === state.size && file.mtimeMs === state.mtimeMs && file.inode === state.inode;
  // An archive is finished: its last line was taken as it was.
  return same && (file.isCompressed || state.end === file.size || !isSettled(file, options));
}

/** True once a file was quiet so long that its last line counts even without a newline. */
export function isSettled(file: FoundFile, options: { settleMs: number; now: Date }): boolean {
  return (
    options.settleMs === 0 || file.isCompressed || options.now.getTime() - file.mtimeMs >= options.settleMs
  );
}

async function agrees(
  file: FoundFile,
  state: FileState,
  ranges: (fileKey: string) => Promise<KnownRange[]>,
): Promise<boolean> {
  if (file.size === state.size) return agreesThroughout(file, await ranges(state.fileKey));
  return agreesAtEnds(file, state);
}

/** True where a file is long enough and its first line and last read bytes are those the log remembers. */
export async function agreesAtEnds(file: FoundFile, state: FileState): Promise<boolean> {
  if (!file.isCompressed && file.size < state.end) return false;
  return (state.head === null || (await headSha256(file)) === state.head) && agreesAtEnd(file, state);
}

async function agreesAtEnd(file: FoundFile, state: FileState): Promise<boolean> {
  return withReader(file, (reader) => sha256(bytesBefore(reader, state.end)) === state.tail);
}

async function agreesThroughout(file: FoundFile, ranges: readonly KnownRange[]): Promise<boolean> {
  return withReader(file, (reader) => ranges.every((range) => rangeSha256(reader, range) === range.sha256));
}

/** SHA-256 of a range that begins at or after where the reader stands; null where the file ends before it does. */
export function rangeSha256(reader: ByteReader, range: { start: number; end: number }): string | null {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(1 << 20, range.end - range.start));
  if (!reader.moveTo(range.start)) return null;
  for (let left = range.end - range.start; left > 0; ) {
    const got = reader.read(buffer, 0, Math.min(buffer.length, left));
    if (got === 0) return null;
    hash.update(buffer.subarray(0, got));
    left -= got;
  }
  return hash.digest('hex');
}

async function findMoved(
  file: FoundFile,
  byHead: ReadonlyMap<string, FileState[]>,
  bound: ReadonlySet<string>,
  ranges: (fileKey: string) => Promise<KnownRange[]>,
): Promise<FileState | undefined> {
  const head = await headSha256(file);
  const states = (byHead.get(`${file.source.name}/${head}`) ?? [])
    .filter((state) => !bound.has(state.fileKey) && (file.isCompressed || file.size >= state.end))
    .sort((a, b) => Number(b.inode === file.inode) - Number(a.inode === file.inode) || b.end - a.end);
  for (const state of states) {
    // Throughout: an older generation of the same file may have both its ends, and other bytes in between.
    if ((await agreesAtEnd(file, state)) && (await agreesThroughout(file, await ranges(state.fileKey))))
      return state;
  }
  return undefined;
}

/** As headSha256, from the file's first bytes: the first line at least. */
export function headOf(bytes: Buffer): string | null {
  const head = bytes.subarray(0, headBytes);
  const end = head.indexOf(10);
  if (end < 0 && head.length < headBytes) return null;
  return sha256(end < 0 ? head : head.subarray(0, end));
}

async function withReader<T>(
  file: { absolute: string; isCompressed: boolean },
  work: (reader: ByteReader) => T,
): Promise<T> {
  const reader = await openBytes(file);
  try {
    return work(reader);
  } finally {
    reader.close();
  }
}

function keyOf(file: FoundFile): string {
  return `${file.source.name}/${file.path}`;
}

function fileKeyOf(file: FoundFile, generation: number): string {
  return sha256(`${file.source.name}\n${file.path}\n${generation}`).slice(0, 32);
}
