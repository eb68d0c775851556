import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { bytesBefore, headOf, headSha256, sha256, tailOf } from './identity.js';
import { linesOf, openBytes, readSlices, type Slice, SourceFileError } from './lines.js';
import { hugeLine, partsOf } from './parts.js';
import { amount } from './progress.js';
import { judgeLines } from './purgedLines.js';
import type { RawWriter } from './rawWriter.js';
import { type FoundFile, identityOf } from './scan.js';
import { hasMark, parseObject } from './source.js';

/** A stretch of a file that is now in raw drafts; `rawFiles` are the files that hold it: none where it was purged before. */
export type ReadRange = {
  readonly start: number;
  readonly end: number;
  readonly sha256: string;
  readonly lines: number;
  readonly firstLine: number;
  readonly head: string | null;
  readonly tail: string;
  readonly unterminated: boolean;
  readonly rawFiles: readonly string[];
};

export type ReadResult = {
  readonly ranges: ReadRange[];
  /** Bytes of a last line without newline, left for a later run. */
  readonly waiting: number;
  /** What is odd about the file, in words; all of it is kept all the same. */
  readonly notes: string[];
  /** Why reading stopped early; what was read before counts. */
  readonly failure: unknown;
};

/** The range grows in memory while slices arrive. */
type OpenRange = {
  start: number;
  firstLine: number;
  lines: number;
  hash: ReturnType<typeof createHash>;
  raw: Set<string>;
  isPurged: boolean;
};

// Ranges are verified one at a time, so none may be huge.
const rangeBytes = 64 << 20;

/** Reads the whole lines of a file from a place on and hands them to the writer. */
export async function readRanges(options: {
  file: FoundFile;
  fileKey: string;
  offset: number;
  line: number;
  withTail: boolean;
  /** The head hash the log remembers. */
  head: string | null;
  /** How far the file was read before, and the hash of its last bytes then. */
  known: number;
  tail: string | null;
  /** Null where each line has its own day. */
  day: string | null;
  /** Hashes of lines that are not taken into the lake again. */
  purged: ReadonlySet<string>;
  writer: RawWriter;
  onBytes: (count: number) => void;
}): Promise<ReadResult> {
  const { file, fileKey, writer } = options;
  const ranges: ReadRange[] = [];
  const odd = oddities(file);
  let waiting = 0;
  let failure: unknown;
  let open: OpenRange | undefined;
  let end = options.offset;
  let tail: Buffer = Buffer.alloc(0);
  const closeRange = (head: string | null, unterminated: boolean) => {
    if (open === undefined) return;
    const { start, firstLine, lines, hash, raw } = open;
    ranges.push({
      start,
      end,
      sha256: hash.digest('hex'),
      lines,
      firstLine,
      head,
      tail: sha256(tail),
      unterminated,
      rawFiles: [...raw],
    });
    open = undefined;
  };
  const take = async (slice: Slice, isPurged: boolean, head: string | null) => {
    const isFull = open !== undefined && slice.offset - open.start >= rangeBytes;
    if (slice.unterminated || isFull || (open !== undefined && open.isPurged !== isPurged))
      closeRange(head, false);
    open ??= {
      start: slice.offset,
      firstLine: slice.line,
      lines: 0,
      hash: createHash('sha256'),
      raw: new Set(),
      isPurged,
    };
    for (const part of isPurged ? [] : partsOf(slice, options.day, file.source.dayOfLine)) {
      const isText = isUtf8(part.slice.bytes);
      const place = { source: file.source.name, day: part.day, sourcePath: file.path, fileKey, isText };
      open.raw.add(await writer.add(part.slice, place));
      odd.look(part.slice, isText);
    }
    if (isPurged) odd.leaveOut(slice.lines);
    open.hash.update(slice.bytes);
    open.lines += slice.lines;
    tail = tailOf(tail, slice.bytes);
    end = slice.offset + slice.bytes.length;
  };
  try {
    let head = options.offset === 0 ? null : (options.head ?? (await headSha256(file)));
    // Opened once: under its name another file may stand a moment later.
    const reader = await openBytes(file);
    try {
      tail = bytesBefore(reader, options.offset);
      const isSame = options.offset === options.known;
      // Rewritten since it was identified: what stands here now belongs to another generation. A reader of an archive
      // cannot go back from behind an unfinished line to its beginning.
      if (options.tail !== null && (isSame || !file.isCompressed)) {
        const known = isSame ? tail : bytesBefore(reader, options.known);
        if (sha256(known) !== options.tail) throw new SourceFileError('was rewritten meanwhile');
      }
      // What nothing is known of has no bytes to compare, and its day and key are those of the file that was found.
      if (options.tail === null && isOther(file, identityOf(reader.stats)))
        throw new SourceFileError('was replaced meanwhile');
      reader.moveTo(options.offset);
      const limit = file.isCompressed ? Number.POSITIVE_INFINITY : file.size;
      const slices = readSlices(reader, {
        offset: options.offset,
        line: options.line,
        limit,
        withTail: options.withTail,
      });
      for (;;) {
        const next = slices.next();
        if (next.done) {
          waiting = next.value;
          break;
        }
        const slice = next.value;
        if (slice.unterminated && slice.offset + slice.bytes.length <= options.known) continue;
        if (slice.offset === 0) head = headOf(slice.bytes);
        for (const judged of judgeLines(slice, options.purged))
          await take(judged.slice, judged.isPurged, head);
        options.onBytes(slice.bytes.length);
        if (slice.unterminated) closeRange(head, true);
      }
      closeRange(head, false);
    } catch (error) {
      closeRange(head, false);
      throw error;
    } finally {
      reader.close();
    }
  } catch (error) {
    failure = error;
  }
  return { ranges, waiting, notes: odd.notes(), failure };
}

/** Whether a file took the place of the one that was found; on some network disks an inode is no sign alone. */
function isOther(found: FoundFile, now: Pick<FoundFile, 'size' | 'mtimeMs' | 'inode'>): boolean {
  return now.inode !== found.inode && (now.mtimeMs !== found.mtimeMs || now.size !== found.size);
}

/** Gathers what a person may want to know about a file's bytes. */
function oddities(file: FoundFile) {
  const notes = new Set<string>(file.size === 0 ? ['is empty; nothing to read yet'] : []);
  let invalid = 0;
  let purged = 0;
  const look = (slice: Slice, isText: boolean) => {
    const { bytes } = slice;
    if (slice.offset === 0) for (const note of oddBeginning(bytes, file)) notes.add(note);
    if (bytes.includes(0)) notes.add('holds NUL bytes; kept as they are');
    if (bytes.includes('\r\n')) notes.add('has lines that end in CR LF; kept as they are');
    if (bytes.length >= hugeLine) notes.add(`has a line of ${amount(bytes.length, 'bytes')}; kept whole`);
    if (!isText) for (const line of linesOf(bytes)) invalid += isUtf8(line) ? 0 : 1;
  };
  return {
    look,
    leaveOut: (lines: number) => {
      purged += lines;
    },
    notes: () => {
      const lines = (count: number) => (count === 1 ? '1 line that is' : `${count} lines that are`);
      return [
        ...notes,
        ...(invalid === 0 ? [] : [`has ${lines(invalid)} not valid UTF-8; kept as bytes`]),
        ...(purged === 0 ? [] : [`has ${lines(purged)} purged; not read again`]),
      ];
    },
  };
}

function oddBeginning(bytes: Buffer, file: FoundFile): string[] {
  const first = linesOf(bytes).next().value ?? bytes;
  const notes = hasMark(first) ? ['begins with a byte-order mark; kept as it is'] : [];
  if (!file.source.isJsonLines || first.length >= hugeLine) return notes;
  if (first.toString('latin1', 0, 40).startsWith('version https://git-lfs.github.com/')) {
    return ['is a git-LFS pointer, not the log itself; run `git lfs pull` there (kept in raw, no records)'];
  }
  if (parseObject(first) === null) {
    notes.push(
      'does not begin with a JSON object, so it may be no log; kept in raw, such lines become rejects',
    );
  }
  return notes;
}
