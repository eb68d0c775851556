import { type Dirent, existsSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import fastGlob from 'fast-glob';
import type { Config } from '../config.js';
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

/** A folder to walk: where it is, and what its files' paths begin with. */
type Walk = { readonly folder: string; readonly prefix: string };

/** The files of a source. What cannot be read or would be read twice becomes a warning. Missing roots are empty. */
export function scanSource(source: Source, config: Config): Scan {
  const warnings: Warning[] = [];
  const globs = [...source.globs(config)];
  const queue: Walk[] = [];
  const walked: string[] = [];
  const enqueue = (walk: Walk, real: string) => {
    walked.push(real);
    queue.push(walk);
  };
  for (const { path, prefix } of source.roots(config)) {
    const real = realFolder(path);
    if (real === null) continue;
    if (!walked.some((other) => isInside(real, other) || isInside(other, real)))
      enqueue({ folder: path, prefix }, real);
    else
      warnings.push(
        `${source.name}/${prefix}: lies in another folder of logs that is read anyway; not read twice`,
      );
  }
  const files: FoundFile[] = [];
  for (let walk = queue.shift(); walk !== undefined; walk = queue.shift()) {
    const { folder, prefix } = walk;
    const warn = (name: string, words: string) => warnings.push(`${source.name}/${prefix}${name}: ${words}`);
    const { names, links } = globFolder(folder, globs, warn);
    // Links to folders only matter below patterns that descend.
    for (const name of globs.some((glob) => glob.startsWith('**/')) ? links : []) {
      const target = folderBehind(join(folder, name));
      if (target === null) continue;
      if (target === 'circle') warn(name, 'is a symbolic link in a circle; not followed');
      else if (walked.some((other) => isInside(target, other) || isInside(other, target))) {
        warn(name, 'is a symbolic link to a folder that is read anyway; not followed');
      } else {
        enqueue({ folder: join(folder, name), prefix: `${prefix}${name}/` }, target);
      }
    }
    for (const name of names) {
      const absolute = join(folder, name);
      const stats = statLog(absolute, links.has(name), walked, (words) => warn(name, words));
      if (stats === null) continue;
      files.push({
        source,
        path: `${prefix}${name}`,
        absolute,
        ...identityOf(stats),
        isCompressed: name.endsWith('.zst'),
      });
    }
  }
  return { files: preferPlain(files), warnings };
}

/** What tells one version of a file from another without opening it. */
export function identityOf(stats: Stats): Pick<FoundFile, 'size' | 'mtimeMs' | 'inode'> {
  const { size, mtimeMs, ino } = stats;
  return { size, mtimeMs, inode: Number.isSafeInteger(ino) ? ino : 0 };
}

function realFolder(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function globFolder(cwd: string, globs: string[], warn: (path: string, words: string) => void) {
  const links = new Set<string>();
  const readdir = (path: string, options: { withFileTypes: true }): Dirent[] => {
    const folder = lineBreaks.decode(path);
    try {
      const entries = readdirSync(folder, options);
      for (const entry of entries) {
        const odd = oddName(folder, entry);
        if (odd !== null) warn(relative(cwd, join(folder, JSON.stringify(entry.name))), odd);
        if (entry.isSymbolicLink()) links.add(relative(cwd, join(folder, entry.name)).split(sep).join('/'));
        entry.name = lineBreaks.encode(entry.name);
      }
      return entries;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOENT')
        warn(relative(cwd, folder) || '.', `cannot be listed (${code}); its files wait until it can`);
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
  return { names: names.map(lineBreaks.decode).sort(), links };
}

/** Names as the patterns see them: their dot matches no character that ends a line, and a name may hold any. */
const lineBreaks = {
  encode: (name: string) =>
    name.replaceAll(/[\n\r\u2028\u2029\ue000]/g, (end) => `\ue000${'\n\r\u2028\u2029\ue000'.indexOf(end)}`),
  decode: (name: string) =>
    name.replaceAll(/\ue000(\d)/g, (_, digit) => '\n\r\u2028\u2029\ue000'[Number(digit)] ?? ''),
};

/** Why a file or folder cannot be found by its name; null where it can. */
function oddName(folder: string, entry: Dirent): string | null {
  if (!entry.isDirectory() && !/\.(jsonl|zst)/.test(entry.name)) return null;
  // What is not UTF-8 comes as U+FFFD, under which nothing is found.
  if (entry.name.includes('\ufffd') && !existsSync(join(folder, entry.name)))
    return 'has a name that is not UTF-8; rename it, nothing of it is read';
  return null;
}

function folderBehind(path: string): string | 'circle' | null {
  try {
    return statSync(path).isDirectory() ? realpathSync(path) : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ELOOP' ? 'circle' : null;
  }
}

function statLog(
  path: string,
  isLink: boolean,
  walked: readonly string[],
  warn: (words: string) => void,
): Stats | null {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      if (!isLink) warn('is a folder, not a log; not read');
      return null;
    }
    if (!stats.isFile()) {
      warn('is no regular file; not read');
      return null;
    }
    if (isLink && walked.some((folder) => isInside(realpathSync(path), folder))) {
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
