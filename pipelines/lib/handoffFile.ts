import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { atPoint, makeFolder, openOwn, publishFile, syncPath } from './lake.js';
import { inBatches, type LineWriter } from './lineBatches.js';
import { linesOf } from './textLines.js';

/** What a handoff file says last of an id: its revision, the hash of its content, where it comes from, and whether it was taken back. */
export type HandedOff = {
  readonly revision: number;
  readonly content: string;
  /** As `placeOf` gives it. */
  readonly place: string;
  readonly deleted: boolean;
};

/** What a line says of where its pair comes from, in this order: the columns of core.qa_pairs by the names that a line has. */
export const placeColumns = {
  agent: 'agent',
  session_id: 'session_id',
  project_path: 'project_path',
  source_path: 'source_path',
  offset: 'source_offset',
  model: 'model',
  ts_ms: 'ts_ms',
} as const;

/** The state of a handoff file, which is the file itself. */
export type HandoffState = {
  readonly byId: ReadonlyMap<string, HandedOff>;
  /** Lines that are no record of ours; they are left as they are. */
  readonly foreign: number;
};

/** Ends what a killed run left: a torn last line goes, a whole one without newline gets it. Without a file: nothing. */
export async function mendHandoff(file: string): Promise<void> {
  const handle = await open(file, 'r+').catch(missing);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    const start = await lastLineStart(handle, size);
    if (start === size) return;
    const tail = Buffer.alloc(size - start);
    await handle.read(tail, 0, tail.length, start);
    if (readRecord(tail) === undefined) await handle.truncate(start);
    else await handle.write('\n', size);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads what was handed off; the last line of an id holds. */
export async function readHandoff(file: string): Promise<HandoffState> {
  const byId = new Map<string, HandedOff>();
  let foreign = 0;
  for await (const line of linesOf(file)) {
    const record = readRecord(line);
    if (record === undefined) {
      foreign += 1;
      continue;
    }
    const before = byId.get(record.id);
    byId.set(record.id, {
      revision: record.metadata?.revision ?? before?.revision ?? 0,
      content: record.metadata?.content_hash ?? '',
      place: placeOf(record.metadata ?? {}),
      deleted: record.deleted === true,
    });
  }
  return { byId, foreign };
}

/** Appends to the file, or with `fresh` writes a draft that takes its place at the end; at most `most` lines a write. */
export async function openHandoff(file: string, fresh: boolean, most: number): Promise<LineWriter> {
  await makeFolder(dirname(file));
  const path = fresh ? `${file}.draft` : file;
  const handle = await openOwn(path, fresh ? 'wx' : 'a');
  const { add, end } = inBatches(most, async (batch) => {
    for (let done = 0; done < batch.length; ) {
      done += (await handle.write(batch, done)).bytesWritten;
      atPoint('handoff-written');
    }
    // A draft is made durable as a whole.
    if (!fresh) await handle.sync();
    atPoint('handoff-synced');
  });
  return {
    add,
    end: async () => {
      await end();
      await handle.close();
      if (fresh) await publishFile(path, file);
      else await syncPath(dirname(file));
    },
  };
}

/** The values of these, one a line; one that is not known is empty. */
function placeOf(metadata: Readonly<Record<string, unknown>>): string {
  return Object.keys(placeColumns)
    .map((name) => String(metadata[name] ?? ''))
    .join('\n');
}

type Line = { id: string; deleted?: boolean; metadata?: { revision?: number; content_hash?: string } };

function readRecord(line: Buffer): Line | undefined {
  try {
    const value: unknown = JSON.parse(line.toString());
    return isLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null || typeof (value as Line).id !== 'string') return false;
  const { revision = 0, content_hash: content = '' } = (value as Line).metadata ?? {};
  return Number.isInteger(revision) && Math.abs(revision) < 2 ** 31 && typeof content === 'string';
}

/** Where the last line begins: the size itself where the file ends with a newline. */
async function lastLineStart(handle: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(64 << 10);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    await handle.read(block, 0, end - start, start);
    const newline = block.subarray(0, end - start).lastIndexOf(10);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
