import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Config } from '../../pipelines/config.js';
import { unnamedFiles } from '../../pipelines/lib/commitLog.js';
import { groupBy } from '../../pipelines/lib/groups.js';
import { lakeFolder } from '../../pipelines/lib/lake.js';
import { readManifest } from '../../pipelines/lib/manifest.js';
import type { Run } from './jobs.js';
import { current, homes, type Log } from './logs.js';
import { type Kept, withRaw } from './quiet.js';

/** Why a run may end otherwise than with 0, by the fault that excuses it: what it must say then. */
const excuses: Readonly<Record<string, RegExp>> = {
  'disk full': /disk is full|make room|has no space left on its disk/,
  'read-only lake': /can only be read|EROFS|may not write there/,
};

/** Runs that ended as no fault excuses. */
export function judgeRuns(runs: readonly Run[]): string[] {
  const isFine = ({ verb, code, signal, kill, faults, words }: Run) =>
    code === 0 ||
    code === 75 ||
    // Before the first build is done.
    (code === 1 && verb === 'load' && /nothing is built yet/.test(words)) ||
    (code === 1 && verb === 'handoff' && /not built yet/.test(words)) ||
    (code === 1 && verb === 'export' && /no dataset is built/.test(words)) ||
    (kill !== null && signal === 'SIGKILL') ||
    (code === 1 && faults.some((fault) => excuses[fault]?.test(words)));
  return runs
    .filter((run) => !isFine(run))
    .map(
      ({ verb, code, signal, faults, words }) =>
        `${verb} ended with ${code ?? signal}${faults.length === 0 ? '' : ` (${faults.join(', ')})`}: ${words.slice(-1500)}`,
    );
}

/**
 * Whether a lake holds what the writers wrote: each file that is there now whole, each older generation the beginning of what the
 * file once held, and no version of a file twice.
 */
export function judgeBytes(logs: readonly Log[], kept: readonly Kept[], folder: string): string[] {
  const problems: string[] = [];
  const home = homes(folder);
  const nameOf = ({ source, path }: Log) => {
    const root = { claude: home.claude, codex: home.codex, events: home.spool }[source];
    const inside = relative(root, path);
    return `${source}/${inside.startsWith('../') ? inside.slice(3) : inside}`;
  };
  const claimed = new Set<Kept>();
  const lastAt = groupBy(kept, ({ source, places }) => `${source}/${places.at(-1)?.path}`);
  for (const log of logs) {
    if (log.state === 'waiting') continue;
    const name = nameOf(log);
    const generations = (lastAt.get(name) ?? []).toSorted((a, b) => a.generation - b.generation);
    let version = -1;
    for (const generation of generations) {
      claimed.add(generation);
      const next = log.versions.findIndex(
        (bytes, index) =>
          index > version && bytes.subarray(0, generation.bytes.length).equals(generation.bytes),
      );
      if (next < 0) {
        const is = log.versions.some((bytes) =>
          bytes.subarray(0, generation.bytes.length).equals(generation.bytes),
        );
        problems.push(
          `${name}: generation ${generation.generation} of ${generation.bytes.length} bytes ${is ? 'holds again what an earlier one has' : 'is not what the file ever held'}`,
        );
      } else version = next;
    }
    if (log.state === 'gone') continue;
    const now = log.path.endsWith('.zst') ? current(log) : readFileSync(log.path);
    const newest = generations.at(-1)?.bytes ?? Buffer.alloc(0);
    if (!now.equals(newest)) problems.push(`${name}: ${newest.length} bytes in the lake of ${now.length}`);
  }
  for (const stray of kept.filter((file) => !claimed.has(file) && file.source !== 'seq'))
    problems.push(`${stray.source}/${stray.places.at(-1)?.path}: is in the lake and was never written`);
  return problems;
}

/** Drafts, notes, locks and files that nothing names. */
export async function judgeLeftovers(config: Config): Promise<string[]> {
  const lake = lakeFolder(config);
  const names = readdirSync(lake, { recursive: true, encoding: 'utf8' });
  const built = /^(?!raw\/|commits\/|drafts\/|clickhouse\/)\w+\/\w+\/(day=[^/]+\/)?[^/]+\.parquet$/;
  const { tables } = await readManifest(lake);
  const named = new Set(
    Object.values(tables).flatMap(({ files }) => Object.values(files).map(({ file }) => file)),
  );
  const retiredFile = join(lake, 'retired.json');
  const retired = existsSync(retiredFile)
    ? (JSON.parse(readFileSync(retiredFile, 'utf8')) as { file: string }[])
    : [];
  for (const { file } of retired) named.add(file);
  const unnamed = await withRaw(config, (connection) => unnamedFiles(connection, lake));
  return [
    ...names.filter((name) =>
      /^drafts\/.|\.draft$|^lock\.holder$|^raw\.unfinished$|^unpublished\.json$/.test(name),
    ),
    ...names.filter((name) => built.test(name) && !named.has(name)),
    ...unnamed,
  ].map((name) => `lake/${name} is left behind`);
}

/** Pairs that were handed off, by id and field, without how often they changed; and what seq_mem says otherwise. */
export function readPairs(config: Config): { pairs: Record<string, string>; problems: string[] } {
  const pairs = new Map<string, Record<string, unknown>>();
  const lines = (file: string) =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  for (const line of lines(config.handoff)) {
    const { id, text, deleted, metadata } = JSON.parse(line);
    if (deleted === true) pairs.delete(id);
    else pairs.set(id, { text, ...metadata, revision: 0 });
  }
  const problems: string[] = [];
  const told = new Set<string>();
  for (const line of lines(config.seqMem)) {
    const id = pairTold(line);
    if (id === undefined) continue;
    // A pair that was taken back may be told again.
    if (id.startsWith('!')) told.delete(id.slice(1));
    else if (told.has(id)) problems.push(`seq_mem.jsonl: ${id} stands there twice`);
    else told.add(id);
  }
  for (const id of pairs.keys()) if (!told.has(id)) problems.push(`seq_mem.jsonl: ${id} is missing`);
  for (const id of told) if (!pairs.has(id)) problems.push(`seq_mem.jsonl: ${id} is not taken back`);
  const fields = [...pairs].flatMap(([id, pair]) =>
    Object.entries(pair).map(([name, value]) => [`${id} ${name}`, String(value)]),
  );
  return { pairs: Object.fromEntries(fields), problems };
}

/** The pair that a row of seq_mem tells, with `!` before it where it is taken back; nothing for half a line that a kill or a full disk left. */
function pairTold(line: string): string | undefined {
  try {
    const { qa_id: id, deleted } = JSON.parse(JSON.parse(line).subject);
    return deleted === true ? `!${id}` : id;
  } catch {
    return undefined;
  }
}
