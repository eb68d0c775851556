import type { Readable } from 'node:stream';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import { embeddedClient } from './chdb.js';
import { clickhouseError } from './clickhouseErrors.js';
import { firstTimeoutMs, knownSettings, serverClient, serverVersion } from './clickhouseServer.js';
import { literal } from './clickhouseText.js';
import { onCluster } from './clusterDdl.js';

/** A warehouse, open: a bare table name is one of the database of the settings. */
export type Clickhouse = {
  readonly client: ClickHouseClient;
  /** True where the engine is in this process: it reads files by `file()`, and no stream can be inserted. */
  readonly embedded: boolean;
  readonly database: string;
  /** The cluster its tables are distributed on, null for none. */
  readonly cluster: string | null;
  /** As `select version()` gives it. */
  readonly version: string;
  /** Runs a statement that gives no rows. */
  readonly run: (sql: string, params?: QueryParams) => Promise<void>;
  /** The rows of a SELECT without a FORMAT; integers of 64 bits are text. */
  readonly rows: <Row = Record<string, unknown>>(sql: string, params?: QueryParams) => Promise<Row[]>;
  /** Inserts a few rows; times may be written as ISO 8601. */
  readonly insert: (table: string, rows: readonly object[]) => Promise<void>;
  /** Sends a stream as the body of `insert into … format …`; a server only. */
  readonly send: (sql: string, body: Readable) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Values of `{name:Type}` in a statement. */
export type QueryParams = Readonly<Record<string, unknown>>;

// On a cluster an insert answers once the shards have the rows, and a shard without rows of a day gives that day up.
const shardSettings: ClickHouseSettings = {
  insert_distributed_sync: 1,
  allow_replace_partition_from_empty_source: '1',
};

// Long enough for the insert of one day; `?request_timeout=` in CLICKHOUSE_URL is stronger.
const requestTimeoutMs = 600_000;

/**
 * Opens the server of CLICKHOUSE_URL or, unset, ClickHouse in this process over `lake/clickhouse`, and makes the database.
 * All that can go wrong there is a UserError. `settings` hold for every statement; those it does not know are left out.
 */
export async function openClickhouse(
  config: Config,
  { settings = {} }: { settings?: ClickHouseSettings } = {},
): Promise<Clickhouse> {
  const { url, database, cluster } = config.clickhouse;
  if (url === null && cluster !== null) {
    throw new UserError('CLICKHOUSE_CLUSTER: a cluster needs a server; set CLICKHOUSE_URL, or unset it', {
      exitCode: exitCodes.usage,
    });
  }
  const where = url === null ? 'lake/clickhouse' : `CLICKHOUSE_URL ${new URL(url).origin}`;
  const server = (database: string, timeoutMs: number, settings: ClickHouseSettings) =>
    serverClient(config, { database, timeoutMs, settings });
  // A server refuses every statement sent to a database that is not there, even the one that makes it.
  const first = url === null ? await embeddedClient(config) : await server('default', firstTimeoutMs, {});
  try {
    const version = await serverVersion(first, where);
    const known = await knownSettings(first, {
      output_format_json_quote_64bit_integers: 1,
      date_time_input_format: 'best_effort',
      ...(cluster === null ? {} : shardSettings),
      ...settings,
    });
    await first.command({ query: `create database if not exists ${database}${onCluster(cluster)}` });
    if (url === null) {
      // What `use` and `set` say holds for the session, which embedded is the whole connection.
      await first.command({ query: `use ${database}` });
      for (const [name, value] of Object.entries(known)) {
        await first.command({ query: `set ${name} = ${literal(String(value))}` });
      }
    } else await first.close();
    const client = url === null ? first : await server(database, requestTimeoutMs, known);
    return session({ client, embedded: url === null, database, cluster, version, where });
  } catch (error) {
    await first.close();
    throw clickhouseError(error, where);
  }
}

function session(of: {
  client: ClickHouseClient;
  embedded: boolean;
  database: string;
  cluster: string | null;
  version: string;
  where: string;
}): Clickhouse {
  const { client, embedded, database, cluster, version, where } = of;
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
    cluster,
    version,
    run: async (sql, params) => {
      await guard(client.command({ query: sql, ...given(params) }));
    },
    rows: (sql, params) => guard(ask(sql, params)),
    insert: async (table, values) => {
      // The embedded client knows no database of its own for an insert.
      await guard(client.insert({ table: `${database}.${table}`, values, format: 'JSONEachRow' }));
    },
    send: (sql, body) => guard(sendBody(client, sql, body)),
    close: () => client.close(),
  };
}

async function sendBody(client: ClickHouseClient, query: string, values: Readable): Promise<void> {
  const { stream } = await client.exec({ query, values });
  for await (const _ of stream);
}

/** Whether the database of the settings has a table of this name. */
export async function hasTable({ rows, database }: Clickhouse, name: string): Promise<boolean> {
  const found = await rows(
    'select name from system.tables where database = {database:String} and name = {name:String}',
    { database, name },
  );
  return found.length > 0;
}
