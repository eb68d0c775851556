import { existsSync } from 'node:fs';
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import { diskError } from './diskError.js';
import { duckdbPackage } from './duckdbPackage.js';
import { armCrash, closeData, draftPath, lakeFolder, makeFolder } from './lake.js';

// DuckDB's file lock belongs to the process, so it does not hold a second caller of the same process back.
const held = new Map<string, string>();

/** Runs `work` as the only writer of the lake. A crash frees the lock; a second holder gets a UserError (exit 75). */
export async function withLock<T>(config: Config, verb: string, work: () => Promise<T>): Promise<T> {
  const lake = lakeFolder(config);
  const inside = held.get(lake);
  if (inside !== undefined) throw lockedError(inside, process.pid);
  held.set(lake, verb);
  try {
    armCrash(config.crashAt);
    await makeFolder(lake);
    await closeData(config.data);
    const instance = await openLock(config, lake);
    const note = join(lake, 'lock.holder');
    try {
      // A courtesy to the one who waits: on a full disk the work must still begin, it frees the drafts of a killed run.
      await writeFile(note, `${process.pid} ${verb}\n`, { mode: 0o600 }).catch(() => {});
      return await work();
    } finally {
      await rm(note, { force: true });
      instance.closeSync();
    }
  } catch (error) {
    throw diskError(error, config.data, 'lake') ?? error;
  } finally {
    held.delete(lake);
  }
}

async function openLock(config: Config, lake: string): Promise<DuckDBInstance> {
  const file = join(lake, 'lock.duckdb');
  try {
    if (!existsSync(file))
      await createLock(lake, file).catch((error) => {
        // Another run made it first, and swept the drafts, this one's too.
        if (!existsSync(file)) throw error;
      });
    return await duckdbPackage.DuckDBInstance.create(file, { threads: '1' });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const pid = /Conflicting lock is held in .*?\(PID (\d+)\)/.exec(message)?.[1];
    if (pid !== undefined) throw lockedError(await holderVerb(lake, pid), Number(pid), error);
    if (/Could not set lock/.test(message)) throw lockedError('another run', undefined, error);
    if (/not a valid DuckDB database|Could not read enough bytes/.test(message)) {
      throw new UserError('lake/lock.duckdb: is damaged; delete it, it holds no data', { cause: error });
    }
    throw (
      diskError(error, config.data, 'lake') ??
      new UserError(`lake/lock.duckdb: cannot be opened; check the folder's owner and free space`, {
        cause: error,
      })
    );
  }
}

/** A run killed while it makes the file must not leave half of one: it gets its name when it is whole. */
async function createLock(lake: string, file: string): Promise<void> {
  await makeFolder(join(lake, 'drafts'));
  const draft = draftPath(lake, '.lock');
  const instance = await duckdbPackage.DuckDBInstance.create(draft, { threads: '1' });
  instance.closeSync();
  await chmod(draft, 0o600);
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { force: true });
}

/** The note tells the verb; the pid in DuckDB's own message tells whether the note is of this holder. */
async function holderVerb(lake: string, pid: string): Promise<string> {
  const note = await readFile(join(lake, 'lock.holder'), 'utf8').catch(() => '');
  const [noted, verb = ''] = note.trim().split(' ');
  return noted === pid && verb !== '' ? verb : 'another run';
}

function lockedError(verb: string, pid: number | undefined, cause?: unknown): UserError {
  const who = pid === undefined ? verb : `${verb} with pid ${pid}`;
  const message = `lake/lock.duckdb: ${who} is writing the lake; wait for it, or end it`;
  return new UserError(message, { cause, exitCode: exitCodes.locked });
}
