import { chmod, copyFile, open, stat, truncate } from 'node:fs/promises';

/** Beyond this many bytes a log is set aside as `<name>.1`, in the place of the one before. */
export const mostLogBytes = 10e6;

/**
 * Keeps a log bounded. It is copied and emptied, not renamed: its writers hold it open for appending, and what a dying
 * process says last must be found in the file that people look into. Only while nobody writes to it.
 */
export async function boundLog(path: string, most = mostLogBytes): Promise<boolean> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size <= most) return false;
  await copyFile(path, `${path}.1`);
  await chmod(`${path}.1`, 0o600);
  await truncate(path);
  return true;
}

/** The last lines of a log, at most so many and from its last megabyte; undefined where there is no log. */
export async function lastLines(path: string, most: number): Promise<string[] | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(size, 1 << 20));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, size - bytes.length);
    const text = bytes.toString('utf8', 0, bytesRead);
    return text === '' ? [] : text.replace(/\n$/, '').split('\n').slice(-most);
  } finally {
    await handle.close();
  }
}
