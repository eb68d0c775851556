import { readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClickHouseClient, createClient } from '@clickhouse/client';
import type { Config } from '../config.js';
import { errorWords, exitCodes, UserError } from '../errors.js';
import { lakeFolder, makeFolder } from './lake.js';
import { isRunning } from './processes.js';

type Options = NonNullable<Parameters<typeof createClient>[0]>;
type Connection = NonNullable<Options['connection']>;
type Chdb = { createChdbConnection: (options: { path: string }) => Connection };

/** ClickHouse in this process over `lake/clickhouse`; one process at a time. */
export async function embeddedClient(config: Config): Promise<ClickHouseClient> {
  const path = join(lakeFolder(config), 'clickhouse');
  if (/[{}]/.test(path)) {
    throw new UserError(
      `${config.data}: embedded ClickHouse reads { and } in a path as a pattern; name another folder in TRACEMILL_DATA, or set CLICKHOUSE_URL`,
      { exitCode: exitCodes.usage },
    );
  }
  const { createChdbConnection } = await loadChdb();
  const { ClickHouseLogLevel, createClient } = await import('@clickhouse/client');
  await makeFolder(path);
  const open = () =>
    createClient({ connection: createChdbConnection({ path }), log: { level: ClickHouseLogLevel.OFF } });
  try {
    return open();
  } catch (error) {
    // The engine tells its reason on stderr only; its status file tells who holds the folder.
    const status = await readFile(join(path, 'status'), 'utf8').catch(() => '');
    const pid = /^PID: (\d+)/m.exec(status)?.[1];
    if (pid !== undefined && isRunning(Number(pid))) {
      throw new UserError(`lake/clickhouse: process ${pid} has it open; wait for it, or end it`, {
        cause: error,
        exitCode: exitCodes.locked,
      });
    }
    try {
      if (await dropUnwritten(path)) return open();
    } catch {
      // What it says then is no news.
    }
    throw new UserError(
      'lake/clickhouse: cannot be opened; check its owner and free space, or delete it and load again',
      { cause: error },
    );
  }
}

/**
 * Removes descriptions of a database or table that are empty: a full disk leaves one of what was just being made, and the
 * engine then opens nothing at all. True where there was one.
 */
async function dropUnwritten(path: string): Promise<boolean> {
  let found = false;
  for (const name of await readdir(path, { recursive: true })) {
    // Not through the link of a database to its tables, which stand in store/.
    if (!/^(metadata\/[^/]+|store\/[^/]+\/[^/]+\/[^/]+)\.sql$/.test(name)) continue;
    if ((await stat(join(path, name))).size > 0) continue;
    await rm(join(path, name));
    // That link alone would be taken for a database of an older kind.
    if (name.startsWith('metadata/')) await unlink(join(path, name.slice(0, -'.sql'.length))).catch(() => {});
    found = true;
  }
  return found;
}

/** The optional package; without it, or on a platform it has no engine for, a UserError says what to do. */
export async function loadChdb(): Promise<Chdb> {
  // Not a literal: the compiler must not miss a package that may be absent.
  const name: string = 'chdb/connection';
  try {
    return (await import(name)) as Chdb;
  } catch (error) {
    throw new UserError(
      `chdb: is not installed or does not run here (${errorWords(error)}); run \`npm install --include=optional\`, or set CLICKHOUSE_URL to a server`,
      { cause: error },
    );
  }
}
