import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type IngestReport, ingest, type SourceReport } from '../../pipelines/ingest.js';
import { readCommits, readRanges } from '../../pipelines/lib/commits.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import { rawDays } from '../../pipelines/lib/rawState.js';
import { openDuckDB, quote } from '../../pipelines/lib/warehouse.js';
import { type VerifyReport, verify } from '../../pipelines/verify.js';
import { makeLake, type TestLake } from './lake.js';

export type Row = {
  day: string;
  source_path: string;
  file_key: string;
  line_no: number;
  byte_offset: number;
  byte_length: number;
  line: string | null;
};

/** A temporary home of both agents and the lake that ingest fills from it; paths begin with claude/ or codex/. */
export type TestLogs = {
  readonly lake: TestLake;
  /** Absolute path of a log, as `claude/projects/p/x.jsonl` or `codex/sessions/…`. */
  at: (path: string) => string;
  write: (path: string, content: string | Buffer) => Promise<void>;
  append: (path: string, content: string | Buffer) => Promise<void>;
  /** Sets a file's time so many hours back. */
  age: (path: string, hours: number) => Promise<void>;
  /** Reads at `now` (the clock by default), last lines without newline at once unless `settleMs` says otherwise. */
  ingest: (options?: { settleMs?: number; now?: Date; sources?: string[] }) => Promise<IngestReport>;
  verify: () => Promise<VerifyReport>;
  /** The raw rows that count, by file, offset and length; superseded ones too. */
  rows: (source: string) => Promise<Row[]>;
  /** What the lake gives back for a file: its newest rows put together in order. */
  rebuilt: (source: string, path: string) => Promise<Buffer>;
  /** `source day` -> content hash, as build sees it. */
  contents: () => Promise<Record<string, string>>;
  /** Path below lake/ -> SHA-256 and mtime, of every file that an ingest may write. */
  files: () => Promise<Record<string, string>>;
};

export const uuid = (digit: string) => [8, 4, 4, 4, 12].map((length) => digit.repeat(length)).join('-');

/** A line of a Claude transcript. */
export function line(text: string, more: Record<string, unknown> = {}): string {
  const record = { type: 'user', timestamp: '2026-03-01T10:00:00.000Z', ...more, text };
  return `${JSON.stringify(record)}\n`;
}

/** An empty home; `environment` is added to the settings. */
export async function makeLogs(environment: Record<string, string> = {}): Promise<TestLogs> {
  const lake = await makeLake(environment);
  const at = (path: string) => join(lake.folder, path);
  const folder = join(lake.config.data, 'lake');
  const queryRaw = async (source: string, select: string) => {
    const duckdb = await openDuckDB();
    try {
      await readCommits(duckdb.connection, folder);
      await readRanges(duckdb.connection);
      // Also what was read again longer since.
      const named = await duckdb.connection.runAndReadAll(
        `select distinct unnest(raw_files) from ranges where source = ${quote(source)}`,
      );
      const files = named.getRowsJS().map(([file]) => quote(join(folder, String(file))));
      if (files.length === 0) return [];
      const raw = `read_parquet([${files.join(', ')}], hive_partitioning = true, hive_types = {'day': varchar})`;
      return (await duckdb.connection.runAndReadAll(select.replace('RAW', raw))).getRowObjectsJS();
    } finally {
      duckdb.close();
    }
  };
  return {
    lake,
    at,
    write: async (path, content) => {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
    },
    append: (path, content) => appendFile(at(path), content),
    age: async (path, hours) => {
      const time = new Date(Date.now() - hours * 3600e3);
      await utimes(at(path), time, time);
    },
    ingest: ({ settleMs = 0, now = new Date(), sources } = {}) =>
      ingest({
        config: lake.config,
        progress: silentProgress,
        now: () => now,
        settleMs,
        ...(sources === undefined ? {} : { sources }),
      }),
    verify: () => verify({ config: lake.config, progress: silentProgress }),
    rows: async (source) => {
      const select = `select day, source_path, file_key, line_no::double as line_no, byte_offset::double as byte_offset,
          byte_length::double as byte_length, line
        from RAW order by source_path, file_key, byte_offset, byte_length`;
      return (await queryRaw(source, select)) as Row[];
    },
    rebuilt: async (source, path) => {
      const rows = await queryRaw(
        source,
        `select coalesce(bytes, encode(line)) as content, byte_length from RAW
         where source_path = ${quote(path)}
         qualify byte_length = max(byte_length) over (partition by file_key, byte_offset)
         order by byte_offset`,
      );
      return Buffer.concat(
        rows.flatMap(({ content, byte_length }) => {
          const bytes = Buffer.from(content as Uint8Array);
          return Number(byte_length) > bytes.length ? [bytes, Buffer.from('\n')] : [bytes];
        }),
      );
    },
    contents: async () => {
      const duckdb = await openDuckDB();
      await readCommits(duckdb.connection, folder);
      const days = await rawDays(duckdb.connection).finally(() => duckdb.close());
      return Object.fromEntries(days.map(({ source, day, content }) => [`${source} ${day}`, content]));
    },
    files: () => hashFiles(folder, /^(raw|commits)\//),
  };
}

/** One source's part of a report. */
export function of(report: IngestReport, source: string): SourceReport {
  const found = report.sources.find((entry) => entry.source === source);
  if (found === undefined) throw new Error(`the report has no source ${source}`);
  return found;
}

async function hashFiles(folder: string, pattern: RegExp): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (entry.isFile() && pattern.test(name))
      found[name] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
  }
  return found;
}

/** Removes what a test made. */
export async function removeLogs(logs: TestLogs): Promise<void> {
  await rm(logs.lake.folder, { recursive: true, force: true });
}
