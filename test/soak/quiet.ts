import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { build } from '../../pipelines/build.js';
import { type Config, readConfig } from '../../pipelines/config.js';
import { ingest } from '../../pipelines/ingest.js';
import { readCommits } from '../../pipelines/lib/commits.js';
import { lakeFolder } from '../../pipelines/lib/lake.js';
import { readManifest } from '../../pipelines/lib/manifest.js';
import { silentProgress } from '../../pipelines/lib/progress.js';
import { rawDays } from '../../pipelines/lib/rawState.js';
import { openDuckDB, quote } from '../../pipelines/lib/warehouse.js';
import { zstd } from '../support/zstd.js';

/** One generation of a file as a lake holds it. */
export type Kept = {
  readonly source: string;
  readonly fileKey: string;
  readonly generation: number;
  /** Where it was in turn, with the batch that first said so and how far it was read then. */
  readonly places: readonly { path: string; batch: string; end: number }[];
  /** How far each batch that read of it came. */
  readonly reads: readonly { batch: string; end: number }[];
  readonly bytes: Buffer;
};

/** Runs work with the raw lines of a lake that count, as the table `lines`, and its log as `commits`. */
export async function withRaw<T>(
  config: Config,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const lake = lakeFolder(config);
  const { connection, close } = await openDuckDB({ memoryMb: 3000 });
  try {
    await readCommits(connection, lake);
    const files = (await rawDays(connection)).flatMap((day) => day.files);
    const list = files.map((file) => quote(join(lake, file))).join(', ');
    await connection.run(`
      create temp table lines as
      select lines.* replace (files.source_path as source_path), files.generation, files.is_current
      from read_parquet([${list}], hive_partitioning = true, hive_types = {'day': varchar}) as lines
      join raw_files_state as files using (file_key)
      anti join raw_superseded as superseded using (file_key, byte_offset, byte_length)`);
    return await work(connection);
  } finally {
    close();
  }
}

/** Every generation of every file that a lake holds, rebuilt. */
export function readKept(config: Config): Promise<Kept[]> {
  return withRaw(config, async (connection) => {
    const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS();
    const places = await read(`
      select file_key, source_path, generation, min(batch_id) as batch, min_by(end_offset, (batch_id, -end_offset)) as end_at from commits where op = 'add'
      group by all order by batch, file_key, source_path, generation`);
    const reads = await read(
      `select file_key, batch_id, max(end_offset) as end_at from commits where op = 'add' group by all`,
    );
    const contents = await read(`
      select source, file_key, any_value(generation) as generation,
        list({byte_offset: byte_offset, content: coalesce(bytes, encode(line)), byte_length: byte_length} order by byte_offset) as lines
      from lines group by all order by source, file_key`);
    return contents.map((row) => ({
      source: String(row.source),
      fileKey: String(row.file_key),
      generation: Number(row.generation),
      places: places
        .filter(({ file_key }) => file_key === row.file_key)
        .map(({ source_path, batch, end_at }) => ({
          path: String(source_path),
          batch: String(batch),
          end: Number(end_at),
        })),
      reads: reads
        .filter(({ file_key }) => file_key === row.file_key)
        .map(({ batch_id, end_at }) => ({ batch: String(batch_id), end: Number(end_at) })),
      bytes: rebuild(row.lines as unknown as { items: Line[] } | Line[]),
    }));
  });
}

type Line = { byte_offset: bigint; content: Uint8Array; byte_length: bigint };

/** The lines put together; a gap or an overlap becomes visible as other bytes. */
function rebuild(list: { items: Line[] } | Line[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { byte_offset, content, byte_length } of 'items' in list ? list.items : list) {
    if (Number(byte_offset) !== at) parts.push(Buffer.from(`\0gap or overlap at ${at}\0`));
    parts.push(Buffer.from(content));
    if (Number(byte_length) > content.length) parts.push(Buffer.from('\n'));
    at = Number(byte_offset) + Number(byte_length);
  }
  return Buffer.concat(parts);
}

/**
 * Makes the lake of a run that nothing disturbed: the files as the disturbed one read them, with one ingest, and one more for
 * each time that a file was seen to have moved or to be another one; then one build.
 */
export async function makeQuiet(options: {
  kept: readonly Kept[];
  folder: string;
  disturbed: Config;
  environment: Record<string, string>;
}): Promise<{ config: Config; ingests: number }> {
  const { kept, folder, disturbed } = options;
  const logs = join(folder, 'logs');
  const data = join(folder, 'data');
  const config = readConfig({
    ...options.environment,
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: join(logs, 'claude'),
    SEQ_AGENT_QA_CODEX_DIR: join(logs, 'codex', 'sessions'),
    TRACEMILL_SPOOL: join(logs, 'events'),
    TRACEMILL_SEQ_MEM: join(logs, 'seq', 'seq_mem.jsonl'),
    TRACEMILL_SETTLE: '0',
  });
  mkdirSync(join(data, 'lake'), { recursive: true });
  // Placeholders of what is redacted depend on it.
  await cp(join(lakeFolder(disturbed), 'redaction.key'), join(data, 'lake', 'redaction.key')).catch(() => {});
  const absolute = (source: string, path: string) => {
    const home = { codex: join(logs, 'codex', 'sessions'), claude_files: join(logs, 'claude') }[source];
    const isArchived = source === 'codex' && path.startsWith('archived_sessions/');
    return join(isArchived ? join(logs, 'codex') : (home ?? join(logs, source)), path);
  };
  const now = new Date();
  let ingests = 0;
  const read = async () => {
    ingests += 1;
    await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
  };
  const sightings = kept
    .flatMap((file) => file.places.map((place) => ({ file, ...place })))
    .sort((a, b) => (a.batch < b.batch ? -1 : a.batch > b.batch ? 1 : 0));
  const at = new Map<Kept, string>();
  const write = (file: Kept, path: string, end: number) => {
    mkdirSync(dirname(absolute(file.source, path)), { recursive: true });
    const bytes = file.bytes.subarray(0, end);
    writeFileSync(absolute(file.source, path), path.endsWith('.zst') ? zstd(bytes) : bytes);
  };
  const placeOf = ({ file, path }: (typeof sightings)[number]) => `${file.source}/${path}`;
  for (const batch of new Set(sightings.map((sighting) => sighting.batch))) {
    const together = sightings.filter((sighting) => sighting.batch === batch);
    const isKnown = together.some((one) => at.has(one.file) || [...at.values()].includes(placeOf(one)));
    if (isKnown) {
      // What becomes another file now was read so far before; the rest of it came once it was there again.
      for (const [file, place] of at) {
        const ends = file.reads.filter((one) => one.batch < batch).map(({ end }) => end);
        write(file, place.slice(file.source.length + 1), Math.max(0, ...ends));
      }
      await read();
    }
    for (const one of together) {
      const before = at.get(one.file);
      if (before !== undefined && before !== placeOf(one))
        rmSync(absolute(one.file.source, before.slice(one.file.source.length + 1)), { force: true });
    }
    for (const one of together) {
      for (const [file, place] of at) if (place === placeOf(one)) at.delete(file);
      at.set(one.file, placeOf(one));
      write(one.file, one.path, one.end);
    }
    if (isKnown) await read();
  }
  for (const [file, place] of at) write(file, place.slice(file.source.length + 1), file.bytes.length);
  await read();
  const { failures } = await build({ config, now, progress: silentProgress });
  if (failures.length > 0) throw new Error(`the quiet build failed: ${JSON.stringify(failures)}`);
  return { config, ingests };
}

/** What must be equal (design of the kill tests): raw rows without their batches, and the bytes of every file above raw. */
export async function contents(config: Config): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const rows = await withRaw(config, (connection) =>
    connection.runAndReadAll(`
      select source, day, source_path, file_key, generation, is_current, count(*)::varchar,
        sha256(string_agg(concat_ws(' ', line_no, byte_offset, byte_length, line is null, coalesce(sha256(line), sha256(bytes))), ',' order by byte_offset))
      from lines group by all order by all`),
  );
  for (const [source, day, path, key, generation, current, count, hash] of rows.getRows())
    found[`raw ${source} ${day} ${path} ${key} ${generation} ${current}`] = `${count} rows, ${hash}`;
  const { tables } = await readManifest(lakeFolder(config));
  for (const [name, { files }] of Object.entries(tables))
    for (const [day, { sha256, rows }] of Object.entries(files))
      found[`${name} ${day}`] = `${rows} rows, ${sha256}`;
  return found;
}

/** What two such descriptions differ in, in words. */
export function differences(found: Record<string, string>, wanted: Record<string, string>): string[] {
  return [...new Set([...Object.keys(found), ...Object.keys(wanted)])]
    .filter((name) => found[name] !== wanted[name])
    .map((name) => `${name}: ${found[name] ?? 'not there'}, quietly ${wanted[name] ?? 'not there'}`);
}
