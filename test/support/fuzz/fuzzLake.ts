import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from '../../../pipelines/build.js';
import { type Config, readConfig } from '../../../pipelines/config.js';
import { exportDatasets } from '../../../pipelines/export.js';
import { ingest } from '../../../pipelines/ingest.js';
import { silentProgress } from '../../../pipelines/lib/progress.js';
import { openDuckDB, openWarehouse, quote } from '../../../pipelines/lib/warehouse.js';
import { writeKey } from '../lake.js';
import { coreClaims, datasetClaims, stagingClaims } from './claims.js';

/** A claim that does not hold, and what shows it. */
export type Broken = { readonly claim: string; readonly shown: readonly unknown[] };
/** Path below a home of both agents -> bytes. */
export type Files = ReadonlyMap<string, Buffer>;
/** `again`: run ingest and build once more; `halves`: build a second lake of the files in two goes; `exported`: export too. */
export type Checks = { readonly again?: boolean; readonly halves?: boolean; readonly exported?: boolean };

const now = new Date('2026-11-01T00:00:00Z');

/** Puts files through the whole job, and says which claims do not hold. */
export async function brokenClaims(files: Files, checks: Checks = {}): Promise<Broken[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-fuzz-'));
  try {
    const whole = join(folder, 'whole');
    await write(whole, files);
    const broken = await run(whole, files);
    if (files.size === 0 || broken.some(({ claim }) => claim.startsWith('the job'))) return broken;
    if (checks.exported === true) broken.push(...(await refusedRows(whole)));
    const made = await hashes(whole);
    if (checks.again === true)
      broken.push(...differences('a second run changes nothing', made, await runAgain(whole)));
    if (checks.halves === true) {
      const halves = await inTwoGoes(folder, files);
      await write(halves, files);
      const failed = await jobOf(halves, 'ingest', 'build');
      broken.push(...failed.map(({ shown }) => ({ claim: 'the job runs in two goes', shown })));
      broken.push(...differences('two goes make the same lake as one', made, await hashes(halves)));
    }
    return broken;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const configOf = (home: string): Config =>
  readConfig({
    TRACEMILL_DATA: join(home, 'data'),
    CLAUDE_CONFIG_DIR: join(home, 'claude'),
    CODEX_HOME: join(home, 'codex'),
    TRACEMILL_SPOOL: join(home, 'spool'),
    TRACEMILL_SEQ_MEM: join(home, 'seq_mem.jsonl'),
    TRACEMILL_WORKERS: '1',
    TRACEMILL_SETTLE: '0',
  });

async function write(home: string, files: Files): Promise<void> {
  await writeKey(join(home, 'data', 'lake'));
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), bytes);
    await utimes(join(home, path), now, now);
  }
}

/** How the job failed, each failed check on its own. */
async function jobOf(home: string, ...verbs: ('ingest' | 'build')[]): Promise<Broken[]> {
  const config = configOf(home);
  try {
    if (verbs.includes('ingest'))
      await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
    if (!verbs.includes('build')) return [];
    const { failures } = await build({ config, now, progress: silentProgress });
    return failures.map(({ model, day, rule, rows, examples }) => ({
      claim: `the job runs: ${model} ${rule}`,
      shown: [`${day}: ${rows} rows, ${examples}`],
    }));
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [{ claim: 'the job runs', shown: [words.slice(0, 800)] }];
  }
}

async function run(home: string, files: Files): Promise<Broken[]> {
  const failed = await jobOf(home, 'ingest', 'build');
  if (failed.length > 0 || files.size === 0) return failed;
  const { connection, close } = await openWarehouse({ config: configOf(home) });
  try {
    const rawFiles = await readdir(join(home, 'data', 'lake', 'raw'), { recursive: true }).catch(() => []);
    const raw = join(home, 'data', 'lake', 'raw', '*', '*', '*.parquet');
    if (!rawFiles.some((name) => name.endsWith('.parquet'))) return lostBytes(files, async () => []);
    await connection.run(`
      create view raw_lines as
      select * from read_parquet(${quote(raw)}, hive_partitioning = true, hive_types = {'day': varchar}, union_by_name = true);
      create view named_lines as
      select named.source_path, raw_lines.* exclude (source_path) from raw_lines join (
        select distinct file_key, source_path from staging.claude_records union
        select distinct file_key, source_path from staging.codex_records union
        select distinct file_key, source_path from staging.event_rows) as named using (file_key);
      create macro is_redacted_word(word) as contains(word, '<')`);
    const broken = await lostBytes(files, async (sql) =>
      (await connection.runAndReadAll(sql)).getRowObjectsJS(),
    );
    for (const [claim, query] of Object.entries({ ...stagingClaims, ...coreClaims, ...datasetClaims })) {
      try {
        const found = (
          await connection.runAndReadAll(`select * from (${query}) limit 3`)
        ).getRowObjectsJson();
        if (found.length > 0) broken.push({ claim, shown: found });
      } catch (error) {
        broken.push({ claim: `${claim} (its query fails)`, shown: [String(error)] });
      }
    }
    return broken;
  } finally {
    close();
  }
}

/** Files that raw does not give back byte for byte. */
async function lostBytes(
  files: Files,
  query: (sql: string) => Promise<Record<string, unknown>[]>,
): Promise<Broken[]> {
  const rows = await query(
    `select source, source_path, coalesce(bytes, encode(line)) as content, byte_length from raw_lines
     order by source, source_path, byte_offset`,
  );
  const kept = new Map<string, Buffer[]>();
  for (const { source, source_path: path, content, byte_length: length } of rows) {
    const name = pathOf(String(source), String(path));
    const bytes = Buffer.from(content as Uint8Array);
    const parts = kept.get(name) ?? [];
    kept.set(name, parts);
    parts.push(bytes, Buffer.from(Number(length) > bytes.length ? '\n' : ''));
  }
  const rebuilt = new Map([...kept].map(([name, parts]) => [name, Buffer.concat(parts)]));
  const shown = [...files].filter(([path, bytes]) => !(rebuilt.get(path) ?? Buffer.alloc(0)).equals(bytes));
  return shown.length === 0
    ? []
    : [{ claim: 'raw gives every file back', shown: shown.map(([path]) => path) }];
}

async function runAgain(home: string): Promise<Record<string, string>> {
  const failed = await jobOf(home, 'ingest', 'build');
  return failed.length === 0 ? hashes(home) : { failed: JSON.stringify(failed) };
}

/** Rows that an export would not write, by dataset and reason. */
async function refusedRows(home: string): Promise<Broken[]> {
  try {
    const config = configOf(home);
    const { datasets } = await exportDatasets({
      ...{ config, progress: silentProgress, now, filters: {}, datasets: null },
      ...{ profile: 'trl', jsonl: true, out: join(config.data, 'exports') },
    });
    return Object.entries(datasets).flatMap(([name, { refused }]) =>
      Object.entries(refused).map(([reason, count]) => ({
        claim: `an export refuses no row of ${name}: ${reason}`,
        shown: [count],
      })),
    );
  } catch (error) {
    return [{ claim: 'an export runs', shown: [String(error instanceof Error ? error.stack : error)] }];
  }
}

/**
 * A home whose lake knows the beginnings of some files. A file's day is fixed when it is first seen (design, decision 6), so
 * those that would come to another day than in the whole lake are left for the second go.
 */
async function inTwoGoes(folder: string, files: Files): Promise<string> {
  const days = await daysOf(join(folder, 'whole'));
  const halves = firstHalves(files);
  for (let attempt = 0; ; attempt += 1) {
    const home = join(folder, `halves${attempt}`);
    await write(home, halves);
    await jobOf(home, 'ingest');
    const others = Object.entries(await daysOf(home)).filter(([path, day]) => days[path] !== day);
    if (others.length === 0) return home;
    for (const [path] of others) halves.delete(path);
    await rm(home, { recursive: true });
  }
}

function firstHalves(files: Files): Map<string, Buffer> {
  const halves = [...files].map(([path, bytes], index): [string, Buffer] => {
    const middle = Math.floor((bytes.length * ((index * 37) % 100)) / 100);
    return [path, bytes.subarray(0, bytes.lastIndexOf(10, middle) + 1)];
  });
  return new Map(halves.filter(([, bytes]) => bytes.length > 0));
}

/** The days of files in raw, by their path below the home. */
async function daysOf(home: string): Promise<Record<string, string>> {
  const raw = join(home, 'data', 'lake', 'raw');
  const names = await readdir(raw, { recursive: true }).catch(() => []);
  if (!names.some((name) => name.endsWith('.parquet'))) return {};
  const { connection, close } = await openDuckDB();
  try {
    const rows = await connection.runAndReadAll(`
      select source, source_path, string_agg(distinct day, ',' order by day)
      from read_parquet(${quote(join(raw, '*', '*', '*.parquet'))}, hive_partitioning = true, hive_types = {'day': varchar}, union_by_name = true)
      where source not in ('events', 'seq') group by all`);
    return Object.fromEntries(
      rows.getRows().map(([source, path, day]) => [pathOf(String(source), String(path)), String(day)]),
    );
  } finally {
    close();
  }
}

function pathOf(source: string, path: string): string {
  return path.startsWith('archived_sessions/') ? `codex/${path}` : `${below[source]}/${path}`;
}

/** Where the files of a source lie below the home. */
const below: Readonly<Record<string, string>> = {
  claude: 'claude/projects',
  claude_files: 'claude/projects',
  codex: 'codex/sessions',
  events: 'spool',
};

async function hashes(home: string): Promise<Record<string, string>> {
  const lake = join(home, 'data', 'lake');
  const found: Record<string, string> = {};
  for (const entry of await readdir(lake, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const name = join(entry.parentPath, entry.name).slice(lake.length + 1);
    if (!/^(staging|core|events|datasets|duplicates)\//.test(name)) continue;
    found[name] = createHash('sha256')
      .update(await readFile(join(lake, name)))
      .digest('hex');
  }
  return found;
}

function differences(claim: string, one: Record<string, string>, other: Record<string, string>): Broken[] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (name) => one[name] !== other[name],
  );
  return names.length === 0 ? [] : [{ claim, shown: names.sort().slice(0, 12) }];
}
