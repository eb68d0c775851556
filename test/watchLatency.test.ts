import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import type { VerbEnd } from '../pipelines/lib/childVerb.js';
import { watch } from '../pipelines/watch.js';
import { type CaptureHome, makeCaptureHome } from './support/captureHome.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

test('a turn written to a session file is in seq_mem.jsonl, in the handoff and in a search within two polls', async (t) => {
  const home = await makeCaptureHome({}, 'real');
  const question = 'Does the zebra crossing have a ferry terminal?';
  const places: Record<string, () => Promise<boolean>> = {
    handoff: async () => (await home.questions()).includes(question),
    'seq_mem.jsonl': async () => (await home.noted()).includes(question),
    search: async () => {
      const { stdout } = home.run(['search', 'zebra ferry', '--last', '1d', '--json']);
      return (JSON.parse(stdout || '[]') as { question: string }[]).some(
        (pair) => pair.question === question,
      );
    },
  };
  const foundAfter: Record<string, number> = {};
  const stop = new AbortController();
  let ran = 0;
  let polls = 0;
  let written: { polls: number; at: number } | undefined;
  let seconds = 0;
  await watch({
    config: readConfig(home.env),
    from: new Date().toISOString(),
    log: () => {},
    now: () => new Date(),
    stop: stop.signal,
    run: (words) => {
      ran += 1;
      return runVerb(home, words);
    },
    // Polls are counted, not seconds: how long a pass takes depends on the machine.
    sleep: async () => {
      polls += 1;
      if (written === undefined && ran === 0) {
        written = { polls, at: Date.now() };
        await home.turn(question, 'It has one, on the far side.');
      } else if (written !== undefined) {
        seconds = (Date.now() - written.at) / 1000;
        for (const [place, isFound] of Object.entries(places))
          if (foundAfter[place] === undefined && (await isFound())) foundAfter[place] = polls - written.polls;
        if (polls - written.polls === 2 || Object.keys(foundAfter).length === 3) stop.abort();
      }
      ran = 0;
    },
  });
  t.diagnostic(`${JSON.stringify(foundAfter)}; both polls took ${seconds.toFixed(1)} s`);
  assert.deepEqual(Object.keys(foundAfter).toSorted(), ['handoff', 'search', 'seq_mem.jsonl']);
  await home.remove();
});

async function runVerb(home: CaptureHome, words: readonly string[]): Promise<VerbEnd> {
  const child = spawn(process.execPath, [cli, ...words, '--json'], { env: home.env });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? 1)));
  return { code, ...texts };
}
