import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command as build } from '../pipelines/build.js';
import { readConfig } from '../pipelines/config.js';
import { command as handoff } from '../pipelines/handoff.js';
import { command as index } from '../pipelines/index.js';
import { command as ingest } from '../pipelines/ingest.js';
import { searchPairs } from '../pipelines/lib/pairSearch.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { watch } from '../pipelines/watch.js';
import { makeCaptureHome } from './support/captureHome.js';

// In this process: what starting a process takes is no part of it.
const verbs = { ingest, build, handoff, index };

test('a turn written to a session file is in seq_mem.jsonl, in the handoff and in a search within two polls', async (t) => {
  const home = await makeCaptureHome({}, 'real');
  const config = readConfig(home.env);
  const question = 'Does the zebra crossing have a ferry terminal?';
  const places: Record<string, () => Promise<boolean>> = {
    handoff: async () => (await home.questions()).includes(question),
    'seq_mem.jsonl': async () => (await home.noted()).includes(question),
    search: async () => {
      const filters = {
        agent: undefined,
        project: undefined,
        since: Date.now() - 86_400_000,
        until: undefined,
      };
      const { pairs } = await searchPairs({ config, words: 'zebra ferry', limit: 10, filters });
      return pairs.some((pair) => pair.question === question);
    },
  };
  const foundAfter: Record<string, number> = {};
  const stop = new AbortController();
  let polls = 0;
  let written: { polls: number; at: number } | undefined;
  let seconds = 0;
  await watch({
    config,
    from: new Date().toISOString(),
    log: () => {},
    now: () => new Date(),
    stop: stop.signal,
    run: async ([verb = '', ...words]) => {
      const command = verbs[verb as keyof typeof verbs];
      const args = Object.fromEntries(
        words.flatMap((word, at) => (word.startsWith('--') ? [[word.slice(2), words[at + 1]]] : [])),
      );
      const context = { config, log: () => {}, progress: silentProgress, now: () => new Date() };
      const { json, exitCode: code = 0 } = await command.run(args, context);
      return { code, stdout: JSON.stringify(json), stderr: '' };
    },
    // Polls are counted, not seconds: how long a pass takes depends on the machine.
    sleep: async () => {
      polls += 1;
      if (written === undefined) {
        written = { polls, at: Date.now() };
        await home.turn(question, 'It has one, on the far side.');
      } else if (written !== undefined) {
        seconds = (Date.now() - written.at) / 1000;
        for (const [place, isFound] of Object.entries(places))
          if (foundAfter[place] === undefined && (await isFound())) foundAfter[place] = polls - written.polls;
        if (polls - written.polls === 2 || Object.keys(foundAfter).length === 3) stop.abort();
      }
    },
  });
  t.diagnostic(`${JSON.stringify(foundAfter)}; both polls took ${seconds.toFixed(1)} s`);
  assert.deepEqual(Object.keys(foundAfter).toSorted(), ['handoff', 'search', 'seq_mem.jsonl']);
  await home.remove();
});
