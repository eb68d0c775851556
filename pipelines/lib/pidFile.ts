import { execFile } from 'node:child_process';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import { makeFolder } from './lake.js';
import { writing } from './writable.js';

/** The process that a pid file names, and when it began, so that another one with its number is not taken for it. */
export type Holder = {
  readonly pid: number;
  readonly began: string;
  /** False where the file holds a bare number, as other programs write it: it may be any process by now. */
  readonly isCertain: boolean;
};

/** Names this process in the file, which no other running one may be named in (UserError, exit 75); gives what takes it out. */
export async function claimPidFile(file: string): Promise<() => Promise<void>> {
  const own = { pid: process.pid, began: (await beginOf(process.pid)) ?? '' };
  const draft = `${file}.${process.pid}`;
  await writing(file, 'SEQ_AGENT_QA_PIDFILE', async () => {
    await makeFolder(dirname(file));
    // In a folder that all may write to, as /tmp, this name may be somebody's link.
    await rm(draft, { force: true });
    await writeFile(draft, `${own.pid}\n${own.began}\n`, { mode: 0o600, flag: 'wx' });
  });
  try {
    while (!(await isLinked(draft, file))) {
      const holder = await readHolder(file);
      if (holder !== undefined) throw heldError(file, holder);
      // Moved, not removed: only one of two that come at once gets it, and what it got is looked at again.
      const stale = `${draft}.stale`;
      await rename(file, stale).catch(ignoreMissing);
      const moved = await readHolder(stale);
      if (moved !== undefined) await link(stale, file).catch(() => {});
      await rm(stale, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    const holder = await readHolder(file);
    if (holder?.pid === own.pid) await rm(file, { force: true });
  };
}

/** The running process that a pid file names; undefined where there is none. */
export async function readHolder(file: string): Promise<Holder | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  const [first = '', began = ''] = (text ?? '').split('\n');
  if (!/^\s*\d*\s*$/.test(first)) {
    throw new UserError(`${file}: is no pid file; move it away, or name another in SEQ_AGENT_QA_PIDFILE`);
  }
  const pid = Number(first);
  // 0 and 1 are no watch, and a signal to 0 would go to this process's own group.
  if (pid <= 1) return undefined;
  const now = await beginOf(pid);
  if (now === undefined || (began !== '' && now !== '' && now !== began)) return undefined;
  return { pid, began: now, isCertain: began !== '' && now !== '' };
}

/** True while that very process runs. */
export async function isRunning({ pid, began }: Pick<Holder, 'pid' | 'began'>): Promise<boolean> {
  return (await beginOf(pid)) === began;
}

/** When a process began, in the system's own words; undefined where it has ended, '' where it cannot be told. */
async function beginOf(pid: number): Promise<string | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  return process.platform === 'linux' ? beginInProc(pid) : beginFromPs(pid);
}

// proc(5): state is the third field and the start, in ticks since boot, the 22nd; the second may hold any character.
async function beginInProc(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, though nobody has asked how.
    return /[ZX]/.test(fields[0] ?? '') ? undefined : `${boot.trim()} ${fields[19]}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ESRCH' ? undefined : '';
  }
}

async function beginFromPs(pid: number): Promise<string | undefined> {
  try {
    const env = childEnvironment({ LC_ALL: 'C', TZ: 'UTC' });
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env });
    const [, state = '', began = ''] = /^\s*(\S+)\s+(.*?)\s*$/.exec(stdout) ?? [];
    return state.startsWith('Z') ? undefined : began;
  } catch (error) {
    return (error as { code?: unknown }).code === 1 ? undefined : '';
  }
}

async function isLinked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function heldError(file: string, { pid }: Holder): UserError {
  const words = `watch with pid ${pid} runs already; \`tracemill capture off\` ends it`;
  return new UserError(`${file}: ${words}`, { exitCode: exitCodes.locked });
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
