import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildOptions, type BuildResult, build } from '../../pipelines/build.js';
import { type Config, readConfig } from '../../pipelines/config.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import { openDuckDB, openWarehouse, quote } from '../../pipelines/lib/warehouse.js';

/** A temporary data folder with a sql folder of its own, and what a test does with them. */
export type TestLake = {
  readonly config: Config;
  readonly folder: string;
  /** Writes sql files: `{'core/turns': '-- One row …'}`; null removes one. */
  sql: (files: Record<string, string | null>) => Promise<void>;
  /** Puts lines into raw as one file of one commit; the same path again replaces it, an empty list removes it. */
  raw: (path: string, lines: readonly string[], where?: { source?: string; day?: string }) => Promise<void>;
  build: (options?: Partial<BuildOptions>) => Promise<BuildResult>;
  query: (sql: string) => Promise<Record<string, unknown>[]>;
  /** Path below lake/ -> SHA-256, of the files that a glob-like pattern matches. */
  hashes: (pattern?: RegExp) => Promise<Record<string, string>>;
  remove: () => Promise<void>;
};

/** Gives a lake a key of zeros, so that placeholders are the same in every lake. */
export async function writeKey(lake: string): Promise<void> {
  await mkdir(lake, { recursive: true });
  await writeFile(join(lake, 'redaction.key'), new Uint8Array(32), { mode: 0o600 });
}

/** An empty lake with a known key; `environment` is added to the settings. */
export async function makeLake(environment: Record<string, string> = {}): Promise<TestLake> {
  // A quote, a space and a would-be partition in the path, so that every test minds them.
  const folder = await mkdtemp(join(tmpdir(), "tracemill's a=b-"));
  const config = readConfig({
    TRACEMILL_DATA: join(folder, 'data'),
    TRACEMILL_SQL: join(folder, 'sql'),
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    CODEX_HOME: join(folder, 'codex'),
    ...environment,
  });
  const lake = join(config.data, 'lake');
  await writeKey(lake);
  const write = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  };
  return {
    config,
    folder,
    sql: async (files) => {
      await mkdir(config.sql, { recursive: true });
      for (const [name, text] of Object.entries(files)) {
        const path = join(config.sql, `${name}.sql`);
        await (text === null ? rm(path) : write(path, text));
      }
    },
    raw: (path, lines, { source = 'claude', day = '2026-01-01' } = {}) =>
      writeRaw(lake, { source, day, path, lines }),
    build: (options = {}) =>
      build({ config, now: new Date('2026-06-01'), progress: silentProgress, ...options }),
    query: async (sql) => {
      const warehouse = await openWarehouse({ config });
      const reader = await warehouse.connection.runAndReadAll(sql).finally(() => warehouse.close());
      return reader.getRowObjectsJS();
    },
    hashes: async (pattern = /^(?!raw|commits|lock|retired)/) => {
      const files = await readdir(lake, { recursive: true, withFileTypes: true });
      const found: Record<string, string> = {};
      for (const file of files.filter((entry) => entry.isFile())) {
        const path = join(file.parentPath, file.name);
        const name = path.slice(lake.length + 1);
        if (pattern.test(name))
          found[name] = createHash('sha256')
            .update(await readFile(path))
            .digest('hex');
      }
      return Object.fromEntries(Object.entries(found).sort());
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

type RawText = { source: string; day: string; path: string; lines: readonly string[] };

/** Raw rows and their commit, as ingest leaves them, without the source file. */
async function writeRaw(lake: string, { source, day, path, lines }: RawText): Promise<void> {
  const key = createHash('sha256').update(`${source} ${path}`).digest('hex').slice(0, 24);
  const text = lines.map((line) => `${line}\n`).join('');
  const sha256 = createHash('sha256').update(text).digest('hex');
  const file = `raw/${source}/day=${day}/${key}-${sha256.slice(0, 8)}.parquet`;
  const commit = join(lake, 'commits', `${String(parseInt(key.slice(0, 6), 16)).padStart(8, '0')}.parquet`);
  await mkdir(dirname(join(lake, file)), { recursive: true });
  await mkdir(dirname(commit), { recursive: true });
  await rm(commit, { force: true });
  if (lines.length === 0) return;
  let offset = 0;
  const rows = lines.map((line, index) => {
    const length = Buffer.byteLength(line) + 1;
    offset += length;
    return `(${quote(source)}, ${quote(path)}, ${quote(key)}, ${index + 1}, ${offset - length}, ${length}, ${quote(line)}, null::blob)`;
  });
  const names = 'source, source_path, file_key, line_no, byte_offset, byte_length, line, bytes';
  const duckdb = await openDuckDB();
  await duckdb.connection.run(
    `copy (select * replace (line_no::bigint as line_no, byte_offset::bigint as byte_offset, byte_length::bigint as byte_length)
     from (values ${rows.join(', ')}) as rows(${names})) to ${quote(join(lake, file))} (format parquet)`,
  );
  await duckdb.connection.run(
    `copy (select 'add' as op, ${quote(source)} as source, ${quote(path)} as source_path, ${quote(key)} as file_key,
        0 as generation, ${quote(path)} as session_id, 0::bigint as start_offset, ${offset}::bigint as end_offset,
        ${quote(sha256)} as sha256, ${lines.length}::bigint as lines, 1::bigint as first_line_no, '' as head_sha256,
        '' as tail_sha256, ${offset}::bigint as size, 0::bigint as mtime_ms, 0::bigint as inode, [${quote(file)}] as raw_files,
        []::varchar[] as replaces, ${quote(day)} as partition_day, 'test' as batch_id,
        '2026-01-01T00:00:00.000Z' as committed_at, false as unterminated) to ${quote(commit)} (format parquet)`,
  );
  duckdb.close();
}
