import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** One run of the command line, as it ended. */
export type Run = {
  readonly verb: string;
  /** Exit code, or null where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly words: string;
  /** Where it was told to die, or after how many milliseconds; null where it was let be. */
  readonly kill: string | null;
  /** What was done to it or its disk while it ran. */
  readonly faults: readonly string[];
  readonly ms: number;
};

export type Jobs = {
  readonly runs: readonly Run[];
  /** One run, whatever else runs. */
  readonly once: (verb: string, how?: { kill?: boolean; more?: Record<string, string> }) => Promise<Run>;
  /** Runs a verb again and again, with pauses of this length on average, until `stopping` says so. */
  readonly loop: (verb: string, pauseMs: number, stopping: () => boolean) => Promise<void>;
  /** A fault that holds until the function it gives is called: runs that overlap it are marked with it. */
  readonly mark: (fault: string) => () => void;
  /** Keeps new runs of the loops from beginning, and waits for those at work. */
  readonly hold: () => Promise<() => void>;
};

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const preload = new URL('./preload.js', import.meta.url).href;

/** Where a verb may be killed: between two durable steps. */
const points: Record<string, readonly string[]> = {
  ingest: ['raw-renamed', 'before-commit', 'commit-renamed', 'merge-renamed', 'snapshot-renamed', 'swept'],
  build: ['draft-renamed', 'before-publish', 'published', 'retired-swept'],
  load: ['ddl-applied', 'load-staged', 'load-swapped', 'load-noted', 'load-dropped'],
  handoff: ['handoff-written', 'handoff-synced', 'seq-mem-written', 'seq-mem-synced'],
  export: [],
  verify: [],
};

/** Child processes of the real command line, some of which are killed on the way. */
export function openJobs(options: {
  environment: () => Record<string, string>;
  random: () => number;
  /** How many of the runs are to be killed. */
  killRate: number;
}): Jobs {
  const { random } = options;
  const runs: Run[] = [];
  const usual = new Map<string, number>();
  const active = new Map<object, Set<string>>();
  const standing = new Set<string>();
  const running = new Set<ChildProcess>();
  let held: Promise<void> | undefined;
  let turn: Promise<void> = Promise.resolve();

  const once: Jobs['once'] = async (verb, { kill = false, more = {} } = {}) => {
    const env: Record<string, string> = { ...options.environment(), ...more };
    let delay: number | undefined;
    let killed: string | null = null;
    const point = points[verb]?.[Math.floor(random() * points[verb].length)];
    if (kill && point !== undefined && random() < 0.4) {
      killed = `${point}:${/draft|raw/.test(point) ? 1 + Math.floor(random() * 6) : 1}`;
      env.TRACEMILL_CRASH_AT = killed;
    } else if (kill) {
      delay = random() * (usual.get(verb) ?? 1000);
      killed = 'any';
    }
    const started = performance.now();
    const child = spawn(process.execPath, [here('../../pipelines/cli.js'), verb, '--json'], {
      env: { ...process.env, ...env, NODE_OPTIONS: `--import ${preload}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const faults = new Set(standing);
    active.set(child, faults);
    running.add(child);
    let words = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        words = (words + text).slice(-4000);
      });
    const timer = delay === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), delay);
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.on('close', (...end) => resolve(end)),
    );
    clearTimeout(timer);
    active.delete(child);
    running.delete(child);
    const ms = performance.now() - started;
    if (code === 0 && faults.size === 0) usual.set(verb, ((usual.get(verb) ?? ms) + ms) / 2);
    const run = { verb, code, signal, words, kill: killed, faults: [...faults], ms };
    runs.push(run);
    return run;
  };
  return {
    runs,
    once,
    loop: async (verb, pauseMs, stopping) => {
      while (!stopping()) {
        await held;
        const kill = random() < options.killRate;
        // Most of them one after the other, or each would only find the lake locked by another.
        if (verb === 'verify' || random() < 0.2) await once(verb, { kill });
        else {
          turn = turn.then(async () => {
            await held;
            await once(verb, { kill });
          });
          await turn;
        }
        await sleep(random() * 2 * pauseMs);
      }
    },
    mark: (fault) => {
      standing.add(fault);
      for (const faults of active.values()) faults.add(fault);
      return () => standing.delete(fault);
    },
    hold: async () => {
      let release = () => {};
      held = new Promise((resolve) => {
        release = () => {
          held = undefined;
          resolve();
        };
      });
      while (running.size > 0) await sleep(20);
      return release;
    },
  };
}
