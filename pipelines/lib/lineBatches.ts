/** Lines that go out together; nothing of a batch is lost after `add` or `end` has resolved. */
export type LineWriter = {
  readonly add: (line: object) => Promise<void>;
  readonly end: () => Promise<void>;
};

/** Bytes after which a batch goes out, however few its lines. */
const batchBytes = 4 << 20;

/** Gathers JSON lines until they are `most`, and hands them to `write` as one buffer of whole lines. */
export function inBatches(most: number, write: (batch: Buffer) => Promise<void>): LineWriter {
  let lines: Buffer[] = [];
  let bytes = 0;
  const flush = async () => {
    if (lines.length === 0) return;
    const batch = Buffer.concat(lines);
    lines = [];
    bytes = 0;
    await write(batch);
  };
  return {
    add: async (line) => {
      const text = Buffer.from(`${JSON.stringify(line)}\n`);
      lines.push(text);
      bytes += text.length;
      if (lines.length >= most || bytes >= batchBytes) await flush();
    },
    end: flush,
  };
}
