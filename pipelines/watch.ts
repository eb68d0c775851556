import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Config } from './config.js';
import { errorWords, exitCodes } from './errors.js';
import { canIndex, describePass, type PassEnd, runPass } from './lib/capturePass.js';
import { type WatchStatus, writeWatchStatus } from './lib/captureState.js';
import { type RunVerb, runQuietly } from './lib/childVerb.js';
import type { Command } from './lib/command.js';
import { utc } from './lib/filters.js';
import { boundLog } from './lib/logFile.js';
import { claimPidFile } from './lib/pidFile.js';
import { amount } from './lib/progress.js';
import { watchFiles } from './lib/watchedFiles.js';
import { allSources } from './sources/all.js';

/** `tracemill watch`. */
export const command: Command = {
  describe: 'Read, build and hand off as the logs grow, until it is ended by Ctrl-C or SIGTERM',
  example: 'tracemill watch --from now',
  options: {
    from: {
      type: 'string',
      describe: 'Hand off only what is answered from this ISO time on, or from now on',
    },
    background: {
      type: 'boolean',
      default: false,
      describe: 'Its words go to the log of capture, which is kept bounded',
    },
  },
  run: async (args, { config, log, now }) => {
    const from = args.from === undefined ? null : readFrom(String(args.from), now());
    const release = await claimPidFile(config.pidFile);
    const stop = new AbortController();
    // Once only: a second Ctrl-C ends the process at once.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort());
    const betweenPasses = async () => {
      if (args.background === true) await boundLog(config.watchLog).catch(() => {});
    };
    try {
      const options = { config, from, log, now, betweenPasses };
      const status = await watch({ ...options, stop: stop.signal });
      const { passes, handedOff } = status;
      const counts = `${amount(passes, 'items')} passes, ${amount(handedOff, 'items')} pairs handed off`;
      return { summary: [`watch ended: ${counts}`], json: status };
    } finally {
      await release();
    }
  },
};

export type WatchOptions = {
  config: Config;
  from: string | null;
  log: (line: string) => void;
  now: () => Date;
  stop: AbortSignal;
  /** What a test puts in the place of child processes and of time. */
  run?: RunVerb;
  sleep?: (ms: number) => Promise<void>;
  /** Called when no child runs. */
  betweenPasses?: () => Promise<void>;
};

/** After a failure the next try waits, twice as long each time, up to this. */
const longestWaitMs = 3600e3;

/** Polls the log files until it is stopped; what changed is followed by a pass, and nothing new by no child at all. */
export async function watch(options: WatchOptions): Promise<WatchStatus> {
  const { config, from, now, stop, run = runQuietly } = options;
  const sleep = options.sleep ?? ((ms) => sleepFor(ms, undefined, { signal: stop }).catch(() => {}));
  const files = watchFiles(config, allSources);
  files.rescan();
  const journal = openJournal(options, files.count);
  await journal.begin();
  // The first pass takes what came since the last one, whoever made that.
  let [isDue, isLaterDue, isRestDue] = [true, false, true];
  let [rescannedAt, restAt, retryAt, failures] = [now().getTime(), now().getTime(), 0, 0];
  let quietAt: number | null = null;

  const look = (time: number) => {
    const isRescan = Math.abs(time - rescannedAt) >= config.rescanMs;
    const looks = [files.poll(), ...(isRescan ? [files.rescan()] : [])];
    isLaterDue ||= looks.some(({ later }) => later);
    const isQuietNow = quietAt !== null && time > quietAt;
    isDue ||= looks.some(({ soon }) => soon) || isQuietNow || (isRescan && isLaterDue);
    if (isRescan) rescannedAt = time;
  };
  const pass = async (time: number) => {
    const end = await runPass({ run, from, canIndex: () => canIndex(config) });
    await journal.pass(end, time);
    if (end.state === 'done') {
      [isDue, isLaterDue, isRestDue, failures] = [false, false, true, 0];
      quietAt = end.result.waiting === 0 ? null : files.quietAfter(time, config.settleMs);
    } else if (end.state === 'failed') {
      retryAt = time + Math.min(config.rescanMs * 2 ** failures, longestWaitMs);
      failures += 1;
    }
  };
  // What no pair waits for: the tables beside and after them.
  const rest = async (time: number) => {
    const { code, stderr } = await run(['build']);
    if (code === exitCodes.locked) return;
    [isRestDue, restAt] = [false, time];
    if (code !== exitCodes.ok) await journal.trouble(`build: ${stderr.split('\n').at(-1)}`, time);
  };

  while (!stop.aborted) {
    const time = now().getTime();
    look(time);
    const isPassing = isDue && time >= retryAt;
    if (isPassing) await pass(time);
    if (isRestDue && !isDue && (!isPassing || time - restAt >= config.rescanMs)) await rest(time);
    await options.betweenPasses?.();
    await sleep(config.pollMs);
  }
  return journal.status();
}

/** Keeps what watch says and writes down of itself; the same words are not said twice running. */
function openJournal({ config, from, now, log }: WatchOptions, files: () => number) {
  const startedAt = now().toISOString();
  let status: WatchStatus = {
    ...{ pid: process.pid, startedAt, from, files: files(), passes: 0, handedOff: 0 },
    ...{ lastPass: null, trouble: null },
  };
  let warned: readonly string[] = [];
  const say = (words: string) => log(`${now().toISOString()} ${words}`);
  const set = async (change: Partial<WatchStatus>) => {
    status = { ...status, ...change, files: files() };
    // On a full disk watch goes on: it is needed again once there is room.
    await writeWatchStatus(config, status).catch((error: unknown) => say(`! ${errorWords(error)}`));
  };
  const trouble = async (words: string | null, time: number) => {
    if (words === (status.trouble?.words ?? null)) return;
    if (words !== null) say(`! ${words}`);
    await set({ trouble: words === null ? null : { at: new Date(time).toISOString(), words } });
  };
  return {
    status: () => status,
    trouble,
    begin: async () => {
      await set({});
      const what = from === null ? 'every pair' : `pairs answered from ${from} on`;
      say(`watching ${amount(files(), 'items')} files, handing off ${what}`);
    },
    pass: async (end: PassEnd, time: number) => {
      if (end.state !== 'done') return trouble(end.words, time);
      const { warnings, failures, ...counts } = end.result;
      for (const words of warnings.filter((warning) => !warned.includes(warning))) say(`! ${words}`);
      warned = warnings;
      const ms = now().getTime() - time;
      say(`${describePass(end.result)} (${(ms / 1000).toFixed(1)} s)`);
      const handedOff = status.handedOff + counts.added + counts.changed;
      const lastPass = { at: new Date(time).toISOString(), ms, ...counts };
      await set({ passes: status.passes + 1, handedOff, lastPass });
      await trouble(failures.length === 0 ? null : failures.join('; '), time);
    },
  };
}

function readFrom(text: string, now: Date): string {
  return text === 'now' ? now.toISOString() : `${utc('from', text)}Z`;
}
