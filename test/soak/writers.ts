import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../bench/corpus.js';
import { zstd } from '../support/zstd.js';
import { current, homes, type Log, type LogOptions, planLogs } from './logs.js';

export type Writers = {
  readonly logs: readonly Log[];
  /** What was done to the files, by name. */
  readonly done: Readonly<Record<string, number>>;
  /** Writes until `stopping` says so; then ends, or leaves in the middle of a line, what is open. */
  readonly run: (stopping: () => boolean) => Promise<void>;
};

/** Sessions of both agents and a spool, written down bit by bit over the given time: lines whole and torn, files that come, move, shrink, are rewritten and go. */
export function openWriters(options: LogOptions & { readonly seconds: number }): Writers {
  const random = seeded(options.seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const logs = planLogs(options, random);
  const done: Record<string, number> = {};
  const count = (name: string) => {
    done[name] = (done[name] ?? 0) + 1;
  };
  const total = logs.reduce((sum, log) => sum + log.left.length, 0);
  const tickMs = 10;
  const pieces = (options.seconds * 1000) / tickMs;
  // Half the ticks write, and a torn line takes two or three writes.
  const usual = Math.max(200, (total / pieces) * 1.6);

  const write = (log: Log, size: number) => {
    const piece = log.left.subarray(0, size);
    if (piece.length === 0) return;
    mkdirSync(dirname(log.path), { recursive: true });
    appendFileSync(log.path, piece);
    log.left = log.left.subarray(piece.length);
    setVersion(log, Buffer.concat([current(log), piece]));
  };
  const begin = async (log: Log) => {
    log.state = 'open';
    const first = log.left.indexOf(10) + 1;
    // A first line may be seen torn where the name tells the day as well.
    if (log.source === 'codex' && random() < 0.5) {
      count('first line torn');
      write(log, Math.floor(random() * first));
      await sleep(50);
      write(log, log.left.indexOf(10) + 1);
    } else write(log, first);
    count('file begun');
  };
  const append = async (log: Log) => {
    const size = Math.ceil(usual * -Math.log(1 - random()));
    const line = log.left.subarray(0, size).lastIndexOf(10) + 1;
    if (random() < 0.5 && line > 0) {
      write(log, line);
      count('whole lines appended');
    } else {
      // Cut at any byte, in the middle of a character too, and flushed once more before the line ends.
      write(log, size);
      count('torn line flushed');
      if (random() < 0.5) {
        await sleep(random() * 30);
        if (log.state === 'open') write(log, Math.ceil(random() * 200));
      }
    }
    if (log.left.length === 0) log.state = 'ended';
  };
  const disturb = async (log: Log) => {
    const path = log.path;
    if (log.fate === 'moves' && log.state === 'ended') {
      log.path = join(
        dirname(homes(options.folder).codex),
        'archived_sessions',
        path.slice(path.lastIndexOf('/') + 1),
      );
      mkdirSync(dirname(log.path), { recursive: true });
      renameSync(path, log.path);
      log.state = 'closed';
      count('moved to archived_sessions');
      if (random() < 0.5) return;
      await sleep(random() * 3000);
      // The archive grows beside its log, which goes once it is whole.
      const [plain, archive] = [log.path, zstd(current(log))];
      const half = Math.floor(random() * archive.length);
      writeFileSync(`${plain}.zst`, archive.subarray(0, half));
      await sleep(random() * 500);
      appendFileSync(`${plain}.zst`, archive.subarray(half));
      log.path = `${plain}.zst`;
      rmSync(plain);
      count('compressed');
    } else if (log.fate === 'vanishes') {
      if (random() < 0.2) {
        rmSync(path);
        log.state = 'gone';
        count('deleted');
        return;
      }
      // Not there for a moment, as on a folder that is being synchronized.
      renameSync(path, `${path}.hidden`);
      log.state = 'hidden';
      count('not there for a moment');
      await sleep(random() * 300);
      renameSync(`${path}.hidden`, path);
      log.state = log.left.length === 0 ? 'ended' : 'open';
    } else if (log.fate === 'rewritten') rewrite(log, random, count);
    else if (log.fate === 'rotates') {
      log.path = path.replace(/jsonl$/, `${log.versions.length}-${Math.floor(random() * 1e9)}.jsonl`);
      renameSync(path, log.path);
      // What is still to be recorded goes to a new file of the old name.
      const rest = log.left.subarray(toLineEnd(log));
      write(log, toLineEnd(log));
      log.left = Buffer.alloc(0);
      log.state = 'closed';
      if (rest.length > 0)
        logs.push({ ...log, path, left: rest, versions: [Buffer.alloc(0)], state: 'waiting' });
      count('spool rotated');
    }
  };
  return {
    logs,
    done,
    run: async (stopping) => {
      const jobs = new Set<Promise<void>>();
      const busy = new Set<Log>();
      const start = (log: Log | undefined, work: (log: Log) => Promise<void>) => {
        if (log === undefined || busy.has(log)) return;
        busy.add(log);
        const job = work(log).finally(() => {
          busy.delete(log);
          jobs.delete(job);
        });
        jobs.add(job);
      };
      const of = (state: Log['state']) => logs.filter((log) => log.state === state);
      while (!stopping()) {
        const dice = random();
        // Files come evenly over the first two thirds of the time.
        if (dice < Math.max(0.02, (logs.length / pieces) * 1.5)) start(pick(of('waiting')), begin);
        else if (dice < 0.96) start(pick(of('open')), append);
        else
          start(
            pick(
              logs.filter(({ state, fate }) => fate !== 'calm' && (state === 'open' || state === 'ended')),
            ),
            disturb,
          );
        await sleep(tickMs);
      }
      await Promise.all(jobs);
      for (const log of of('open')) if (random() < 0.7) write(log, toLineEnd(log));
    },
  };
}

function setVersion(log: Log, bytes: Buffer): void {
  log.versions[log.versions.length - 1] = bytes;
}

function toLineEnd(log: Log): number {
  const bytes = current(log);
  return bytes.length === 0 || bytes.at(-1) === 10 ? 0 : log.left.indexOf(10) + 1;
}

/** Other words of the same length, that no version of any file had before. */
function otherWords(bytes: Buffer): Buffer {
  rewrites += 1;
  const words = `zz${rewrites.toString(36).padStart(4, '0')}`;
  return Buffer.from(bytes.toString('latin1').replaceAll(/zz[0-9a-z]{4}/g, words), 'latin1');
}

let rewrites = 0;

function rewrite(log: Log, random: () => number, count: (name: string) => void): void {
  const before = current(log);
  const dice = random();
  if (dice < 0.2) {
    const hours = (random() - 0.7) * 5;
    const time = new Date(Date.now() + hours * 3600e3);
    utimesSync(log.path, time, time);
    count(hours < 0 ? 'time set back' : 'time set ahead');
    return;
  }
  if (dice < 0.5) {
    // Its first line tells the day, which a file has for good.
    const least = before.indexOf(10) + 1;
    const kept = least + Math.floor(random() * (before.length - least));
    truncateSync(log.path, kept);
    log.versions.push(before.subarray(0, kept));
    log.left = otherWords(Buffer.concat([before.subarray(kept), log.left]));
    log.state = 'open';
    count('shrunk in the middle of a line');
    return;
  }
  if (dice < 0.57 && log.versions.length > 1) {
    const older = log.versions[Math.floor(random() * (log.versions.length - 1))] ?? before;
    log.versions.push(older);
    log.left = otherWords(log.left);
    writeFileSync(`${log.path}.new`, older);
    renameSync(`${log.path}.new`, log.path);
    count('restored as it was');
    return;
  }
  const after = otherWords(before);
  if (after.equals(before)) return;
  log.versions.push(after);
  if (dice < 0.7) {
    writeFileSync(log.path, after, { flag: 'r+' });
    const old = new Date(Date.now() - 3600e3);
    utimesSync(log.path, old, old);
    count('rewritten to the same size, time set back');
  } else if (dice < 0.85) {
    writeFileSync(log.path, after);
    count('rewritten in place');
  } else {
    writeFileSync(`${log.path}.new`, after);
    renameSync(`${log.path}.new`, log.path);
    count('replaced by another file');
  }
}
