import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../config.js';

/** The lake's folder, absolute. */
export function lakeFolder(config: Pick<Config, 'data'>): string {
  return join(config.data, 'lake');
}

/** Makes a folder with those above it, readable by its owner only. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    // So Node says of a disk that can only be read; asked for one folder alone it says what is wrong.
    return mkdir(path, { mode: 0o700 });
  });
}

/** The same for a folder that is ours alone: one that others could look into, as a copy may be, is closed to them. */
export async function closedFolder(path: string): Promise<void> {
  await makeFolder(path);
  await closeFolder(path);
}

/** Closes what we keep in a data folder, where it is there; the data folder itself is as its owner made it. */
export async function closeData(data: string): Promise<void> {
  for (const name of ['lake', 'exports', 'handoff', 'spool', 'state']) await closeFolder(join(data, name));
}

async function closeFolder(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isDirectory() && isOpen(stats.mode, stats.uid)) await chmod(path, 0o700);
}

/** Opens a file of ours for appending, or as `wx` one that is made anew; readable by its owner only, also where it was not. */
export async function openOwn(path: string, flags: 'a' | 'a+' | 'wx' = 'a'): Promise<FileHandle> {
  // What stands in the place of a draft may be somebody's link to another file, in a folder that is not ours alone.
  if (flags === 'wx') await rm(path, { force: true });
  const handle = await open(path, flags, 0o600);
  const { mode, uid } = await handle.stat();
  // Not of a device or a pipe, as /dev/null.
  if (isOpen(mode, uid) && (mode & 0o170000) === 0o100000) await handle.chmod(0o600);
  return handle;
}

/** Whether others than the owner, who is this user, have any right. */
function isOpen(mode: number, uid: number): boolean {
  return (mode & 0o077) !== 0 && uid === process.getuid?.();
}

let drafts = 0;

/** A name under lake/drafts that no other draft of this process has; `extension` with its dot. */
export function draftPath(lake: string, extension: string): string {
  drafts += 1;
  return join(lake, 'drafts', `${process.pid}-${drafts}${extension}`);
}

/** Gives a finished draft its name; durable when this returns. */
export async function publishFile(draft: string, target: string): Promise<void> {
  await publishFiles([{ draft, target }]);
}

/** Gives finished drafts their names, in order, after all are on disk; durable when this returns. */
export async function publishFiles(
  files: readonly { draft: string; target: string }[],
  point?: string,
): Promise<void> {
  const folders = new Set<string>();
  const makeDurable = async ({ draft, target }: { draft: string; target: string }) => {
    await chmod(draft, 0o600);
    await syncPath(draft);
    const made = await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    // The name of a new folder lies in the one above it.
    for (let path = dirname(target); made !== undefined && path.startsWith(made); path = dirname(path)) {
      folders.add(dirname(path));
    }
    folders.add(dirname(target));
  };
  for (let at = 0; at < files.length; at += 8) await Promise.all(files.slice(at, at + 8).map(makeDurable));
  for (const { draft, target } of files) {
    await rename(draft, target);
    if (point !== undefined) atPoint(point);
  }
  for (const folder of folders) await syncPath(folder);
}

/** Writes a small file so that a reader sees the old bytes or the new ones, durable when this returns. */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
  const draft = `${path}.draft`;
  await makeFolder(dirname(path));
  const handle = await openOwn(draft, 'wx');
  await handle.writeFile(data).finally(() => handle.close());
  await publishFile(draft, path);
}

/** Removes what a killed run left unfinished; only under the lock. */
export async function sweepDrafts(lake: string): Promise<void> {
  await makeFolder(join(lake, 'drafts'));
  for (const name of await readdir(join(lake, 'drafts'))) {
    await rm(join(lake, 'drafts', name), { recursive: true, force: true });
  }
  for (const name of await readdir(lake)) {
    if (name.endsWith('.draft')) await rm(join(lake, name), { force: true });
  }
}

/** Flushes a file, or a folder's names, to disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

let crash: { name: string; passes: number } | undefined;

/** Tests only: end this process with SIGKILL at the count-th pass of a point, given as `name:count`. */
export function armCrash(crashAt: string | null): void {
  const [name = '', passes = '1'] = (crashAt ?? '').split(':');
  crash = name === '' ? undefined : { name, passes: Number(passes) };
}

/** Marks a place between two durable steps, where tests end the process. */
export function atPoint(name: string): void {
  if (crash?.name !== name) return;
  crash.passes -= 1;
  if (crash.passes === 0) process.kill(process.pid, 'SIGKILL');
}
