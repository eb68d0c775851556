import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../pipelines/config.js';
import type { LoadResult } from '../../pipelines/lib/loadReport.js';
import { readManifest } from '../../pipelines/lib/manifest.js';
import { type DuckDB, openWarehouse } from '../../pipelines/lib/warehouse.js';
import { command as loadCommand } from '../../pipelines/load.js';
import type { Fault } from './clickhouseServer.js';
import { verbHere } from './verbHere.js';

const server = fileURLToPath(new URL('./clickhouseServer.js', import.meta.url));
const cli = fileURLToPath(new URL('../../pipelines/cli.js', import.meta.url));

export type Seen = { statements: string[]; gzipRequests: number; gzipResponses: number; bodyBytes: number };

/** A ClickHouse server of a test, in a process of its own. */
export type Server = {
  readonly url: string;
  readonly pid: number;
  /** Makes the next such statement go wrong, and gives what arrived so far. */
  readonly fail: (fault: Fault | null) => Promise<Seen>;
  readonly stop: () => Promise<void>;
};

export async function startServer(
  folder: string,
  { user = 'miller', password = 'flour & water', mode = '' } = {},
): Promise<Server> {
  const child = fork(server, [folder, user, password, mode], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const port = await nextMessage<number>(child);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    fail: (fault) => {
      const reply = nextMessage<Seen>(child);
      child.send({ fault });
      return reply;
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill();
      await ended;
    },
  };
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

/** The lake with the tables that a query names: to open all of them takes longer than most queries. */
export async function openFor(config: Config, sql: string): Promise<DuckDB> {
  const { tables } = await readManifest(join(config.data, 'lake'));
  return openWarehouse({ config, tables: Object.keys(tables).filter((name) => sql.includes(name)) });
}

/** Runs a verb as a person does; `program` is another copy of the command line. */
export function runCli(words: string[], environment: Record<string, string>, program = cli) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  return { status, signal, stdout, stderr };
}

/** Loads by the command line; throws with its words unless it ends well. */
export function runLoad(environment: Record<string, string>, ...words: string[]): LoadResult {
  const { status, stdout, stderr } = runCli(['load', '--json', ...words], environment);
  if (status !== 0) throw new Error(`load ended with ${status}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as LoadResult;
}

/** The same within this process. */
export async function loadHere(environment: Record<string, string>, full = false): Promise<LoadResult> {
  const { status, stdout, stderr, json } = await verbHere(loadCommand, full ? ['--full'] : [], environment);
  if (status !== 0) throw new Error(`load ended with ${status}: ${stderr}${stdout}`);
  return json as LoadResult;
}

/** A temporary folder that is removed with `remove`. */
export async function temporary(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "tracemill's a=b-"));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A copy of a built lake, without a warehouse in it. */
export async function copyLake(data: string, target: string): Promise<void> {
  await cp(join(data, 'lake'), join(target, 'lake'), {
    recursive: true,
    filter: (path) => !path.startsWith(join(data, 'lake', 'clickhouse')),
  });
}
