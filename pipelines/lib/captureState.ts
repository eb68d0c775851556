import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import type { PassResult } from './capturePass.js';
import { writeAtomically } from './lake.js';
import { writing } from './writable.js';

/** That capture is on: it outlives a crash, and only a clean end takes it away. */
export type Capture = {
  readonly since: string;
  /** Pairs answered before it are not handed off; null for all. */
  readonly from: string | null;
};

/** What watch last wrote of itself. */
export type WatchStatus = {
  readonly pid: number;
  readonly startedAt: string;
  readonly from: string | null;
  readonly files: number;
  readonly passes: number;
  /** Pairs handed off since it started. */
  readonly handedOff: number;
  readonly lastPass: (Omit<PassResult, 'warnings' | 'failures'> & { at: string; ms: number }) | null;
  /** What it is waiting for or what went wrong; null where the last pass was well. */
  readonly trouble: { readonly at: string; readonly words: string } | null;
};

const captureFile = (config: Config) => join(config.state, 'capture.json');
const statusFile = (config: Config) => join(config.state, 'watch.json');

/** What capture remembers; undefined where it is off. */
export async function readCapture(config: Config): Promise<Capture | undefined> {
  const value = await readJson(captureFile(config));
  if (value === undefined) return undefined;
  const { since, from = null } = value as { since?: unknown; from?: unknown };
  const isTime = (text: unknown) => typeof text === 'string' && !Number.isNaN(Date.parse(text));
  if (!isTime(since) || !(from === null || isTime(from))) {
    throw new UserError(`${captureFile(config)}: is damaged; delete it and turn capture on again`);
  }
  return { since: String(since), from: from === null ? null : String(from) };
}

/** Remembers that capture is on. */
export async function writeCapture(config: Config, capture: Capture): Promise<void> {
  const file = captureFile(config);
  await writing(file, 'SEQ_AGENT_QA_STATE', () => writeAtomically(file, `${JSON.stringify(capture)}\n`));
}

/** Forgets it: the next capture begins anew. */
export async function endCapture(config: Config): Promise<void> {
  await rm(captureFile(config), { force: true });
}

/** What watch last wrote; undefined where it never ran. */
export async function readWatchStatus(config: Config): Promise<WatchStatus | undefined> {
  // Only for people to read: a damaged one counts as none.
  return (await readJson(statusFile(config)).catch(() => undefined)) as WatchStatus | undefined;
}

/** Writes it down. */
export async function writeWatchStatus(config: Config, status: WatchStatus): Promise<void> {
  await writeAtomically(statusFile(config), `${JSON.stringify(status)}\n`);
}

async function readJson(file: string): Promise<object | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
  });
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below, as for a value that is no object.
  }
  throw new UserError(`${file}: is damaged; delete it and turn capture on again`);
}
