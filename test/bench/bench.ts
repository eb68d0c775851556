// Measures the bars of the README's table: each job and its references in turn, whole processes, medians and ratios.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import duckdb from '@duckdb/node-api';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { amount } from '../../pipelines/lib/progress.js';
import {
  type BarName,
  barNames,
  benchTable,
  failedRow,
  type Measured,
  type Results,
  rowOf,
  withEarlier,
} from './bars.js';
import { measureIngest } from './ingestBars.js';
import { measureOldLake } from './lakeBars.js';
import { bytesOf } from './measuring.js';
import { measureMemory } from './memoryBars.js';
import { withTable } from './readmeTable.js';
import { measureStartup } from './startupBar.js';

/** What every group of bars is given. */
export type Bench = {
  /** For what is gone when it ends. */
  readonly work: string;
  /** For lakes that take long to make, and stay. */
  readonly cache: string;
  readonly runs: number;
  readonly builds: number;
  readonly sizes: Sizes;
  readonly wants: (bar: BarName) => boolean;
  readonly say: (words: string) => void;
  /** What the corpus was, for the line above the table. */
  readonly describe: (words: string) => void;
};
export type Sizes = {
  readonly main: { readonly bytes: number; readonly files: number; readonly days: number };
  readonly old: { readonly bytes: number; readonly files: number; readonly days: number };
  readonly large: { readonly bytes: number; readonly files: number; readonly days: number };
};

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const options = await yargs(hideBin(process.argv))
  .scriptName('bench')
  .strict()
  .options({
    quick: { type: 'boolean', default: false, describe: 'What can be shown in about three minutes' },
    all: { type: 'boolean', default: false, describe: 'Also the lakes of 1,000 days and of 5 GB' },
    only: { type: 'string', describe: `Some of ${barNames.join(', ')}, separated by commas` },
    runs: { type: 'number', describe: 'Runs of each job (5; builds half of it)' },
    size: { type: 'string', describe: 'Bytes of the logs that are ingested over and over (400MB)' },
    files: { type: 'number', default: 2000, describe: 'Files they are in' },
    days: { type: 'number', default: 1000, describe: 'Days of the old lake, 20 sessions each' },
    large: { type: 'string', default: '5GB', describe: 'Bytes of the large logs' },
    fresh: { type: 'boolean', default: false, describe: 'Make the kept lakes anew' },
    keep: {
      type: 'boolean',
      default: false,
      describe: 'Keep what results.json has of the other bars, from runs on this machine',
    },
    write: {
      type: 'boolean',
      describe:
        'Write results.json and the table of the README: so without --quick and --only, and with --keep',
    },
  })
  .parseAsync();

const only = options.only?.split(',') ?? null;
const unknown = only?.find((name) => !barNames.includes(name as BarName));
if (unknown !== undefined)
  throw new Error(`--only: ${unknown} is no bar; name some of ${barNames.join(', ')}`);
const long: BarName[] = ['dry-run', 'cron', 'growth', 'memory'];
const wanted = (bar: BarName) => (only === null ? options.all || !long.includes(bar) : only.includes(bar));

const runs = options.runs ?? (options.quick ? 3 : 5);
const corpora: string[] = [];
const started = performance.now();
const bench: Bench = {
  work: join(repository, 'data', 'bench', 'work'),
  cache: join(repository, 'data', 'bench'),
  runs,
  builds: Math.ceil(runs / 2),
  sizes: {
    main: {
      bytes: bytesOf(options.size ?? (options.quick ? '50MB' : '400MB')),
      files: options.files,
      days: options.quick ? 10 : 30,
    },
    old: { bytes: 20_000 * 20 * options.days, files: 20 * options.days, days: options.days },
    large: {
      bytes: bytesOf(options.large),
      files: Math.max(10, Math.round(bytesOf(options.large) / 250_000)),
      days: 100,
    },
  },
  wants: wanted,
  say: (words) =>
    process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${words}\n`),
  describe: (words) => corpora.push(words),
};

/** The bars, and what measures them together on one corpus. */
const groups: readonly (readonly [readonly BarName[], (bench: Bench) => Promise<Measured[]>])[] = [
  [['ingest', 'readline', 'cat', 'nothing-new', 'whole', 'one-line', 'question'], measureIngest],
  [['startup'], measureStartup],
  [['dry-run', 'cron', 'growth'], measureOldLake],
  [['memory'], measureMemory],
];

if (options.fresh) await rm(bench.cache, { recursive: true, force: true });
await rm(bench.work, { recursive: true, force: true });
await mkdir(bench.work, { recursive: true });
try {
  const measured = new Map<BarName, Measured>();
  const failures = new Map<BarName, string>();
  for (const [names, run] of groups) {
    const here = names.filter(wanted);
    if (here.length === 0) continue;
    try {
      for (const each of await run(bench)) if (wanted(each.bar)) measured.set(each.bar, each);
    } catch (error) {
      // The others are worth their time; what stands behind the error is said in their place.
      const why = error instanceof Error ? error.message : String(error);
      bench.say(`${here.join(', ')}: ${why}`);
      for (const name of here) failures.set(name, why.split('\n')[0]?.slice(0, 80) ?? '');
    }
  }
  const rows = barNames.map((name) => {
    const why = failures.get(name);
    return why === undefined ? rowOf(name, measured.get(name)) : failedRow(name, why);
  });
  const file = join(repository, 'test/bench/results.json');
  const now: Results = { machine: machine(), corpora, rows };
  const results = options.keep ? withEarlier(now, JSON.parse(await readFile(file, 'utf8')) as Results) : now;
  const table = benchTable(results);
  process.stdout.write(`${table}\n`);
  if (options.write ?? (options.keep || (!options.quick && only === null))) {
    const readme = join(repository, 'README.md');
    await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
    await writeFile(readme, withTable(await readFile(readme, 'utf8'), 'bench', table));
    process.stderr.write('written: test/bench/results.json, README.md\n');
  }
  process.exitCode = results.rows.some((row) => row.verdict === 'NOT met') ? 1 : 0;
} finally {
  await rm(bench.work, { recursive: true, force: true });
}

/** Neither a host's name nor a path. */
function machine(): Record<string, string | number> {
  return {
    CPU: (cpus()[0]?.model ?? 'unknown')
      .replaceAll(/\s+|\((R|TM)\)/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim(),
    cores: cpus().length,
    memory: amount(totalmem(), 'bytes'),
    Node: process.version.slice(1),
    DuckDB: duckdb.version().replace(/^v/, ''),
  };
}
