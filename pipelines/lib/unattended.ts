import type { Config } from '../config.js';
import { readCapture, readWatchStatus } from './captureState.js';
import { readCrontab, takeOut } from './crontab.js';
import { nextRun } from './nextRun.js';
import { readHolder } from './pidFile.js';

/** What runs without anybody's doing: ingest by cron, and capture. */
export type Unattended = {
  /** The times of the line in the crontab, and when it is next due (ISO; null for @reboot); null where there is no line. */
  readonly schedule: { readonly times: string; readonly nextAt: string | null } | null;
  /** `stopped`: it does not run, though nobody turned it off. */
  readonly capture: 'on' | 'off' | 'stopped';
  /** When capture last did something, as ISO time. */
  readonly lastPassAt: string | null;
};

/** Reads crontab, pid file and state; what cannot be read counts as not there. */
export async function readUnattended(config: Config, now: Date): Promise<Unattended> {
  const [text, holder, capture, watch] = await Promise.all([
    readCrontab().catch(() => ''),
    readHolder(config.pidFile).catch(() => undefined),
    readCapture(config).catch(() => undefined),
    readWatchStatus(config),
  ]);
  const [line] = takeOut(text, config.data).taken;
  // What `schedule on` writes behind the times.
  const times = line?.split(/ (?:umask|PATH)\b/)[0]?.trim();
  return {
    schedule: times === undefined ? null : { times, nextAt: nextRun(times, now)?.toISOString() ?? null },
    capture: holder !== undefined ? 'on' : capture !== undefined ? 'stopped' : 'off',
    lastPassAt: watch?.lastPass?.at ?? null,
  };
}
