import { exitCodes, UserError } from './errors.js';
import type { Command, Context } from './lib/command.js';
import { batchId, commitFiles, emptyRow, foldLog, sweepLog, writeCommit } from './lib/commitLog.js';
import { type CommitRow, listCommits, readCommits } from './lib/commits.js';
import { headSha256, isSettled } from './lib/identity.js';
import { lakeFolder, sweepDrafts } from './lib/lake.js';
import { withLock } from './lib/lock.js';
import { mergeSmallFiles } from './lib/merge.js';
import { amount } from './lib/progress.js';
import { type PurgedLines, readPurgedLines } from './lib/purgedLines.js';
import { type ReadResult, readRanges } from './lib/rangeReader.js';
import { openRawWriter } from './lib/rawWriter.js';
import { withoutSecrets } from './lib/redaction/fileNames.js';
import type { Warning } from './lib/scan.js';
import { milliseconds } from './lib/settings.js';
import { forgetRows } from './lib/tombstones.js';
import { type DuckDB, openDuckDB } from './lib/warehouse.js';
import { type Census, planWork, unreadable, type Work } from './lib/work.js';
import { allSources } from './sources/all.js';

/** What one ingest did with a source; `lines` and `bytes` are those read now, `waiting` files have an unfinished line. */
export type SourceReport = Census & { waiting: number; lines: number; bytes: number };

export type IngestReport = {
  readonly sources: readonly SourceReport[];
  readonly lines: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly bytesPerSecond: number;
  /** The number of the commit, null where there was nothing to commit. */
  readonly commit: string | null;
  /** Small raw files that were merged. */
  readonly merged: number;
  readonly warnings: readonly Warning[];
};

export type IngestOptions = Pick<Context, 'config' | 'progress' | 'now'> & {
  readonly settleMs?: number;
  /** Names of the sources to read, all by default. */
  readonly sources?: readonly string[];
};

/** Reads what is new in the logs into raw Parquet, every byte exactly once, with one commit at the end. */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const started = performance.now();
  const { config } = options;
  const lake = lakeFolder(config);
  const settleMs = options.settleMs ?? config.settleMs;
  const sources = allSources.filter(({ name }) => options.sources?.includes(name) ?? true);
  return withLock(config, 'ingest', async () => {
    const now = options.now();
    const duckdb = await openDuckDB();
    try {
      const { connection } = duckdb;
      await sweepLog(connection, lake, now);
      const plan = await planWork({ connection, config, sources, settleMs, now });
      const reports = plan.census.map((census) => ({ ...census, waiting: 0, lines: 0, bytes: 0 }));
      const warnings = [...plan.warnings];
      const onRead = (work: Work, result: ReadResult) => {
        const name = `${work.file.source.name}/${work.file.path}`;
        warnings.push(...result.notes.map((note) => `${name}: ${note}`));
        if (result.failure !== undefined) warnings.push(unreadable(work.file, result.failure));
        const report = reports.find(({ source }) => source === work.file.source.name);
        if (report === undefined) return;
        for (const range of result.ranges) {
          if (range.rawFiles.length === 0) continue;
          report.lines += range.lines;
          report.bytes += range.end - range.start;
        }
        if (result.waiting > 0) report.waiting += 1;
      };
      const reading = { ...options, lake, duckdb, work: plan.work, settleMs, at: now, onRead };
      const commit = await readAndCommit(reading);
      if (commit !== null) await readCommits(connection, lake);
      const merged = await mergeAndCommit(duckdb, lake, settleMs, now);
      await foldLog(connection, lake, now);
      const sum = (pick: (report: SourceReport) => number) =>
        reports.reduce((total, report) => total + pick(report), 0);
      const seconds = (performance.now() - started) / 1000;
      const bytes = sum((report) => report.bytes);
      return {
        sources: reports,
        lines: sum(({ lines }) => lines),
        bytes,
        seconds,
        bytesPerSecond: Math.round(bytes / Math.max(seconds, 1e-3)),
        commit,
        merged,
        warnings: await withoutSecrets(config, warnings),
      };
    } catch (error) {
      await sweepDrafts(lake);
      throw error;
    } finally {
      duckdb.close();
    }
  });
}

async function readAndCommit(
  options: IngestOptions & {
    lake: string;
    duckdb: DuckDB;
    work: readonly Work[];
    settleMs: number;
    at: Date;
    onRead: (work: Work, result: ReadResult) => void;
  },
): Promise<string | null> {
  const { lake, work, settleMs, at } = options;
  if (work.length === 0) return null;
  const id = batchId((await listCommits(lake)).next);
  const { duckdb, config } = options;
  const writer = openRawWriter({ lake, batchId: id, duckdb, workers: config.workers });
  const progress = options.progress('ingest', totalBytes(work), 'bytes');
  const rows: CommitRow[] = [];
  const purged = await readPurgedLines(duckdb.connection);
  try {
    for (const [index, item] of work.entries()) {
      const { file, fileKey, offset, line, day } = item;
      const withTail = isSettled(file, { settleMs, now: at });
      const head = item.state?.head ?? null;
      const result = await readRanges({
        file,
        head,
        fileKey,
        offset,
        line,
        withTail,
        known: item.state?.end ?? 0,
        tail: item.state?.tail ?? null,
        day,
        purged: await purgedOf(purged, item),
        writer,
        onBytes: progress.add,
      });
      options.onRead(item, result);
      rows.push(...commitRows(item, result, id, at));
      const next = work[index + 1];
      if (day !== null && (next?.day !== day || next.file.source !== file.source)) {
        await writer.endDay(file.source.name, day);
      }
    }
    const { connection } = duckdb;
    const hasEvents = rows.some(({ source }) => source === 'events' || source === 'seq');
    if (hasEvents) {
      const drafts = await writer.finish();
      rows.push(...(await forgetRows({ connection, lake, drafts, batchId: id, now: at })));
    }
    // The names of all raw files are known: the commit is drafted while the last of them are made.
    const [drafts, commit] = await Promise.all([
      writer.finish(),
      rows.length === 0 ? null : writeCommit(lake, rows),
    ]);
    if (commit === null) return null;
    const points = { renamed: 'raw-renamed', committed: 'commit-renamed' };
    await commitFiles({ lake, id, drafts, commit, points });
    return id;
  } finally {
    progress.end();
    await writer.close();
  }
}

/** The purged lines that a file may hold: it is opened only where there are any. */
async function purgedOf(purged: PurgedLines, { file, state, sessionId }: Work): Promise<ReadonlySet<string>> {
  const source = file.source.name;
  if (purged.isEmpty) return purged.of({ source, sessionId: null, head: null });
  // A file that cannot be read says so when its lines are.
  const head = state?.head ?? (await headSha256(file).catch(() => null));
  return purged.of({ source, sessionId, head });
}

/** One row a range; one without bytes where only path, size or times of a known file changed, or an empty file is new. */
function commitRows(work: Work, result: ReadResult, id: string, now: Date): CommitRow[] {
  const { file, state } = work;
  const common = {
    ...emptyRow('add', id, now),
    source: file.source.name,
    source_path: file.path,
    file_key: work.fileKey,
    generation: work.generation,
    session_id: work.sessionId,
    // A size that no file has makes the next run look again.
    size: result.failure === undefined ? file.size : -1,
    mtime_ms: file.mtimeMs,
    inode: file.inode,
    partition_day: work.day,
  };
  if (result.ranges.length > 0) {
    return result.ranges.map((range) => ({
      ...common,
      start_offset: range.start,
      end_offset: range.end,
      sha256: range.sha256,
      lines: range.lines,
      first_line_no: range.firstLine,
      head_sha256: range.head,
      tail_sha256: range.tail,
      raw_files: range.rawFiles,
      unterminated: range.unterminated,
    }));
  }
  if (result.failure !== undefined || (state === undefined && file.size > 0)) return [];
  const end = state?.end ?? 0;
  const heads = { head_sha256: state?.head ?? null, tail_sha256: state?.tail ?? null };
  return [{ ...common, ...heads, start_offset: end, end_offset: end, lines: 0, first_line_no: work.line }];
}

async function mergeAndCommit(duckdb: DuckDB, lake: string, settleMs: number, now: Date): Promise<number> {
  const { connection } = duckdb;
  const id = batchId((await listCommits(lake)).next);
  const { drafts, rows } = await mergeSmallFiles({ lake, connection, settleMs, batchId: id, now });
  if (rows.length > 0) {
    const commit = await writeCommit(lake, rows);
    await commitFiles({ lake, id, drafts, commit, points: { renamed: 'merge-renamed' } });
  }
  return rows.reduce((total, row) => total + row.replaces.length, 0);
}

// Logs compress to about a sixth.
function totalBytes(work: readonly Work[]): number {
  return work.reduce(
    (sum, { file, offset }) => sum + Math.max(0, file.size * (file.isCompressed ? 6 : 1) - offset),
    0,
  );
}

/** `tracemill ingest`. */
export const command: Command = {
  describe: 'Read new log lines into the lake',
  example: 'tracemill ingest --settle 0',
  options: {
    settle: {
      type: 'string',
      describe: 'Take a last line without newline once its file was quiet so long: 0, 90s, 10m, 1h',
    },
    source: {
      type: 'string',
      array: true,
      choices: allSources.map(({ name }) => name),
      describe: 'Only these sources',
    },
  },
  run: async (args, context) => {
    const report = await ingest({
      ...context,
      ...(args.settle === undefined ? {} : { settleMs: readSettle(String(args.settle)) }),
      ...(args.source === undefined ? {} : { sources: args.source as string[] }),
    });
    return { summary: summarize(report), json: report };
  },
};

function readSettle(text: string): number {
  if (/^\d+(ms|s|m|h|d)?$/.test(text)) return milliseconds(text);
  throw new UserError(`--settle: ${text} is no duration; write 0, 90s, 10m, 1h or 2d`, {
    exitCode: exitCodes.usage,
  });
}

const shownWarnings = 20;

function summarize(report: IngestReport): string[] {
  const lines = report.sources
    .filter(({ files }) => files > 0)
    .map((source) => {
      const words: [string, number][] = [
        ['new', source.new],
        ['grown', source.grown],
        ['moved', source.moved],
        ['new generation', source.generation],
        ['touched', source.touched],
        ['unchanged', source.unchanged],
        ['with an unfinished last line', source.waiting],
      ];
      const counts = words
        .filter(([, count]) => count > 0)
        .map(([word, count]) => `${amount(count, 'items')} ${word}`);
      const read = `${amount(source.lines, 'items')} lines, ${amount(source.bytes, 'bytes')}`;
      return `${source.source}: ${amount(source.files, 'items')} files (${counts.join(', ')}), ${read}`;
    });
  if (lines.length === 0)
    lines.push('no log files found; `tracemill doctor` shows where they are looked for');
  const { warnings } = report;
  lines.push(...warnings.slice(0, shownWarnings).map((warning) => `! ${warning}`));
  if (warnings.length > shownWarnings)
    lines.push(`! and ${warnings.length - shownWarnings} more; --json lists all`);
  const rate = `${amount(report.bytesPerSecond, 'bytes')}/s`;
  const read = `read ${amount(report.lines, 'items')} lines, ${amount(report.bytes, 'bytes')} in ${report.seconds.toFixed(1)} s (${rate})`;
  const commit = report.commit === null ? 'nothing to commit' : `commit ${report.commit}`;
  const merged = report.merged === 0 ? '' : `, merged ${report.merged} small raw files`;
  return [...lines, `${read}; ${commit}${merged}`];
}
