import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.js';

const newline = 10;
const shortWrite = 'only part of it fitted';
const mostTries = 5;
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
  // The name comes from the program, the line from JSON.stringify, which a program can put another in the place of.
  if (/[/\\\p{Cc}]/u.test(target.name))
    throw new UserError('event: the name of its file holds a slash or a control character; give another');
  if (/[\n\r]/.test(target.line))
    throw new UserError('event: it is more than one line, nothing was recorded; JSON.stringify was changed');
  const path = join(target.folder, `${target.day}-${target.name}.jsonl`);
  try {
    for (let tries = 1; !isAppended(path, target); tries += 1)
      if (tries === mostTries) throw failure('its file keeps changing');
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code ?? 'unknown error');
    throw new UserError(`${target.folder}: the event could not be written (${code}); ${wayOut(code)}`, {
      cause: error,
    });
  }
}

/** False where the event does not count: the file was removed meanwhile, or half a line of another process stands before it. */
function isAppended(path: string, { folder, line }: { folder: string; line: string }): boolean {
  const file = openOrMake(path, folder);
  try {
    const { size: before, mode, uid } = fstatSync(file);
    // One that was copied there, or made under another program's mask.
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) fchmodSync(file, 0o600);
    // In a shared file this may be the middle of another's write, which then ends in a newline too: a blank line is left.
    const lead = before === 0 || byteAt(file, before - 1) === newline ? '' : '\n';
    const bytes = Buffer.from(`${lead}${line}\n`);
    writeWhole(file, bytes);
    const { size, nlink } = fstatSync(file);
    // Only where another process wrote meanwhile, to a shared file, is there something to look for.
    const isAlone = size === before + bytes.length;
    return nlink > 0 && (isAlone || isWhole(file, { from: before, line }));
  } finally {
    closeSync(file);
  }
}

function openOrMake(path: string, folder: string): number {
  const open = () => openSync(path, 'a+', 0o600);
  try {
    return open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolder(folder);
    return open();
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
  if (written < bytes.length) throw failure(shortWrite);
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function byteAt(file: number, position: number): number | undefined {
  const byte = Buffer.alloc(1);
  return readSync(file, byte, 0, 1, position) === 1 ? byte[0] : undefined;
}

function isWhole(file: number, { from, line }: { from: number; line: string }): boolean {
  const start = Math.max(0, from - 1);
  const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - start));
  const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start));
  // One that is not found was cut off with the file's end. A second copy has the same id and counts once.
  const at = text.indexOf(line);
  return at === 0 || text[at - 1] === newline;
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
