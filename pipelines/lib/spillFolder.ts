import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from './processes.js';

/** Makes a folder for what a query cannot hold in memory, and removes those whose process was killed. */
export async function spillFolder(folder = tmpdir()): Promise<string> {
  for (const name of await readdir(folder)) {
    const pid = /^tracemill-(\d+)-[a-zA-Z0-9]{6}$/.exec(name)?.[1];
    if (pid === undefined || Number(pid) === process.pid || isRunning(Number(pid))) continue;
    // That of another user cannot be removed, and need not be.
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
  }
  return mkdtemp(join(folder, `tracemill-${process.pid}-`));
}
