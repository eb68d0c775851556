import { countLines, linesOf, type Slice } from './lines.js';

/** Lines of one slice that go to the same raw file together. */
export type Part = { readonly slice: Slice; readonly day: string };

/** A line from here on stands alone: what works well for many lines needs several copies of each. */
export const hugeLine = 16 << 20;
const usualPart = 1 << 20;

/** Cuts a slice where the day changes (`dayOfLine`, else all of it is of `day`), before and after each huge line, and to a usual size. */
export function* partsOf(
  slice: Slice,
  day: string | null,
  dayOfLine?: (line: Buffer) => string,
): Generator<Part> {
  if (day !== null && slice.bytes.length < hugeLine) {
    yield { slice, day };
    return;
  }
  let start = 0;
  let at = 0;
  let line = slice.line;
  let current: string | undefined;
  const cut = () => {
    const bytes = slice.bytes.subarray(start, at);
    const lines = slice.unterminated ? 1 : countLines(bytes);
    const part = { bytes, offset: slice.offset + start, line, lines, unterminated: slice.unterminated };
    start = at;
    line += lines;
    return part;
  };
  for (const bytes of linesOf(slice.bytes)) {
    const own = day ?? dayOfLine?.(bytes) ?? 'unknown';
    const isFull = at - start + bytes.length > usualPart;
    if (current !== undefined && at > start && (own !== current || isFull))
      yield { slice: cut(), day: current };
    current = own;
    at += bytes.length;
  }
  if (current !== undefined) yield { slice: cut(), day: current };
}
