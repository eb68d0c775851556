import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

/** The lines of a file, from a byte on, that end with a newline; none where there is no file. */
// Not readline: it also breaks at U+2028, which JSON texts may hold.
export async function* linesOf(file: string, start = 0): AsyncGenerator<Buffer> {
  const handle = await open(file).catch(missing);
  if (handle === undefined) return;
  await handle.close();
  let rest: Buffer[] = [];
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { start, highWaterMark: 1 << 20 });
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end)]);
      rest = [];
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
