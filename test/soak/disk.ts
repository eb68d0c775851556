import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

/** The disk that the lake lies on. */
export type Disk = {
  /** `tmpfs` where this user may mount, else `simulated`: then only what Node itself writes is refused. */
  readonly kind: 'tmpfs' | 'simulated';
  /** Leaves so many bytes of free space. */
  readonly fill: (left: number) => void;
  readonly drain: () => void;
  /** Whether the system itself refuses to write while it can only be read. */
  readonly refusesWriting: boolean;
  /** False where it could not be done, as while a file is open for writing. */
  readonly setReadOnly: (readOnly: boolean) => boolean;
  /** What child processes must be told while nothing is really mounted. */
  readonly environment: () => Record<string, string>;
  readonly remove: () => void;
};

const usual = '2g';

/** A small disk of its own at a folder; simulated where nothing can be mounted. */
export function openDisk(folder: string): Disk {
  mkdirSync(folder, { recursive: true });
  const mount = (...words: string[]) => spawnSync('mount', words, { stdio: 'ignore' }).status === 0;
  if (!mount('-t', 'tmpfs', '-o', `size=${usual}`, 'tmpfs', folder)) return simulated(folder);
  return {
    kind: 'tmpfs',
    refusesWriting: true,
    fill: (left) => {
      const { blocks, bfree, bsize } = statfsSync(folder);
      mount('-o', `remount,size=${Math.max(1, (blocks - bfree) * bsize + left)}`, folder);
    },
    drain: () => mount('-o', `remount,size=${usual}`, folder),
    setReadOnly: (readOnly) => mount('-o', `remount,${readOnly ? 'ro' : 'rw'}`, folder),
    environment: () => ({}),
    remove: () => spawnSync('umount', [folder], { stdio: 'ignore' }),
  };
}

function simulated(folder: string): Disk {
  let code = '';
  // The rights of a file bind everybody but root.
  const isBound = process.getuid?.() !== 0;
  return {
    kind: 'simulated',
    refusesWriting: isBound,
    fill: () => {
      code = 'ENOSPC';
    },
    drain: () => {
      code = '';
    },
    setReadOnly: (readOnly) => {
      if (isBound) setRights(folder, readOnly);
      else code = readOnly ? 'EROFS' : '';
      return true;
    },
    environment: () =>
      code === '' ? ({} as Record<string, string>) : { SOAK_DISK: code, SOAK_DATA: folder },
    remove: () => {},
  };
}

/** Takes the right to write from a folder and all in it, or gives it back. */
function setRights(folder: string, readOnly: boolean): void {
  chmodSync(folder, readOnly ? 0o500 : 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) setRights(path, readOnly);
    else if (entry.isFile()) chmodSync(path, readOnly ? 0o400 : 0o600);
  }
}
