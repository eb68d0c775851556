/** A zstd archive of raw blocks: what any compressor may write, made without one. */
export function zstd(content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 1 << 17) {
    const part = content.subarray(at, at + (1 << 17));
    const isLast = at + part.length >= content.length ? 1 : 0;
    const header = Buffer.alloc(3);
    header.writeUIntLE((part.length << 3) | isLast, 0, 3);
    blocks.push(header, part);
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), size, ...blocks]);
}
