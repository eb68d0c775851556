import { type Measured, medianOf, type Run } from './bars.js';
import type { Bench } from './bench.js';
import { tracemill } from './benchLake.js';

/** Every verb's `--help` to its first byte, which needs all that the verb loads; the slowest verb counts. */
export async function measureStartup(bench: Bench): Promise<Measured[]> {
  const { stdout } = await tracemill('--help');
  const verbs = [...stdout.matchAll(/^ {2}tracemill ([a-z-]+) /gm)].map((match) => match[1] ?? '');
  if (verbs.length < 10) throw new Error('startup: --help lists no verbs');
  const runs = new Map<string, Run[]>(verbs.map((verb) => [verb, []]));
  for (let time = 0; time < bench.runs; time += 1) {
    for (const verb of verbs) {
      const { firstLineSeconds, ...run } = await tracemill(verb, '--help');
      runs.get(verb)?.push({ ...run, seconds: firstLineSeconds ?? run.seconds });
    }
  }
  const medians = [...runs].map(
    ([verb, each]) => [verb, medianOf(each.map((run) => run.seconds)) ?? 0] as const,
  );
  const ordered = medians.toSorted((left, right) => right[1] - left[1]);
  for (const [verb, seconds] of ordered) bench.say(`${verb}: ${seconds.toFixed(2)} s to its first line`);
  const slowest = ordered[0]?.[0] ?? '';
  return [{ bar: 'startup', ours: runs.get(slowest) ?? [], note: `slowest of ${verbs.length}: ${slowest}` }];
}
