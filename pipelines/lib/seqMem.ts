import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { atPoint, makeFolder, openOwn, syncPath } from './lake.js';
import { inBatches, type LineWriter } from './lineBatches.js';
import { linesOf } from './textLines.js';

/** The name of the rows that tell of pairs, in seq's memory log and among the events. */
export const pairEvent = 'agent.qa.pair';

/** What stands in seq's memory log: the ids of its pairs, and up to where it was read to know them. */
export type SeqMem = {
  /** Without those that a later row took back. */
  readonly ids: ReadonlySet<string>;
  /** Those found by reading up to `readTo`, which are not remembered yet; one that was taken back has a `!` before it. */
  readonly found: readonly string[];
  readonly readTo: number;
  readonly head: string;
};

/** One line of what is remembered: ids found or written since the line before. */
type Memo = { readonly read_to: number; readonly head: string; readonly ids: readonly string[] };

/** How much of the file's beginning tells it from the one that follows when it is rotated. */
const headBytes = 4096;
/** What other programs may write before the place is noted again. */
const unnotedBytes = 1 << 20;

/**
 * Which pairs stand in seq's memory log. The file itself says so: a run that was killed leaves nothing to mend. Only what
 * came since the last run is read; ids of a file that was rotated away stay known, so that no pair is told twice.
 */
export async function readSeqMem(config: Config): Promise<SeqMem> {
  const memo = await readMemo(memoFile(config));
  const handle = await open(config.seqMem).catch((error) => missing(config.seqMem, error));
  if (handle === undefined) return { ...memo, readTo: 0, head: '' };
  try {
    const { size } = await handle.stat();
    const isSame =
      memo.readTo > 0 && size >= memo.readTo && (await headOf(handle, memo.readTo)) === memo.head;
    const start = isSame ? memo.readTo : 0;
    const found: string[] = [];
    let readTo = start;
    for await (const line of linesOf(config.seqMem, start)) {
      found.push(...pairIds(line));
      readTo += line.length + 1;
    }
    const tail = Buffer.alloc(Math.max(0, size - readTo));
    await handle.read(tail, 0, tail.length, readTo);
    found.push(...pairIds(tail));
    const head = await headOf(handle, readTo);
    const ids = standing([...memo.ids, ...found]);
    if (readTo - start <= unnotedBytes) return { ids, found, readTo, head };
    await remember(config, { read_to: readTo, head, ids: found });
    return { ids, found: [], readTo, head };
  } catch (error) {
    throw unusable(config.seqMem, error);
  } finally {
    await handle.close();
  }
}

/**
 * Appends rows, at most `flushEvery` a write. Another program appends to the file too: each batch is one write of whole
 * lines, and begins with a newline where half a line of somebody stands before it.
 */
export async function openSeqMem(config: Config, before: SeqMem): Promise<LineWriter> {
  const file = config.seqMem;
  await makeFolder(dirname(file));
  const handle = await open(file, 'a+', 0o600).catch((error) => Promise.reject(unusable(file, error)));
  const ids = [...before.found];
  const { add, end } = inBatches(config.flushEvery, async (batch) => {
    try {
      const bytes = Buffer.concat([...((await isTorn(handle)) ? [Buffer.from('\n')] : []), batch]);
      const { bytesWritten } = await handle.write(bytes);
      // What is missing could now stand behind a line of the other program.
      if (bytesWritten < bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
      atPoint('seq-mem-written');
      await handle.sync();
      atPoint('seq-mem-synced');
    } catch (error) {
      throw unusable(file, error);
    }
  });
  return {
    add: async (row) => {
      ids.push(markOf(row as Row));
      await add(row);
    },
    end: async () => {
      await end();
      await handle.close();
      await syncPath(dirname(file));
      await remember(config, { read_to: before.readTo, head: before.head, ids });
    },
  };
}

function pairIds(line: Buffer): string[] {
  // Most lines are of other things, and parsing is what costs.
  if (!line.includes(pairEvent)) return [];
  try {
    const row = JSON.parse(line.toString()) as Partial<Row> | null;
    return row?.name === pairEvent && typeof row.event_id === 'string' ? [markOf(row as Row)] : [];
  } catch {
    return [];
  }
}

type Row = { name: string; event_id: string; subject: unknown };

/**
 * A row that takes a pair back: the log is shared and only grows, so that what stands in it stays. It names no session, and
 * says nothing of the pair but its id.
 */
export function takeBackRow(of: { qaId: string; eventId: string; at: Date }) {
  return {
    ts_ms: of.at.getTime(),
    dur_us: 0,
    ok: true,
    session_id: '',
    event_id: of.eventId,
    name: pairEvent,
    subject: JSON.stringify({ qa_id: of.qaId, deleted: true }),
  };
}

function markOf({ event_id, subject }: Row): string {
  const isTakenBack = typeof subject === 'string' && /^\{"qa_id":"[0-9a-f]+","deleted":true\}$/.test(subject);
  return isTakenBack ? `!${event_id}` : event_id;
}

/** The ids that were told last and not taken back. */
function standing(marks: Iterable<string>): Set<string> {
  const ids = new Set<string>();
  for (const mark of marks) {
    if (mark.startsWith('!')) ids.delete(mark.slice(1));
    else ids.add(mark);
  }
  return ids;
}

function memoFile(config: Config): string {
  return join(config.state, 'seq_mem_pairs.jsonl');
}

/** A torn line is passed over: then a little more of the log is read again. */
async function readMemo(file: string): Promise<SeqMem> {
  const marks: string[] = [];
  let last = { readTo: 0, head: '' };
  for await (const line of linesOf(file)) {
    try {
      const memo = JSON.parse(line.toString()) as Memo;
      for (const mark of memo.ids) marks.push(mark);
      last = { readTo: memo.read_to, head: memo.head };
    } catch {}
  }
  return { ids: standing(marks), found: [], ...last };
}

async function remember(config: Config, memo: Memo): Promise<void> {
  await makeFolder(config.state);
  const handle = await openOwn(memoFile(config), 'a+');
  const lead = (await isTorn(handle)) ? '\n' : '';
  await handle.write(`${lead}${JSON.stringify(memo)}\n`).finally(() => handle.close());
}

async function headOf(handle: FileHandle, readTo: number): Promise<string> {
  const head = Buffer.alloc(Math.min(headBytes, readTo));
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  return createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex');
}

/** Whether the file ends in half a line. One that still grows is just being written: a look may see half of a write. */
async function isTorn(handle: FileHandle): Promise<boolean> {
  const last = Buffer.alloc(1);
  for (let before = -1; ; await setTimeout(20)) {
    const { size } = await handle.stat();
    if (size === 0) return false;
    await handle.read(last, 0, 1, size - 1);
    if (last[0] === 10) return false;
    if (size === before) return true;
    before = size;
  }
}

function unusable(file: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const ways: Record<string, string> = {
    ENOSPC: 'its disk is full; free some space and run again',
    EDQUOT: 'its disk quota is used up; free some space and run again',
    EISDIR: 'is a folder; name a file in TRACEMILL_SEQ_MEM',
  };
  const other = 'cannot be read and written; make it writable, or name another file in TRACEMILL_SEQ_MEM';
  if (code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  return new UserError(`${file}: ${ways[code] ?? other}, the pairs follow then`, { cause: error });
}

function missing(file: string, error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw unusable(file, error);
}
