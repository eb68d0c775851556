import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import { lakeFolder } from './lake.js';

/** The absolute path of a folder that --out names, links on the way to it aside; refused where it lies in the lake. */
export function readOut(folder: string, config: Pick<Config, 'data'>): string {
  const out = resolve(folder);
  if (`${real(out)}${sep}`.startsWith(`${real(lakeFolder(config))}${sep}`)) {
    const words = 'lies in the lake, which holds what is so now; name another folder';
    throw new UserError(`--out ${folder}: ${words}`, { exitCode: exitCodes.usage });
  }
  return out;
}

/** A path without links, also of what is not there yet. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(real(dirname(path)), basename(path));
  }
}
