import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.js';

const newline = 10;
const shortWrite = 'only part of it fitted';
let own = { pid: 0, name: '' };

/** Names this process's file among those of a day; threads and forks have names of their own. */
export function processName(): string {
  if (own.pid !== process.pid) {
    own = { pid: process.pid, name: `${hostName()}-${process.pid}-${randomBytes(4).toString('hex')}` };
  }
  return own.name;
}

/** Names the file that the short-lived processes of one user on this machine share. */
export function sharedName(): string {
  return `${hostName()}-user${process.getuid?.() ?? ''}`;
}

/**
 * Appends one line to `<folder>/<day>-<name>.jsonl` by one write, in a file and folders that only the owner may read. It is
 * in the file when this returns, though not yet safe from a power cut. The file is opened anew each time, so one that was
 * moved away or removed is begun again. Throws a UserError when the line could not be written whole; what half of it is in
 * the file stays a line of its own, because a write that finds no newline before it begins with one.
 */
export function appendLine(target: { folder: string; day: string; name: string; line: string }): void {
  const path = join(target.folder, `${target.day}-${target.name}.jsonl`);
  try {
    // Once more if the file was removed between open and write.
    if (!appendOnce(path, target)) appendOnce(path, target);
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code ?? 'unknown error');
    throw new UserError(`${target.folder}: the event could not be written (${code}); ${wayOut(code)}`, {
      cause: error,
    });
  }
}

/** False where the file was gone when it was written. */
function appendOnce(path: string, { folder, line }: { folder: string; line: string }): boolean {
  const file = openOrMake(path, folder);
  try {
    const before = fstatSync(file).size;
    const lead = before === 0 || byteAt(file, before - 1) === newline ? '' : '\n';
    const bytes = Buffer.from(`${lead}${line}\n`);
    writeWhole(file, bytes);
    const { size, nlink } = fstatSync(file);
    // Another process wrote to a shared file meanwhile; if it left half a line, ours may be glued to that.
    if (size !== before + bytes.length && isGlued(file, { from: before, line }))
      writeWhole(file, Buffer.from(`\n${line}\n`));
    return nlink > 0;
  } finally {
    closeSync(file);
  }
}

function openOrMake(path: string, folder: string): number {
  try {
    return openSync(path, 'a+', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolder(folder);
    return openSync(path, 'a+', 0o600);
  }
}

// Node's own recursive mkdir never ends where a folder cannot be made and is said not to exist, as below /proc.
function makeFolder(path: string): void {
  if (!existsSync(dirname(path))) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  const written = writeSync(file, bytes);
  // The disk filled up, or a limit was reached: the rest would fail too, and part of it would be a second half line.
  if (written < bytes.length) throw Object.assign(new Error('short write'), { code: shortWrite });
}

function byteAt(file: number, position: number): number | undefined {
  const byte = Buffer.alloc(1);
  return readSync(file, byte, 0, 1, position) === 1 ? byte[0] : undefined;
}

function isGlued(file: number, { from, line }: { from: number; line: string }): boolean {
  const start = Math.max(0, from - 1);
  const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - start));
  const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start));
  const at = text.indexOf(line);
  // One that is not there was cut off with the file's end; a second copy has the same id and counts once.
  return at < 0 || (at > 0 && text[at - 1] !== newline);
}

function wayOut(code: string): string {
  if ([shortWrite, 'ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)) return 'free some space and record it again';
  if (['EACCES', 'EPERM', 'EROFS'].includes(code))
    return 'make it writable, or name another folder in TRACEMILL_SPOOL';
  return 'put that right, or name another folder in TRACEMILL_SPOOL';
}

function hostName(): string {
  const words = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  return words.slice(0, 40) || 'host';
}
