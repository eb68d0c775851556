import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exitCodes, UserError } from '../errors.js';
import type { ExportManifest } from './exportManifest.js';
import { readExportRecords } from './exportRecord.js';
import { isBelow } from './foreignNames.js';

/** An export as it lies on disk. */
export type FoundExport = {
  readonly folder: string;
  readonly manifest: ExportManifest & { readonly version: string };
};

/** The export a person names: `latest`, `latest~1`, a version, a beginning that only one has, or a folder. */
export async function findExport(out: string, name: string): Promise<FoundExport> {
  const folder = await folderOf(out, name);
  const path = join(folder, 'manifest.json');
  let manifest: FoundExport['manifest'];
  try {
    manifest = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UserError(`${path}: cannot be read; export again, or name another version`, { cause });
  }
  if (isExport(manifest)) return { folder, manifest };
  throw new UserError(`${path}: is not of an export, or names files outside of it; export again`);
}

/** The exports in a folder that are still there, newest first, with the time each was first made (ISO). */
export async function listExports(out: string): Promise<(FoundExport & { readonly createdAt: string })[]> {
  const records = (await readExportRecords(out)).filter(({ id }) =>
    existsSync(join(out, id, 'manifest.json')),
  );
  const found = records.map(async ({ id, created_at: createdAt }) => ({
    ...(await findExport(out, id)),
    createdAt,
  }));
  return (await Promise.all(found)).reverse();
}

/** An export may come from anywhere: what it calls its files must lie in its own folder. */
function isExport({ version, profile, datasets, filters, code }: FoundExport['manifest']): boolean {
  try {
    const isWhole = [datasets, filters, code].every((part) => typeof part === 'object' && part !== null);
    if (!isWhole || typeof version !== 'string' || typeof profile !== 'string') return false;
    return Object.values(datasets).every(({ splits }) =>
      Object.values(splits).every(({ files }) => files.every(isBelow)),
    );
  } catch {
    return false;
  }
}

async function folderOf(out: string, name: string): Promise<string> {
  const back = /^latest(?:~(\d+))?$/.exec(name);
  if (back !== null) {
    const record = (await readExportRecords(out)).at(-1 - Number(back[1] ?? 0));
    if (record === undefined) throw unknown(`${name}: there are not so many exports in ${out}`);
    return join(out, record.id);
  }
  const versions = (await readdir(out).catch(() => [])).filter((version) => /^[0-9a-f]{16}$/.test(version));
  const found = versions.filter((version) => version.startsWith(name));
  if (found.length === 1) return join(out, found[0] ?? '');
  if (found.length > 1) throw unknown(`${name}: ${found.length} exports begin so; write more of the version`);
  if (existsSync(join(resolve(name), 'manifest.json'))) return resolve(name);
  throw unknown(`${name}: no export in ${out} begins so, and it is no folder of one`);
}

function unknown(problem: string): UserError {
  const [what, ...rest] = problem.split('; ');
  const way =
    rest.length > 0 ? rest.join('; ') : 'use a version, its beginning, `latest`, `latest~1` or a folder';
  return new UserError(`${what}; ${way}`, { exitCode: exitCodes.usage });
}
