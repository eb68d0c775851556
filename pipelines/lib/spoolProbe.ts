import { randomBytes } from 'node:crypto';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { makeFolder } from './lake.js';

/** Writes a file into the spool folder and takes it out again; gives what events lie there. Throws a UserError where it cannot. */
export async function probeSpool(folder: string): Promise<{ files: number; bytes: number }> {
  // No source reads this name.
  const probe = join(folder, `.probe-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await makeFolder(folder);
    await writeFile(probe, 'probe\n', { mode: 0o600 });
    await rm(probe);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const wayOut =
      code === 'ENOSPC' ? 'free some space' : 'make it writable, or name another folder in TRACEMILL_SPOOL';
    throw new UserError(`${folder}: no event can be recorded there (${code}); ${wayOut}`, { cause: error });
  }
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return { files: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
