import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { amount } from '../../pipelines/lib/progress.js';
import { type BarName, type Measured, type Run, together } from './bars.js';
import type { Bench } from './bench.js';
import { benchLake, catFiles, costs, reference } from './benchLake.js';
import { appendLine, writeCorpus } from './corpus.js';

/** The bars of ingest and of whole builds, all on one corpus. */
export async function measureIngest(bench: Bench): Promise<Measured[]> {
  const { files, bytes, days } = bench.sizes.main;
  const corpus = join(bench.work, 'logs');
  const lake = benchLake(join(bench.work, 'lake'), corpus);
  const size = `${amount(files, 'items')} files, ${amount(bytes, 'bytes')}, ${days} days`;
  bench.say(`writing ${size}`);
  bench.describe(size);
  writeCorpus(corpus, { files, bytes, days });
  await catFiles(corpus); // The page cache is warm for everyone.

  const jobs: Record<string, () => Promise<Run>> = {
    ingest: async () => {
      await rm(lake.data, { recursive: true, force: true });
      await mkdir(lake.data, { recursive: true });
      return lake.run('ingest', '--json');
    },
    ...(bench.wants('ingest') ? { duckdb: () => reference('duckdb', corpus, bench.work) } : {}),
    ...(bench.wants('readline') ? { readline: () => reference('readline', corpus) } : {}),
    ...(bench.wants('cat') ? { cat: () => catFiles(corpus) } : {}),
  };
  const cold = await inTurn(bench, bench.runs, jobs);
  // Below that starting Node is most of what is measured.
  const about = sized(bytes >= 50e6, size);
  const results: Measured[] = [
    { bar: 'ingest', ours: cold.of('ingest'), theirs: cold.of('duckdb'), ...about },
    { bar: 'readline', ours: cold.of('ingest'), theirs: cold.of('readline'), ...about },
    { bar: 'cat', ours: cold.of('ingest'), theirs: cold.of('cat') },
  ];

  if (bench.wants('nothing-new')) {
    const again = await inTurn(bench, bench.runs, {
      'ingest of nothing new': () => lake.run('ingest', '--json'),
      startup: () => reference('startup'),
    });
    const ours = again.of('ingest of nothing new');
    results.push({ bar: 'nothing-new', ours, theirs: again.of('startup'), ...sized(files >= 2000, size) });
  }
  const afterBuild: BarName[] = ['whole', 'one-line', 'question'];
  if (!afterBuild.some(bench.wants)) return results;

  // Of each round the last lake stays, and is what the questions after it are asked of.
  const whole = await inTurn(bench, bench.wants('whole') ? bench.builds : 1, {
    ingest: jobs.ingest as () => Promise<Run>,
    build: () => lake.run('build', '--json'),
  });
  const both = whole.of('ingest').map((run, at) => together(run, whole.of('build')[at] as Run));
  results.push({ bar: 'whole', ours: both, theirs: whole.of('ingest'), ...about });
  if (bench.wants('question')) results.push(await askBoth(bench, lake.data, corpus));
  if (bench.wants('one-line')) {
    const line = await inTurn(bench, bench.builds, {
      'ingest of one line': async () => {
        appendLine(corpus);
        return lake.run('ingest', '--json');
      },
      'build of one line': () => lake.run('build', '--json'),
    });
    const builds = line.of('build of one line');
    const ours = line.of('ingest of one line').map((run, at) => together(run, builds[at] as Run));
    results.push({ bar: 'one-line', ours, theirs: whole.of('build'), ...about });
  }
  return results;
}

/** The same question of the lake and of the JSONL; an answer that differs is an error. */
async function askBoth(bench: Bench, data: string, corpus: string): Promise<Measured> {
  const answers = new Set<string>();
  const ask = (name: string, folder: string) => async () => {
    const ended = await reference(name, folder);
    answers.add(ended.stdout);
    return ended;
  };
  const asked = await inTurn(bench, bench.runs, {
    'question of the lake': ask('askLake', data),
    'question of the logs': ask('askLogs', corpus),
  });
  if (answers.size !== 1)
    throw new Error(
      `question: the lake and the logs answer differently: ${[...answers].join(' / ').slice(0, 300)}`,
    );
  return {
    bar: 'question',
    ours: asked.of('question of the lake'),
    theirs: asked.of('question of the logs'),
  };
}

/** Runs the jobs one after the other, `times` times over, so that what slows the machine down slows them all. */
export async function inTurn(
  bench: Pick<Bench, 'say'>,
  times: number,
  jobs: Readonly<Record<string, () => Promise<Run>>>,
): Promise<{ of: (name: string) => Run[] }> {
  const runs = new Map<string, Run[]>();
  for (let time = 0; time < times; time += 1) {
    for (const [name, job] of Object.entries(jobs)) {
      const run = await job();
      bench.say(`${name}: ${costs(run)}`);
      runs.set(name, [...(runs.get(name) ?? []), run]);
    }
  }
  return { of: (name) => runs.get(name) ?? [] };
}

function sized(isFullSize: boolean, note: string): Pick<Measured, 'isFullSize' | 'note'> {
  return isFullSize ? {} : { isFullSize, note };
}
