import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import fastGlob from 'fast-glob';
import type { Config, Root } from '../config.js';
import type { Source } from './source.js';

/** A regular file as it lies on disk now. */
export type FoundFile = {
  readonly source: Source;
  /** Below its root, the root's prefix before it; the name the lake uses. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** True for .zst: offsets count decompressed bytes. */
  readonly isCompressed: boolean;
};

/** Something a person should know: `<source>/<path>: <what>; <what became of it>`. */
export type Warning = string;

export type Scan = { readonly files: FoundFile[]; readonly warnings: Warning[] };

type Walk = { readonly link: string; readonly real: string; readonly prefix: string };

/** The files of a source. What cannot be read or would be read twice becomes a warning. Missing roots are empty. */
export function scanSource(source: Source, config: Config): Scan {
  const warnings: Warning[] = [];
  const warn = (path: string, words: string) => warnings.push(`${source.name}/${path}: ${words}`);
  const queue: Walk[] = [];
  for (const root of source.roots(config)) {
    const real = realFolder(root);
    if (real !== null) queue.push({ link: root.path, real, prefix: root.prefix });
  }
  const globs = [...source.globs(config)];
  // Links are only followed below patterns that descend.
  const descends = globs.some((glob) => glob.startsWith('**/'));
  const walked = queue.map(({ real }) => real);
  const found = new Map<string, FoundFile>();
  for (let walk = queue.shift(); walk !== undefined; walk = queue.shift()) {
    const { link, real, prefix } = walk;
    const { names, links } = globFolder(link, globs, (path, words) => warn(`${prefix}${path}`, words));
    for (const name of descends ? links : []) {
      const target = folderBehind(join(link, name));
      if (target === null) continue;
      if (target === 'loop') warn(`${prefix}${name}`, 'is a symbolic link in a circle; not followed');
      else if (walked.some((folder) => isInside(target, folder) || isInside(folder, target))) {
        warn(`${prefix}${name}`, 'is a symbolic link to a folder that is read anyway; not followed');
      } else {
        walked.push(target);
        queue.push({ link: join(link, name), real: target, prefix: `${prefix}${name}/` });
      }
    }
    for (const name of names) {
      const absolute = join(link, name);
      const path = `${prefix}${name}`;
      const seen = statRegular(absolute, walked, (words) => warn(path, words));
      if (seen === null) continue;
      const { size, mtimeMs, ino } = seen;
      const inode = Number.isSafeInteger(ino) ? ino : 0;
      found.set(path, { source, path, absolute, size, mtimeMs, inode, isCompressed: name.endsWith('.zst') });
    }
    void real;
  }
  return { files: preferPlain([...found.values()]), warnings };
}

function realFolder(root: Root): string | null {
  try {
    return realpathSync(root.path);
  } catch {
    return null;
  }
}

function globFolder(cwd: string, globs: string[], warn: (path: string, words: string) => void) {
  const links: string[] = [];
  const readdir = (path: string, options: { withFileTypes: true }): Dirent[] => {
    try {
      const entries = readdirSync(path, options);
      for (const entry of entries) {
        if (entry.isSymbolicLink()) links.push(relative(cwd, join(path, entry.name)).split(sep).join('/'));
      }
      return entries;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOENT')
        warn(relative(cwd, path) || '.', `cannot be listed (${code}); its files wait until it can`);
      throw error;
    }
  };
  const names = fastGlob.sync(globs, {
    cwd,
    dot: true,
    onlyFiles: false,
    unique: true,
    followSymbolicLinks: false,
    suppressErrors: true,
    fs: { readdirSync: readdir as typeof readdirSync },
  });
  return { names: names.sort(), links };
}

function folderBehind(path: string): string | 'loop' | null {
  try {
    return statSync(path).isDirectory() ? realpathSync(path) : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ELOOP' ? 'loop' : null;
  }
}

function statRegular(path: string, walked: readonly string[], warn: (words: string) => void): Stats | null {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      if (!lstatSync(path).isSymbolicLink()) warn('is a folder, not a log; not read');
      return null;
    }
    if (!stats.isFile()) {
      warn('is no regular file; not read');
      return null;
    }
    if (lstatSync(path).isSymbolicLink() && walked.some((folder) => isInside(realpathSync(path), folder))) {
      warn('is a symbolic link to a file that is read under its own name; not read twice');
      return null;
    }
    return stats;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') warn('vanished, or is a link that leads nowhere; not read');
    else if (code !== 'ELOOP') warn(`cannot be looked at (${code}); it waits until it can`);
    return null;
  }
}

/** Codex compresses archived rollouts: while both are there, the plain file counts (session-formats 2.1). */
function preferPlain(files: FoundFile[]): FoundFile[] {
  const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const plain = new Set(files.filter((file) => !file.isCompressed).map((file) => baseName(file.path)));
  return files.filter((file) => !file.isCompressed || !plain.has(baseName(file.path).replace(/\.zst$/, '')));
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
