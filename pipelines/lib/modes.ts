import { lstat, readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Files and folders below a folder that others than their owner have a right to, as paths relative to it, sorted; `except` some, with all below them. */
export async function openToOthers(folder: string, except: readonly string[] = []): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const found: string[] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    if (except.some((other) => path === other || path.startsWith(`${other}${sep}`))) continue;
    const stats = await lstat(path).catch(() => undefined);
    if (stats !== undefined && !stats.isSymbolicLink() && (stats.mode & 0o077) !== 0) found.push(name);
  }
  return found;
}
