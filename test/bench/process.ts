import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from './bars.js';

/** GNU time asks the kernel (wait4) for what a process and those it waited for used. */
const time = '/usr/bin/time';
const hasTime = process.platform === 'linux' && existsSync(time);

export type Ended = Run & {
  /** Until the first byte on stdout or stderr; null where it said nothing. */
  readonly firstLineSeconds: number | null;
  readonly stdout: string;
};

/**
 * Runs one process to its end and says what it cost; throws with its last words where it failed. The environment is the
 * caller's without its own settings of tracemill, so that every machine measures the same thing.
 */
export async function measure(
  command: string,
  args: readonly string[],
  keys: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-time-'));
  const file = join(folder, 'usage');
  const words = hasTime ? [time, '-q', '-f', '%U %M', '-o', file, command, ...args] : [command, ...args];
  const started = performance.now();
  const child = spawn(words[0] ?? command, words.slice(1), {
    env: { ...foreignKeys(), ...keys },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let first: number | null = null;
  let stdout = '';
  let stderr = '';
  const heard = () => {
    first ??= (performance.now() - started) / 1000;
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard();
    stdout = (stdout + text).slice(-1_000_000);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard();
    stderr = (stderr + text).slice(-2000);
  });
  try {
    const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const seconds = (performance.now() - started) / 1000;
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    const [cpu, kilobytes] = hasTime ? (await readFile(file, 'utf8')).trim().split(' ').map(Number) : [];
    return {
      seconds,
      cpuSeconds: cpu ?? null,
      peakBytes: kilobytes === undefined ? null : 1024 * kilobytes,
      firstLineSeconds: first,
      stdout,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function foreignKeys(): NodeJS.ProcessEnv {
  const own = /^(TRACEMILL|SEQ|CLICKHOUSE|CLAUDE|CODEX)_/;
  return Object.fromEntries(Object.entries(process.env).filter(([key]) => !own.test(key)));
}
