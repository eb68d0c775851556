import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/** Bytes of a file in order, decompressed where it is compressed. */
export type ByteReader = {
  /** Size of the file itself at opening; null where only reading to the end tells. */
  readonly size: number | null;
  /** Of the file at opening: under its name another one may stand since it was found. */
  readonly stats: Stats;
  /** Fills `target` and returns the count; 0 at the end. */
  readonly read: (target: Buffer, offset: number, length: number) => number;
  /** Goes on at an absolute offset, at or after the current one in compressed files. False where the end comes first. */
  readonly moveTo: (offset: number) => boolean;
  readonly close: () => void;
};

/** Whole lines that follow one another; `bytes` is only good until the next slice is asked for. */
export type Slice = {
  readonly bytes: Buffer;
  readonly offset: number;
  /** Number of its first line in the file, from 1. */
  readonly line: number;
  readonly lines: number;
  /** The slice is one line without a newline at the end. */
  readonly unterminated: boolean;
};

const newline = 10;
const usualSlice = 1 << 20;
/** A longer line is refused: neither Node nor DuckDB could hold it in bounded memory. */
export const longestLine = 200 << 20;

// The buffers of the last file, for the next one: fresh ones a file keep the collector busy.
const spares = new Map<number, Buffer>();

/** Why a log cannot be read further, in words of ours; those of other errors may quote it. */
export class SourceFileError extends Error {}

/** Opens a file for reading in order; loads the zstd decoder only where it is needed. */
export async function openBytes(file: { absolute: string; isCompressed: boolean }): Promise<ByteReader> {
  const decoder = file.isCompressed ? await import('./zstd.js') : undefined;
  const handle = openSync(file.absolute, 'r');
  const stats = fstatSync(handle);
  let position = 0;
  if (decoder === undefined) {
    return {
      size: stats.size,
      stats,
      read: (target, offset, length) => {
        const got = readSync(handle, target, offset, length, position);
        position += got;
        return got;
      },
      moveTo: (offset) => {
        position = offset;
        return offset <= fstatSync(handle).size;
      },
      close: () => closeSync(handle),
    };
  }
  const decode = decoder.zstdReader(handle);
  const read: ByteReader['read'] = (target, offset, length) => {
    const got = decode(target, offset, length);
    position += got;
    return got;
  };
  const moveTo: ByteReader['moveTo'] = (offset) => {
    const scratch = Buffer.allocUnsafe(1 << 17);
    while (position < offset) {
      if (read(scratch, 0, Math.min(scratch.length, offset - position)) === 0) return false;
    }
    return position === offset;
  };
  return { size: null, stats, read, moveTo, close: () => closeSync(handle) };
}

/** Reads until `length` bytes are there or the file ends. What comes before a fault is given first, then the fault is thrown. */
export function readFully(reader: ByteReader, target: Buffer, length: number): number {
  let got = 0;
  try {
    while (got < length) {
      const more = reader.read(target, got, length - got);
      if (more === 0) break;
      got += more;
    }
  } catch (error) {
    if (got === 0) throw error;
  }
  return got;
}

/**
 * The whole lines from where the reader stands, which must be `offset`, up to `limit`, in slices of about a megabyte or one
 * longer line. A last line without newline is only given out with `withTail`; returned is how many bytes were left.
 */
export function* readSlices(
  reader: ByteReader,
  options: { offset: number; line: number; limit: number; withTail: boolean; usual?: number },
): Generator<Slice, number> {
  const usual = options.usual ?? usualSlice;
  let buffer: Buffer = spares.get(usual) ?? Buffer.allocUnsafe(usual);
  spares.delete(usual);
  let held = 0;
  let { offset, line } = options;
  try {
    for (;;) {
      const wanted = Math.min(buffer.length - held, options.limit - offset - held);
      const got = wanted === 0 ? 0 : readOnce(reader, buffer, held, wanted);
      // Only the new bytes can hold a newline.
      const last = got === 0 ? -1 : buffer.subarray(held, held + got).lastIndexOf(newline);
      const end = last < 0 ? 0 : held + last + 1;
      held += got;
      if (end > 0) {
        const bytes = buffer.subarray(0, end);
        const lines = countLines(bytes);
        yield { bytes, offset, line, lines, unterminated: false };
        offset += end;
        line += lines;
        const rest = buffer.subarray(end, held);
        held = rest.length;
        if (buffer.length > usual && held < usual) buffer = Buffer.concat([rest], usual);
        else buffer.copyWithin(0, end, end + held);
      }
      if (got === 0) break;
      if (held === buffer.length) buffer = grown(buffer, options.limit - offset);
    }
    const isWhole = options.limit === Number.POSITIVE_INFINITY || offset + held === options.limit;
    if (held > 0 && options.withTail && isWhole) {
      yield { bytes: buffer.subarray(0, held), offset, line, lines: 1, unterminated: true };
      return 0;
    }
    return held;
  } finally {
    if (buffer.length === usual) spares.set(usual, buffer);
  }
}

// Decoders hand out small pieces; a slice should be as full as the buffer.
function readOnce(reader: ByteReader, buffer: Buffer, held: number, wanted: number): number {
  return reader.size === null
    ? readFully(reader, buffer.subarray(held), wanted)
    : reader.read(buffer, held, wanted);
}

function grown(buffer: Buffer, left: number): Buffer {
  if (buffer.length >= longestLine)
    throw new SourceFileError(`it has a line of more than ${longestLine} bytes`);
  return Buffer.concat([buffer], Math.min(buffer.length * 2, Math.max(left, buffer.length + 1), longestLine));
}

/** How many newlines there are. */
export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** The lines of a slice, each with its newline where it has one. */
export function* linesOf(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  while (start < bytes.length) {
    const at = bytes.indexOf(newline, start);
    const end = at < 0 ? bytes.length : at + 1;
    yield bytes.subarray(start, end);
    start = end;
  }
}
