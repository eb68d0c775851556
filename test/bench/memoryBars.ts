import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { amount } from '../../pipelines/lib/progress.js';
import type { Measured, Run } from './bars.js';
import type { Bench } from './bench.js';
import { type BenchLake, benchLake, costs } from './benchLake.js';
import { writeCorpus } from './corpus.js';

// The others run these (start, watch, capture), open a window (lab) or read a handful of rows.
const verbs = [
  ['status', '--json'],
  ['verify', '--json'],
  ['export', '--json'],
  ['handoff', '--json'],
  ['index', '--optional', '--json'],
  ['load', '--optional', '--json'],
  ['report', '--json'],
  ['docs', '--json'],
  ['signal-summary', '--json'],
  ['forget', '--project', '/home/sam/project-0', '--dry-run', '--json'],
] as const;

/** The largest verb on large logs. A verb that fails is an error, once the others ran: its peak would say nothing. */
export async function measureMemory(bench: Bench): Promise<Measured[]> {
  const { bytes, files, days } = bench.sizes.large;
  const folder = join(bench.cache, `large-${Math.round(bytes / 1e6)}`);
  const lake = benchLake(join(folder, 'lake'), join(folder, 'logs'));
  const size = `${amount(files, 'items')} files, ${amount(bytes, 'bytes')}, ${days} days`;
  bench.describe(`the large logs: ${size}`);
  const runs = await makeLake(bench, lake, join(folder, 'made.json'));
  const failures: string[] = [];
  for (const words of verbs) {
    try {
      const run = await lake.run(...words);
      bench.say(`${words[0]} of the large logs: ${costs(run)}`);
      runs[words[0]] = run;
    } catch (error) {
      failures.push(`${words[0]} ${error instanceof Error ? error.message : String(error)}`);
      bench.say(failures.at(-1) ?? '');
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
  const ordered = Object.entries(runs).toSorted((a, b) => (b[1].peakBytes ?? 0) - (a[1].peakBytes ?? 0));
  const [largest, run] = ordered[0] ?? [];
  if (largest === undefined || run === undefined) return [];
  const isFullSize = bytes >= 5e9;
  const note = `largest of ${ordered.length}: ${largest}${isFullSize ? '' : ` on ${amount(bytes, 'bytes')}`}`;
  return [{ bar: 'memory', ours: [run], note, isFullSize }];
}

/** The lake with what its ingest and build cost: of the last time, where the code is still the same. */
async function makeLake(bench: Bench, lake: BenchLake, file: string): Promise<Record<string, Run>> {
  const code = await codeHash();
  const made = await readFile(file, 'utf8').catch(() => null);
  if (made !== null) {
    const known = JSON.parse(made) as { code: string; runs: Record<string, Run> };
    if (known.code === code) {
      for (const [verb, run] of Object.entries(known.runs))
        bench.say(`${verb} of the large logs, kept: ${costs(run)}`);
      return known.runs;
    }
  }
  bench.say('writing the large logs');
  await rm(file, { force: true });
  await rm(lake.data, { recursive: true, force: true });
  await mkdir(lake.data, { recursive: true });
  writeCorpus(lake.corpus, bench.sizes.large);
  const runs: Record<string, Run> = {};
  for (const verb of ['ingest', 'build']) {
    const { seconds, cpuSeconds, peakBytes } = await lake.run(verb, '--json');
    runs[verb] = { seconds, cpuSeconds, peakBytes };
    bench.say(`${verb} of the large logs: ${costs(runs[verb])}`);
  }
  await writeFile(file, JSON.stringify({ code, runs }));
  return runs;
}

/** SHA-256 over the compiled verbs and the models. */
async function codeHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const [folder, ending] of [
    ['../../pipelines', '.js'],
    ['../../../sql', '.sql'],
  ] as const) {
    const root = fileURLToPath(new URL(folder, import.meta.url));
    const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(ending)).sort();
    for (const name of files) hash.update(name).update(await readFile(join(root, name)));
  }
  return hash.digest('hex');
}
