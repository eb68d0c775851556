import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { documentLines, openChanges, type PairChanges } from './indexChanges.js';
import { atPoint, closedFolder, writeAtomically } from './lake.js';
import { documentFormat, type PairDocument, readDocument } from './pairDocument.js';
import { type GateResult, openGate } from './redaction/gate.js';
import { linesOf } from './textLines.js';
import { type Collection, createCollection, openCollection } from './zvec.js';

/** What a run of index did to the collection. */
export type IndexResult = {
  readonly folder: string;
  /**
   * `new`: made from scratch; `compared`: every document held against the file; `continued`: the lines added since;
   * `unchanged`; `none`: nothing was handed off yet.
   */
  readonly how: 'new' | 'compared' | 'continued' | 'unchanged' | 'none';
  readonly added: number;
  readonly changed: number;
  readonly deleted: number;
  readonly documents: number;
  /** Documents among those added and changed whose text is not all of it. */
  readonly cut: number;
  /** Lines that are no records of ours. */
  readonly foreign: number;
  readonly gate: GateResult;
};

/** Up to where the handoff file is in the collection. There is none while a collection is being written. */
export type IndexState = {
  readonly format: number;
  readonly inode: number;
  readonly read_to: number;
  /** SHA-256 of the file's first bytes and of those before `read_to`. */
  readonly ends: string;
  readonly documents: number;
};

export type IndexOptions = {
  readonly config: Config;
  readonly rebuild: boolean;
  /** Takes the bytes of lines as they are read. */
  readonly onBytes: (bytes: number) => void;
};

/** The folder of the collection, beside the handoff file that it follows. */
export function indexFolder(config: Pick<Config, 'handoff'>): string {
  return join(dirname(config.handoff), 'zvec');
}

/** What the collection holds; undefined where there is none, or where a run was killed while it wrote. */
export async function readIndexState(folder: string): Promise<IndexState | undefined> {
  try {
    const state = JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')) as IndexState;
    return state.format === documentFormat && existsSync(join(folder, 'collection')) ? state : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Brings the collection to what the handoff file says last of each id. It goes on where it was; where that is not known,
 * after a kill or when the file is another one, it compares every document.
 */
export async function followHandoff({ config, rebuild, onBytes }: IndexOptions): Promise<IndexResult> {
  const folder = indexFolder(config);
  const handle = await openHandoffFile(config.handoff, folder);
  if (handle === undefined) return { ...nothing, folder, how: 'none', documents: 0 };
  try {
    const { size, ino: inode } = await handle.stat();
    const state = await readIndexState(folder);
    const start = state === undefined || rebuild ? 0 : state.read_to;
    const isContinued = start > 0 && state?.inode === inode && (await endsOf(handle, start)) === state.ends;
    if (isContinued && !(await hasWholeLine(handle, start, size)))
      return { ...nothing, folder, how: 'unchanged', documents: state?.documents ?? 0 };
    await closedFolder(folder);
    await rm(join(folder, 'collection.draft'), { recursive: true, force: true });
    const found = rebuild ? undefined : await openFound(folder);
    const path = join(folder, found === undefined ? 'collection.draft' : 'collection');
    const canContinue = isContinued && found?.stats.docCount === state?.documents;
    const gate = await gateDocuments(config, canContinue ? start : null, found);
    const changes = openChanges(found ?? (await createCollection(path)), path);
    // Until it stands again, the next run compares.
    if (found !== undefined) await forgetState(folder);
    atPoint('index-opened');
    const { readTo, foreign } = canContinue
      ? await addLines(config.handoff, start, changes, onBytes)
      : await compare(config.handoff, changes, onBytes);
    const done = await changes.end();
    if (found === undefined) await takePlace(folder);
    const ends = await endsOf(handle, readTo);
    const after: IndexState = {
      format: documentFormat,
      inode,
      read_to: readTo,
      ends,
      documents: done.documents,
    };
    await writeAtomically(join(folder, 'state.json'), `${JSON.stringify(after)}\n`);
    const how = found === undefined ? 'new' : canContinue ? 'continued' : 'compared';
    return { folder, how, ...done, foreign, gate };
  } finally {
    await handle.close();
  }
}

const nothing = { added: 0, changed: 0, deleted: 0, cut: 0, foreign: 0, gate: null };

/** Brings what a run will put in before the gate: the lines from a byte on, or (null) what differs from the collection. */
async function gateDocuments(
  config: Config,
  start: number | null,
  found: Collection | undefined,
): Promise<GateResult> {
  const gate = await openGate(config);
  if (!gate.isOpen) {
    const put = async ({ id, fields }: PairDocument) => {
      const place = { table: 'zvec', row: id };
      await gate.text(place, String(fields?.text ?? ''));
      await gate.json(place, String(fields?.metadata ?? '{}'));
    };
    const documents = () => (found === undefined ? new Map<string, string>() : documentLines(found));
    if (start === null) await compare(config.handoff, { documents, put }, () => {});
    else await addLines(config.handoff, start, { documents, put }, () => {});
  }
  try {
    return await gate.close('nothing was indexed');
  } catch (error) {
    found?.closeSync();
    throw error;
  }
}

/** Undefined before anything was handed off. A file that is gone must not empty the collection made of it. */
async function openHandoffFile(file: string, folder: string): Promise<FileHandle | undefined> {
  return open(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    if (!existsSync(join(folder, 'collection'))) return undefined;
    throw new UserError(`${file}: is gone; write it again with \`tracemill handoff\``, { cause });
  });
}

/** The collection as it stands; undefined where there is none of this format, or one that cannot be opened any more. */
async function openFound(folder: string): Promise<Collection | undefined> {
  const path = join(folder, 'collection');
  const format = await readFile(join(folder, 'format'), 'utf8').catch(() => '');
  if (!existsSync(path) || Number(format) !== documentFormat) return undefined;
  try {
    return await openCollection(path, false);
  } catch (error) {
    // It holds nothing that the handoff file does not.
    if (error instanceof UserError) throw error;
    return undefined;
  }
}

/** Puts a collection made anew where searches look for it. */
async function takePlace(folder: string): Promise<void> {
  const path = join(folder, 'collection');
  atPoint('index-made');
  await forgetState(folder);
  await rm(path, { recursive: true, force: true });
  await writeAtomically(join(folder, 'format'), `${documentFormat}\n`);
  atPoint('index-removed');
  await rename(join(folder, 'collection.draft'), path);
  atPoint('index-renamed');
}

type Puts = Pick<PairChanges, 'documents' | 'put'>;

/** Takes each line from a byte on as it comes; the last one of an id holds. */
async function addLines(file: string, start: number, changes: Puts, onBytes: (bytes: number) => void) {
  let readTo = start;
  let foreign = 0;
  for await (const line of linesOf(file, start)) {
    const document = readDocument(line);
    if (document === undefined) foreign += 1;
    else await changes.put(document);
    readTo += line.length + 1;
    onBytes(line.length + 1);
  }
  return { readTo, foreign };
}

/** Finds which line holds for each id, takes out what no line holds for, and puts in those whose document differs. */
async function compare(file: string, changes: Puts, onBytes: (bytes: number) => void) {
  const wanted = new Map<string, { at: number; line: string }>();
  let readTo = 0;
  let foreign = 0;
  for await (const line of linesOf(file)) {
    const document = readDocument(line);
    if (document === undefined) foreign += 1;
    else if (document.fields === null) wanted.delete(document.id);
    else wanted.set(document.id, { at: readTo, line: String(document.fields.line) });
    readTo += line.length + 1;
    onBytes(line.length + 1);
  }
  for (const [id, line] of changes.documents()) {
    const place = wanted.get(id);
    if (place === undefined) await changes.put({ id, fields: null });
    else if (place.line === line) wanted.delete(id);
  }
  const starts = new Set([...wanted.values()].map(({ at }) => at));
  let at = 0;
  for await (const line of linesOf(file)) {
    const document = starts.has(at) ? readDocument(line) : undefined;
    if (document !== undefined) await changes.put(document);
    at += line.length + 1;
  }
  return { readTo, foreign };
}

const endBytes = 4096;

async function endsOf(handle: FileHandle, readTo: number): Promise<string> {
  const hash = createHash('sha256');
  for (const from of [0, Math.max(0, readTo - endBytes)]) {
    const bytes = Buffer.alloc(Math.min(endBytes, readTo - from));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    hash.update(bytes.subarray(0, bytesRead));
  }
  return hash.digest('hex');
}

async function hasWholeLine(handle: FileHandle, start: number, size: number): Promise<boolean> {
  const block = Buffer.alloc(64 << 10);
  for (let at = start; at < size; at += block.length) {
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    if (block.subarray(0, bytesRead).includes(10)) return true;
  }
  return false;
}

async function forgetState(folder: string): Promise<void> {
  await rm(join(folder, 'state.json'), { force: true });
}
