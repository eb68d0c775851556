import type { VerbEnd } from '../../pipelines/lib/childVerb.js';
import { watch } from '../../pipelines/watch.js';
import type { TestLogs } from './logs.js';

/** What a test does between two polls; the first comes after the first poll. */
export type Between = () => unknown;

/** The verbs that each poll ran, and what watch said. */
export type Watched = { ran: string[][]; words: string[] };

/**
 * Runs watch with a clock that only its sleeps move and with verbs that only answer: one poll before each step and one after
 * the last. `answer` gives the JSON of a verb, or its whole end.
 */
export async function watchPolls(
  logs: TestLogs,
  steps: readonly Between[],
  answer: (verb: string, poll: number) => object | VerbEnd = () => ({}),
): Promise<Watched> {
  const stop = new AbortController();
  const ran: string[][] = [[]];
  const words: string[] = [];
  let time = Date.parse('2026-06-01T00:00:00Z');
  await watch({
    config: logs.lake.config,
    from: null,
    log: (line) => words.push(line.slice(line.indexOf(' ') + 1)),
    now: () => new Date(time),
    stop: stop.signal,
    run: async (verb) => {
      ran.at(-1)?.push(verb.join(' '));
      const value = answer(verb[0] ?? '', ran.length);
      return 'code' in value ? (value as VerbEnd) : { code: 0, stdout: JSON.stringify(value), stderr: '' };
    },
    sleep: async (ms) => {
      time += ms;
      const step = steps[ran.length - 1];
      if (step === undefined) stop.abort();
      await step?.();
      ran.push([]);
    },
  });
  return { ran: ran.slice(0, -1), words };
}
