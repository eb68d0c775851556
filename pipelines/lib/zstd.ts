import { readSync } from 'node:fs';
import { Decompress } from 'fzstd';
import { SourceFileError } from './lines.js';

/** Reads a zstd file as its decompressed bytes, in order, holding little more than the format's window. */
export function zstdReader(handle: number): (target: Buffer, offset: number, length: number) => number {
  const ready: Uint8Array[] = [];
  const stream = new Decompress((chunk) => {
    if (chunk.length > 0) ready.push(chunk);
  });
  let ended = false;
  let broken: unknown;
  return (target, offset, length) => {
    while (ready.length === 0 && !ended) {
      // A fresh buffer each time: fzstd holds on to what it could not use yet.
      const input = Buffer.allocUnsafe(1 << 16);
      const got = readSync(handle, input, 0, input.length, null);
      ended = got === 0;
      try {
        stream.push(input.subarray(0, got), ended);
      } catch (error) {
        broken = new SourceFileError('it is no whole zstd archive', { cause: error });
        ended = true;
      }
    }
    const chunk = ready[0];
    if (chunk === undefined && broken !== undefined) throw broken;
    if (chunk === undefined) return 0;
    const count = Math.min(length, chunk.length);
    target.set(chunk.subarray(0, count), offset);
    if (count === chunk.length) ready.shift();
    else ready[0] = chunk.subarray(count);
    return count;
  };
}
