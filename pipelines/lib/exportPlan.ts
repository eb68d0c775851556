import { exitCodes, UserError } from '../errors.js';
import type { Dataset } from './exportRows.js';
import type { Manifest, Table } from './manifest.js';
import type { Profile } from './profile.js';

/** What an export writes, and which built datasets its profile cannot carry. */
export type ExportPlan = {
  readonly datasets: readonly Dataset[];
  readonly omitted: Readonly<Record<string, string>>;
};

/** Written only when it is named: hashes and ids of the other sets' rows, nothing a trainer loads. */
const unasked = ['training_examples'];

/** The datasets to write, in name order: those named, or all that are built. A named one that cannot be written is refused. */
export function planExport(
  tables: Manifest['tables'],
  profile: Profile,
  names: readonly string[] | null,
): ExportPlan {
  const built = Object.entries(tables)
    .filter(([name]) => name.startsWith('datasets.'))
    .map(([name, table]) => [name.replace('datasets.', ''), table] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (built.length === 0) throw new UserError('lake: no dataset is built; run `tracemill build`');
  const unknown = (names ?? []).find((name) => !built.some(([known]) => known === name));
  if (unknown !== undefined) {
    throw usage(`--dataset ${unknown}: not built; use ${built.map(([name]) => name).join(', ')}`);
  }
  const datasets: Dataset[] = [];
  const omitted: Record<string, string> = {};
  for (const [name, table] of built) {
    if (names === null ? unasked.includes(name) : !names.includes(name)) continue;
    const encoding = encodingOf(profile, name, table);
    if (typeof encoding !== 'string') datasets.push({ name, table, encoding });
    else if (names === null) omitted[name] = encoding;
    else throw usage(`--dataset ${name}: profile ${profile.name} cannot carry it (${encoding}); use another`);
  }
  return { datasets, omitted };
}

function encodingOf(profile: Profile, name: string, table: Table) {
  if (unasked.includes(name) && profile.extension === 'jsonl') return 'it holds no text';
  return profile.encode(name, table.columns);
}

function usage(message: string): UserError {
  return new UserError(message, { exitCode: exitCodes.usage });
}
