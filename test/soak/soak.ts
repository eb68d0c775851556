import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Config, readConfig } from '../../pipelines/config.js';
import { seeded } from '../bench/corpus.js';
import { writeDayModels } from '../support/dayModels.js';
import { openDisk } from './disk.js';
import { type Conduct, type Disturbance, disturbances } from './faults.js';
import { openJobs, type Run } from './jobs.js';
import { judgeBytes, judgeLeftovers, judgeRuns, readPairs } from './judge.js';
import { homes } from './logs.js';
import { contents, differences, makeQuiet, readKept } from './quiet.js';
import type { Seen } from './reader.js';
import { openWriters } from './writers.js';

export type SoakOptions = {
  /** An empty folder of its own. */
  readonly folder: string;
  readonly seconds: number;
  readonly seed: number;
  readonly files: number;
  readonly megabytes: number;
  /** `few`: some small models, so that there are many runs; `real`: those of sql/, with a handoff of their pairs. */
  readonly models: 'few' | 'real';
  /** Leaves the data folder and that of the quiet run beside this one, in `…-kept`, where something did not hold. */
  readonly keep: boolean;
  readonly say: (words: string) => void;
};

export type Soaked = {
  /** What did not hold; empty where all did. */
  readonly problems: readonly string[];
  readonly disk: string;
  readonly runs: readonly Run[];
  /** What was done to the files, by name. */
  readonly files: Readonly<Record<string, number>>;
  /** How often each fault was brought about. */
  readonly faults: Readonly<Record<string, number>>;
  readonly reader: Seen;
  readonly kept: {
    readonly files: number;
    readonly generations: number;
    readonly lines: string;
    readonly ingests: number;
  };
};

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const realSql = here('../../../sql');
const killRate = 0.35;
const pauses: Readonly<Record<string, number>> = { load: 2000, export: 4000 };

/** What the warehouse takes, of few models: one row a line. */
const signals = `-- One row per line, as a signal.
-- @partition day
-- @key signal_id
select
    file_key || '-' || line_no as signal_id, source as agent, file_key as session_id, null::varchar as turn_id,
    file_key as step_id, 'rejection' as kind, -1::integer as polarity, 'strong' as strength, sha256(line) as words,
    timestamp '2026-01-01 10:00:00' as occurred_at, 'default' as permission_mode, file_key as source_path,
    line_no as byte_offset, 7::bigint as byte_length,
from staging.lines
order by signal_id
`;

/** Lets everything go wrong at once for a while, then looks whether anything did. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const { folder, seconds, seed, models, say } = options;
  const data = join(folder, 'data');
  const disk = openDisk(data);
  const logs = homes(folder);
  const sql = models === 'few' ? join(folder, 'sql') : realSql;
  if (models === 'few') {
    await writeDayModels(sql, { 'core/signals': signals });
    await cp(join(realSql, 'clickhouse'), join(sql, 'clickhouse'), { recursive: true });
  }
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  const settings = {
    TRACEMILL_DATA: data,
    TRACEMILL_SQL: sql,
    SEQ_AGENT_QA_CLAUDE_DIR: logs.claude,
    SEQ_AGENT_QA_CODEX_DIR: logs.codex,
    TRACEMILL_SPOOL: logs.spool,
    TRACEMILL_SETTLE: '3s',
    TRACEMILL_WORKERS: '2',
    CLICKHOUSE_URL: '',
  };
  const conditions: Record<string, string> = {};
  const random = seeded(seed);
  const jobs = openJobs({
    environment: () => ({
      ...settings,
      TMPDIR: join(folder, 'tmp'),
      SOAK_LOGS: join(folder, 'logs'),
      ...conditions,
      ...disk.environment(),
    }),
    random,
    killRate,
  });
  const bytes = options.megabytes * 1e6;
  const writers = openWriters({ folder, files: options.files, bytes, days: 4, seconds, seed: seed + 1 });
  const problems: string[] = [];
  try {
    const end = performance.now() + seconds * 1000;
    const stopping = () => performance.now() > end;
    const verbs = models === 'few' ? ['build', 'load'] : ['build', 'load', 'handoff', 'export'];
    const reading = startReader(join(data, 'lake'));
    const faults: Record<string, number> = {};
    const conduct: Conduct = { disk, jobs, random, conditions, verbs, stopping, problems };
    const queue: Disturbance[] = [];
    const disturb = async () => {
      while (!stopping()) {
        await sleep(random() * Math.min(3000, seconds * 60));
        // All of them in one order after the other, so that none is left out of a short run.
        if (queue.length === 0) queue.push(...disturbances.toSorted(() => random() - 0.5));
        const fault = queue.pop();
        if (fault === undefined || stopping()) continue;
        say(`${Math.round((end - performance.now()) / 1000)} s left: ${fault.name}`);
        await fault.run(conduct);
        faults[fault.name] = (faults[fault.name] ?? 0) + 1;
      }
    };
    await Promise.all([
      writers.run(stopping),
      disturb(),
      jobs.loop('ingest', 300, stopping),
      jobs.loop('ingest', 1500, stopping),
      ...verbs.map((verb) => jobs.loop(verb, pauses[verb] ?? 500, stopping)),
      jobs.loop('verify', 2000, stopping),
    ]);
    disk.drain();
    say('quiet now');
    for (const verb of [
      'ingest',
      ...verbs,
      ...(models === 'real' ? ['ingest', 'build', 'load', 'export'] : []),
      'verify',
    ]) {
      const { code, words } = await jobs.once(verb, { more: { TRACEMILL_SETTLE: '0' } });
      if (code !== 0) problems.push(`the last, quiet ${verb} ended with ${code}: ${words.slice(-1500)}`);
    }
    const reader = await reading();
    problems.push(...judgeRuns(jobs.runs), ...reader.problems.map((problem) => `a reader saw: ${problem}`));
    const config = readConfig(settings);
    const kept = await readKept(config);
    problems.push(...judgeBytes(writers.logs, kept, folder), ...(await judgeLeftovers(config)));
    for (const name of readdirSync(join(folder, 'tmp'))) problems.push(`tmp/${name} is left behind`);
    say('the same once more, quietly');
    const quietFolder = join(folder, 'quiet');
    const quiet = await makeQuiet({ kept, folder: quietFolder, disturbed: config, environment: settings });
    problems.push(...differences(await contents(config), await contents(quiet.config)));
    problems.push(...compareWarehouses(data, { ...settings, TRACEMILL_DATA: quiet.config.data }));
    if (models === 'real')
      problems.push(...comparePairs(config, quiet.config), ...compareExports(config, quiet.config));
    if (problems.length > 0 && options.keep)
      for (const name of ['data', 'quiet'])
        await cp(join(folder, name), join(`${folder}-kept`, name), { recursive: true });
    const generations = kept.length;
    const lines = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return {
      problems,
      disk: disk.kind,
      runs: jobs.runs,
      files: writers.done,
      faults,
      reader,
      kept: {
        files: writers.logs.filter(({ state }) => state !== 'waiting').length,
        generations,
        lines: `${(lines / 1e6).toFixed(1)} MB`,
        ingests: quiet.ingests,
      },
    };
  } finally {
    disk.drain();
    disk.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A reader beside everything else; the function ends it and gives what it saw. */
function startReader(lake: string): () => Promise<Seen> {
  const child = spawn(process.execPath, [here('./reader.js'), lake, '1500'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  return async () => {
    child.kill('SIGTERM');
    await ended;
    return JSON.parse(out) as Seen;
  };
}

/** The warehouse must hold what one holds that the quiet lake was loaded into once. */
function compareWarehouses(data: string, quiet: Record<string, string>): string[] {
  const run = (words: string[], env: Record<string, string>) => {
    const end = spawnSync(process.execPath, words, { env: { ...process.env, ...env }, encoding: 'utf8' });
    return end.status === 0 ? end.stdout : JSON.stringify({ failed: end.stderr.slice(0, 500) });
  };
  run([here('../../pipelines/cli.js'), 'load'], quiet);
  const sums = (folder: string) => JSON.parse(run([here('./warehouseSums.js'), folder], {}));
  return differences(sums(data), sums(quiet.TRACEMILL_DATA ?? '')).map((words) => `ClickHouse: ${words}`);
}

function comparePairs(config: Config, quiet: Config): string[] {
  const env = {
    ...process.env,
    TRACEMILL_DATA: quiet.data,
    TRACEMILL_SQL: quiet.sql,
    TRACEMILL_SEQ_MEM: quiet.seqMem,
    TRACEMILL_SETTLE: '0',
  };
  spawnSync(process.execPath, [here('../../pipelines/cli.js'), 'handoff'], { env });
  const found = readPairs(config);
  const wanted = readPairs(quiet);
  if (Object.keys(wanted.pairs).length === 0) return ['no pair was handed off'];
  return [...found.problems, ...differences(found.pairs, wanted.pairs).map((words) => `handoff: ${words}`)];
}

/** An export is named by its content: both lakes must give the same one. */
function compareExports(config: Config, quiet: Config): string[] {
  const version = ({ data, sql }: Config) => {
    const env = { ...process.env, TRACEMILL_DATA: data, TRACEMILL_SQL: sql };
    const end = spawnSync(process.execPath, [here('../../pipelines/cli.js'), 'export', '--json'], {
      env,
      encoding: 'utf8',
    });
    return end.status === 0 ? String(JSON.parse(end.stdout).version) : end.stderr.slice(0, 500);
  };
  const versions = [version(config), version(quiet)];
  return versions[0] === versions[1] ? [] : [`export: ${versions.join(', quietly ')}`];
}
