import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { amount } from '../../pipelines/lib/progress.js';
import { type Measured, type Run, together } from './bars.js';
import type { Bench } from './bench.js';
import { type BenchLake, benchLake, costs } from './benchLake.js';
import { type CorpusSize, writeCorpus } from './corpus.js';
import { inTurn } from './ingestBars.js';

/** Folder of both agents that holds the new days, so that they can be taken away again. */
const fresh = 'new-days';

/** The bars of a lake that has grown old: nothing new on it, and one more day beside a lake half its age. */
export async function measureOldLake(bench: Bench): Promise<Measured[]> {
  const { files, days } = bench.sizes.old;
  const size = `${amount(days, 'items')} days, ${amount(files, 'items')} sessions`;
  const isFullSize = days >= 1000 && files >= 20_000;
  const about = isFullSize ? {} : { isFullSize, note: size };
  bench.describe(`the old lake: ${size}, ${amount(bench.sizes.old.bytes, 'bytes')}`);
  const { half, full } = await makeLakes(bench);
  const old = await inTurn(bench, bench.runs, {
    'dry run': () => full.run('build', '--dry-run'),
    'ingest of nothing new': () => full.run('ingest', '--json'),
    'build of nothing new': () => full.run('build', '--json'),
  });
  const builds = old.of('build of nothing new');
  const cron = old.of('ingest of nothing new').map((run, at) => together(run, builds[at] as Run));
  const results: Measured[] = [
    { bar: 'dry-run', ours: old.of('dry run'), ...about },
    { bar: 'cron', ours: cron, ...about },
  ];
  if (bench.wants('growth')) results.push({ ...(await measureGrowth(bench, half, full)), ...about });
  return results;
}

/** Both lakes, made once and kept; what models changed since is built anew. */
async function makeLakes(bench: Bench): Promise<{ half: BenchLake; full: BenchLake }> {
  const { bytes, files, days } = bench.sizes.old;
  const folder = join(bench.cache, `old-${days}`);
  const part = (name: string) => benchLake(join(folder, name, 'lake'), join(folder, name, 'logs'));
  const [half, full] = [part('half'), part('full')];
  const middle = Math.floor(days / 2);
  const older: CorpusSize = { files: Math.floor(files / 2), bytes: bytes / 2, days: middle };
  const newer: CorpusSize = {
    files: Math.ceil(files / 2),
    bytes: bytes / 2,
    days: days - middle,
    firstDay: middle,
  };
  bench.say(`writing ${amount(files, 'items')} sessions of ${amount(days, 'items')} days, and half of them`);
  for (const lake of [half, full]) {
    await mkdir(lake.data, { recursive: true });
    await removeNewDays(lake.corpus);
    writeCorpus(lake.corpus, older, 7);
  }
  writeCorpus(full.corpus, newer, 8);
  for (const lake of [half, full]) {
    for (const verb of ['ingest', 'build']) {
      const name = lake === half ? 'half of the old lake' : 'the old lake';
      bench.say(`${name} is made or brought up to date, ${verb}: ${costs(await lake.run(verb, '--json'))}`);
    }
  }
  return { half, full };
}

/** One day at a time onto copies of both, the same volume and the same bytes but for the dates. */
async function measureGrowth(bench: Bench, half: BenchLake, full: BenchLake): Promise<Measured> {
  const { days } = bench.sizes.old;
  const lakes = { half: await copyOf(bench, half, 'half'), full: await copyOf(bench, full, 'full') };
  const day = (lake: BenchLake, first: number, seed: number) => async (): Promise<Run> => {
    const one = { files: 20, bytes: 400_000, days: 1, firstDay: first, below: fresh };
    writeCorpus(lake.corpus, one, seed);
    return together(await lake.run('ingest', '--json'), await lake.run('build', '--json'));
  };
  try {
    const ours: Run[] = [];
    const theirs: Run[] = [];
    // One round more than counts: the first warms up what was just copied.
    for (let round = 0; round <= bench.runs; round += 1) {
      const ran = await inTurn(bench, 1, {
        'a day more on half': day(lakes.half, Math.floor(days / 2) + round, 100 + round),
        'a day more on the whole': day(lakes.full, days + round, 100 + round),
      });
      if (round === 0) continue;
      ours.push(...ran.of('a day more on the whole'));
      theirs.push(...ran.of('a day more on half'));
    }
    return { bar: 'growth', ours, theirs };
  } finally {
    for (const { corpus } of [half, full]) await removeNewDays(corpus);
  }
}

async function copyOf(bench: Bench, lake: BenchLake, name: string): Promise<BenchLake> {
  const data = join(bench.work, name);
  await cp(lake.data, data, { recursive: true, preserveTimestamps: true });
  return benchLake(data, lake.corpus);
}

async function removeNewDays(corpus: string): Promise<void> {
  for (const agent of ['claude', 'codex'])
    await rm(join(corpus, agent, fresh), { recursive: true, force: true });
}
