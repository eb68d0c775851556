import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** The lines of a file that end with a newline; none where there is no file. */
// Not readline: it also breaks at U+2028, which JSON texts may hold.
export async function* linesOf(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file).catch(missing);
  if (handle === undefined) return;
  await handle.close();
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]);
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
