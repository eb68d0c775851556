import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import { clickhouseError } from './clickhouseErrors.js';
import { lakeFolder, makeFolder } from './lake.js';
import { isRunning } from './processes.js';

/** A warehouse, open: a bare table name is one of the database of the settings. */
export type Clickhouse = {
  readonly client: ClickHouseClient;
  /** True where the engine is in this process: it reads files by `file()`, and no stream can be inserted. */
  readonly embedded: boolean;
  readonly database: string;
  /** As `select version()` gives it. */
  readonly version: string;
  /** Runs a statement that gives no rows. */
  readonly run: (sql: string, params?: QueryParams) => Promise<void>;
  /** The rows of a SELECT without a FORMAT; integers of 64 bits are text. */
  readonly rows: <Row = Record<string, unknown>>(sql: string, params?: QueryParams) => Promise<Row[]>;
  /** Sends a stream as the body of `insert into … format …`; a server only. */
  readonly send: (sql: string, body: Readable) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Values of `{name:Type}` in a statement. */
export type QueryParams = Readonly<Record<string, unknown>>;

type Options = NonNullable<Parameters<typeof createClient>[0]>;
type Connection = NonNullable<Options['connection']>;
type Chdb = { createChdbConnection: (options: { path: string }) => Connection };

// Long enough for the insert of one day; `?request_timeout=` in CLICKHOUSE_URL is stronger.
const requestTimeoutMs = 600_000;

/**
 * Opens the server of CLICKHOUSE_URL or, unset, ClickHouse in this process over `lake/clickhouse`, and makes the database.
 * All that can go wrong there is a UserError. `settings` hold for every statement.
 */
export async function openClickhouse(
  config: Config,
  { settings = {} }: { settings?: ClickHouseSettings } = {},
): Promise<Clickhouse> {
  const { url, database, cluster } = config.clickhouse;
  const where = url === null ? 'lake/clickhouse' : `CLICKHOUSE_URL ${new URL(url).origin}`;
  const all: ClickHouseSettings = { output_format_json_quote_64bit_integers: 1, ...settings };
  // A server refuses every statement sent to a database that is not there, even the one that makes it.
  const first = url === null ? await embeddedClient(config) : serverClient(config, 'default', all);
  try {
    const onCluster = cluster === null ? '' : ` on cluster '${cluster}'`;
    const version = await serverVersion(first, where);
    await first.command({ query: `create database if not exists ${database}${onCluster}` });
    if (url === null) {
      // What `use` and `set` say holds for the session, which embedded is the whole connection.
      await first.command({ query: `use ${database}` });
      for (const [name, value] of Object.entries(all))
        await first.command({ query: `set ${name} = '${value}'` });
    }
    if (url !== null) await first.close();
    const client = url === null ? first : serverClient(config, database, all);
    return session({ client, embedded: url === null, database, version, where });
  } catch (error) {
    await first.close();
    throw clickhouseError(error, where);
  }
}

function session(of: {
  client: ClickHouseClient;
  embedded: boolean;
  database: string;
  version: string;
  where: string;
}): Clickhouse {
  const { client, embedded, database, version, where } = of;
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw clickhouseError(error, where);
    }
  };
  const given = (params: QueryParams | undefined) =>
    params === undefined ? {} : { query_params: { ...params } };
  const ask = async <Row>(sql: string, params?: QueryParams): Promise<Row[]> => {
    const result = await client.query({ query: sql, format: 'JSONEachRow', ...given(params) });
    return result.json<Row>();
  };
  return {
    client,
    embedded,
    database,
    version,
    run: async (sql, params) => {
      await guard(client.command({ query: sql, ...given(params) }));
    },
    rows: (sql, params) => guard(ask(sql, params)),
    send: async (sql, body) => {
      const result = await guard(client.exec({ query: sql, values: body }));
      for await (const _ of result.stream);
    },
    close: () => client.close(),
  };
}

function serverClient(config: Config, database: string, settings: ClickHouseSettings): ClickHouseClient {
  const { url, user, password } = config.clickhouse;
  const parsed = new URL(url ?? '');
  const given = parsed.searchParams;
  try {
    return createClient({
      url: parsed,
      // The client refuses a user beside a token.
      ...(given.has('access_token') ? {} : { username: user, password }),
      database,
      application: 'tracemill',
      ...(given.has('request_timeout') ? {} : { request_timeout: requestTimeoutMs }),
      compression: { response: true },
      // Headers while a statement runs keep what stands between us and the server from hanging up.
      clickhouse_settings: {
        send_progress_in_http_headers: 1,
        http_headers_progress_interval_ms: '20000',
        ...settings,
      },
      log: { level: ClickHouseLogLevel.OFF },
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(`CLICKHOUSE_URL: ${why}; correct it`, { cause: error, exitCode: exitCodes.usage });
  }
}

async function embeddedClient(config: Config): Promise<ClickHouseClient> {
  const path = join(lakeFolder(config), 'clickhouse');
  const { createChdbConnection } = await loadChdb();
  await makeFolder(path);
  try {
    const connection = createChdbConnection({ path });
    return createClient({ connection, log: { level: ClickHouseLogLevel.OFF } });
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
    throw new UserError(
      'lake/clickhouse: cannot be opened; check its owner and free space, or delete it and load again',
      { cause: error },
    );
  }
}

/** The optional package; without it, or on a platform it has no engine for, a UserError says what to do. */
export async function loadChdb(): Promise<Chdb> {
  // Not a literal: the compiler must not miss a package that may be absent.
  const name: string = 'chdb/connection';
  try {
    return (await import(name)) as Chdb;
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0];
    throw new UserError(
      `chdb: is not installed or does not run here (${why}); run \`npm install --include=optional\`, or set CLICKHOUSE_URL to a server`,
      { cause: error },
    );
  }
}

/** Also tells whether what answers is a ClickHouse. */
async function serverVersion(client: ClickHouseClient, where: string): Promise<string> {
  const result = await client.query({ query: 'select version() as version', format: 'JSONEachRow' });
  const text = await result.text();
  const version = /^\{"version":"(\d+\.[^"]*)"\}\n?$/.exec(text)?.[1];
  if (version !== undefined) return version;
  throw new UserError(`${where}: something answers, but it is not ClickHouse; correct the URL`);
}
