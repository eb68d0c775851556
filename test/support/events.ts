import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildResult, build } from '../../pipelines/build.js';
import { type Config, readConfig } from '../../pipelines/config.js';
import { ingest } from '../../pipelines/ingest.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import { openFor } from './warehouse.js';

/** Lines of a spool file: each a record, or its text as it is; or the whole text of the file. */
export type SpoolLines = string | readonly unknown[];

/** An event as tests write it: what the envelope needs is filled in. */
export type EventSpec = { id: string; event_type: string; payload?: unknown } & Record<string, unknown>;

/** An event line: version 1, at noon of 1 May 2026 unless it says when. */
export function eventLine({ id, event_type, payload = {}, ...more }: EventSpec): Record<string, unknown> {
  return { id, timestamp: '2026-05-01T12:00:00.000Z', event_type, schema_version: 1, ...more, payload };
}

/** A data folder whose spool and memory log grow between builds. */
export type EventStore = {
  readonly config: Config;
  /** Appends lines to a spool file. */
  record: (file: string, lines: SpoolLines) => Promise<void>;
  /** Puts another file in the place of a spool file, as a rotation does. */
  rewrite: (file: string, lines: SpoolLines) => Promise<void>;
  /** Appends rows to seq's memory log. */
  remember: (lines: SpoolLines) => Promise<void>;
  /** Reads what is new and builds the models selected (with all before them), or all. */
  run: (select?: readonly string[]) => Promise<BuildResult>;
  /** The rows of a query over what is published; `before` are statements to run first. */
  query: (sql: string, before?: readonly string[]) => Promise<Record<string, unknown>[]>;
  remove: () => Promise<void>;
};

/** An empty store; `environment` is added to the settings. */
export async function makeEventStore(environment: Record<string, string> = {}): Promise<EventStore> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-'));
  const config = readConfig({
    TRACEMILL_DATA: join(folder, 'data'),
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    CODEX_HOME: join(folder, 'codex'),
    TRACEMILL_WORKERS: '1',
    ...environment,
  });
  const inSpool = (file: string) => join(config.data, 'spool', 'events', file);
  return {
    config,
    record: (file, lines) => appendLines(inSpool(file), lines),
    rewrite: async (file, lines) => {
      await rm(inSpool(file));
      await appendLines(inSpool(file), lines);
    },
    remember: (lines) => appendLines(config.seqMem, lines),
    run: async (select) => {
      const now = new Date();
      await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
      const models = select?.map((name) => `+${name}`).join(',');
      return build({ config, now, progress: silentProgress, select: models });
    },
    query: async (sql, before = []) => {
      const { connection, close } = await openFor(config, [...before, sql].join('\n'));
      try {
        for (const statement of before) await connection.run(statement);
        return (await connection.runAndReadAll(sql)).getRowObjectsJS();
      } finally {
        close();
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Appends to a file, making its folder: a text as it is, records as one JSON line each. */
export async function appendLines(file: string, lines: SpoolLines): Promise<void> {
  const text =
    typeof lines === 'string'
      ? lines
      : lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, text);
}
