import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from './config.js';
import { exitCodes } from './errors.js';
import type { Command, Context } from './lib/command.js';
import { readCommits, readRanges } from './lib/commits.js';
import { type FileState, readFileStates } from './lib/fileStates.js';
import { groupBy } from './lib/groups.js';
import { agreesAtEnds, rangeSha256 } from './lib/identity.js';
import { lakeFolder } from './lib/lake.js';
import { openBytes } from './lib/lines.js';
import { checkLog } from './lib/logCheck.js';
import { amount } from './lib/progress.js';
import { checkRanges, type LoggedRange, loggedRanges, rangeName } from './lib/rangeCheck.js';
import { rawFilesTable } from './lib/rawState.js';
import { type FoundFile, identityOf } from './lib/scan.js';
import { openDuckDB } from './lib/warehouse.js';
import { allSources } from './sources/all.js';

export type VerifyReport = {
  /** Source ranges of the log, all rebuilt from the lake. */
  readonly ranges: number;
  /** Source ranges that were purged: the lake holds none of their lines. */
  readonly purged: { readonly ranges: number; readonly lines: number; readonly bytes: number };
  readonly lines: number;
  readonly bytes: number;
  readonly rawFiles: number;
  /** Source files by how they were compared: with their bytes, or not because they are gone or hold something else now. */
  readonly files: { readonly compared: number; readonly gone: number; readonly changed: number };
  /** What differs, in words; empty where all agrees. */
  readonly problems: readonly string[];
  readonly seconds: number;
};

/** Rebuilds every source range from the lake and compares SHA-256 with the log and, where it is still there, with the file. */
export async function verify(options: Pick<Context, 'config' | 'progress'>): Promise<VerifyReport> {
  const started = performance.now();
  const lake = lakeFolder(options.config);
  const duckdb = await openDuckDB();
  try {
    const { connection } = duckdb;
    await readCommits(connection, lake);
    await readRanges(connection);
    await rawFilesTable(connection);
    const inLog = await checkLog(connection, lake);
    const logged = await loggedRanges(connection);
    const isPurged = ({ rawFiles }: LoggedRange) => rawFiles.length === 0;
    const ranges = logged.filter((range) => !isPurged(range));
    const purged = logged.filter(isPurged);
    // A superseded line is in the lake twice, in its file once.
    const live = ranges.filter(({ superseded }) => !superseded);
    const sum = (list: readonly LoggedRange[], pick: (range: LoggedRange) => number) =>
      list.reduce((total, range) => total + pick(range), 0);
    const size = (range: LoggedRange) => range.end - range.start;
    const progress = options.progress('verify', sum(ranges, size) + sum(live, size), 'bytes');
    const inLake = await checkRanges({ connection, lake, ranges, onBytes: progress.add });
    const inFiles = await checkFiles({
      connection,
      config: options.config,
      // What was purged may still stand in its file, which is not ours.
      ranges: logged.filter(({ superseded }) => !superseded),
      onBytes: progress.add,
    });
    progress.end();
    return {
      ranges: ranges.length,
      purged: {
        ranges: purged.length,
        lines: sum(purged, ({ lines }) => lines),
        bytes: sum(purged, size),
      },
      lines: sum(live, ({ lines }) => lines),
      bytes: sum(live, size),
      rawFiles: new Set(ranges.flatMap(({ rawFiles }) => rawFiles)).size,
      files: inFiles.files,
      problems: [...inLog, ...inLake, ...inFiles.problems],
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    duckdb.close();
  }
}

type FileCheck = { files: VerifyReport['files']; problems: string[] };

async function checkFiles(options: {
  connection: DuckDBConnection;
  config: Config;
  ranges: readonly LoggedRange[];
  onBytes: (count: number) => void;
}): Promise<FileCheck> {
  const problems: string[] = [];
  const files = { compared: 0, gone: 0, changed: 0 };
  const byFile = groupBy(options.ranges, ({ fileKey }) => fileKey);
  const { states } = await readFileStates(options.connection);
  const newest = new Map<string, FileState>();
  for (const state of states) {
    const other = newest.get(`${state.source}/${state.path}`);
    if (other === undefined || other.generation < state.generation)
      newest.set(`${state.source}/${state.path}`, state);
  }
  for (const state of states) {
    const ranges = byFile.get(state.fileKey) ?? [];
    if (ranges.length === 0) continue;
    const isNewest = newest.get(`${state.source}/${state.path}`) === state;
    const verdict = isNewest ? await compareFile(state, ranges, options) : 'gone';
    if (typeof verdict === 'string') files[verdict] += 1;
    else {
      files.compared += 1;
      problems.push(...verdict);
    }
  }
  return { files, problems };
}

type Verdict = 'changed' | 'gone' | 'compared' | string[];

async function compareFile(
  state: FileState,
  ranges: readonly LoggedRange[],
  { config, onBytes }: { config: Config; onBytes: (count: number) => void },
): Promise<Verdict> {
  try {
    const file = locate(state, config);
    return file === undefined ? 'gone' : await compare(file, state, ranges, onBytes);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'gone';
    return [`${state.source}/${state.path}: cannot be read (${code}); give this user the right to read it`];
  }
}

/** Where a file of the log lies now; undefined where it is gone. */
function locate(state: FileState, config: Config): FoundFile | undefined {
  const source = allSources.find(({ name }) => name === state.source);
  for (const root of source?.roots(config) ?? []) {
    if (source === undefined || !state.path.startsWith(root.prefix)) continue;
    const absolute = join(root.path, state.path.slice(root.prefix.length));
    const stats = statSync(absolute, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const isCompressed = state.path.endsWith('.zst');
    return { source, path: state.path, absolute, ...identityOf(stats), isCompressed };
  }
  return undefined;
}

async function compare(
  file: FoundFile,
  state: FileState,
  ranges: readonly LoggedRange[],
  onBytes: (count: number) => void,
): Promise<Verdict> {
  const untouched = file.size === state.size && file.mtimeMs === state.mtimeMs && file.inode === state.inode;
  // A file that was replaced since is the next ingest's to read, not a fault of the lake.
  if (!untouched && !(await agreesAtEnds(file, state))) return 'changed';
  const reader = await openBytes(file);
  try {
    const differing: LoggedRange[] = [];
    for (const range of ranges) {
      if (rangeSha256(reader, range) !== range.sha256) differing.push(range);
      onBytes(range.end - range.start);
    }
    if (differing.length === 0) return 'compared';
    if (!untouched && file.size === state.size) return 'changed';
    return differing.map((range) => `${rangeName(range)}: the file's bytes differ from the log`);
  } finally {
    reader.close();
  }
}

const shownProblems = 50;

/** `tracemill verify`. */
export const command: Command = {
  describe: 'Rebuild every source range and compare SHA-256',
  example: 'tracemill verify --json',
  options: {},
  run: async (_args, context) => {
    const report = await verify(context);
    const ok = report.problems.length === 0;
    return { summary: summarize(report), json: report, exitCode: ok ? exitCodes.ok : exitCodes.dataFailed };
  },
};

function summarize(report: VerifyReport): string[] {
  const { files, problems } = report;
  const rebuilt = `${amount(report.ranges, 'items')} ranges rebuilt from ${amount(report.rawFiles, 'items')} raw files`;
  const size = `${amount(report.lines, 'items')} lines, ${amount(report.bytes, 'bytes')}`;
  const compared = `${amount(files.compared, 'items')} compared with their bytes`;
  const others = `${amount(files.gone, 'items')} gone or replaced, ${amount(files.changed, 'items')} changed since`;
  const lines = [
    `${rebuilt} (${size}) in ${report.seconds.toFixed(1)} s`,
    `source files: ${compared}, ${others}`,
  ];
  const { purged } = report;
  if (purged.ranges > 0)
    lines.push(
      `${amount(purged.ranges, 'items')} ranges purged (${amount(purged.lines, 'items')} lines, ${amount(purged.bytes, 'bytes')}): the lake holds them no more`,
    );
  lines.push(...problems.slice(0, shownProblems).map((problem) => `! ${problem}`));
  if (problems.length > shownProblems)
    lines.push(`! and ${problems.length - shownProblems} more; --json lists all`);
  lines.push(
    problems.length === 0
      ? 'every byte agrees with the log'
      : `${amount(problems.length, 'items')} differences`,
  );
  return lines;
}
