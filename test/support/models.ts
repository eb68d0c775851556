import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildResult, build } from '../../pipelines/build.js';
import { readConfig } from '../../pipelines/config.js';
import { ingest } from '../../pipelines/ingest.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import { type DuckDB, openWarehouse } from '../../pipelines/lib/warehouse.js';
import { appendLines, type SpoolLines } from './events.js';

/** Session files: a folder to copy, or path -> text (or records, one JSON line each). */
export type SessionFiles = string | Readonly<Record<string, string | readonly unknown[]>>;

export type Fixture = {
  readonly result: BuildResult;
  query: (sql: string) => Promise<Record<string, unknown>[]>;
  close: () => Promise<void>;
};

export type FixtureOptions = {
  claude?: SessionFiles;
  codex?: SessionFiles;
  /** Lines of a spool file (support/events.ts has more for events). */
  events?: SpoolLines;
  /** Rows of seq's memory log. */
  seq?: SpoolLines;
  /** Folder of the SQL models. */
  sql?: string;
  /** Models to build, with all before them. */
  select?: readonly string[];
};

/** Reads session files into a lake of its own and builds the models selected, those of the repository by default. */
export async function buildFixture(options: FixtureOptions): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-'));
  await writeSessions(join(folder, 'claude', 'projects'), options.claude ?? {});
  await writeSessions(join(folder, 'codex', 'sessions'), options.codex ?? {});
  const data = join(folder, 'data');
  if (options.events !== undefined) {
    await appendLines(join(data, 'spool', 'events', 'events.jsonl'), options.events);
  }
  if (options.seq !== undefined) await appendLines(join(data, 'seq_mem.jsonl'), options.seq);
  const config = readConfig({
    TRACEMILL_DATA: data,
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    CODEX_HOME: join(folder, 'codex'),
    TRACEMILL_WORKERS: '1',
    ...(options.sql === undefined ? {} : { TRACEMILL_SQL: options.sql }),
  });
  const now = new Date();
  await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
  const select = options.select?.map((name) => `+${name}`).join(',');
  const result = await build({ config, now, progress: silentProgress, select });
  let warehouse: DuckDB | undefined;
  return {
    result,
    query: async (sql) => {
      warehouse ??= await openWarehouse({ config });
      return (await warehouse.connection.runAndReadAll(sql)).getRowObjectsJS();
    },
    close: async () => {
      warehouse?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeSessions(folder: string, files: SessionFiles): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (typeof files === 'string') return cp(files, folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const lines =
      typeof content === 'string' ? content : content.map((record) => `${JSON.stringify(record)}\n`).join('');
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), lines);
  }
}
