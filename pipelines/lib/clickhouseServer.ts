import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import { clickhouseError } from './clickhouseErrors.js';

// For the first words with a server; what follows may take longer.
export const firstTimeoutMs = 20_000;

/** The server of CLICKHOUSE_URL in a few words, when it lets us in; makes nothing there. */
export async function pingServer(config: Config): Promise<string> {
  const { origin } = new URL(config.clickhouse.url ?? '');
  const where = `CLICKHOUSE_URL ${origin}`;
  const client = await serverClient(config, { database: 'default', settings: {}, timeoutMs: firstTimeoutMs });
  try {
    return `${origin}, ClickHouse ${await serverVersion(client, where)}`;
  } catch (error) {
    throw clickhouseError(error, where);
  } finally {
    await client.close();
  }
}

/** A client of the server of CLICKHOUSE_URL; what the URL says of time-outs is stronger. */
export async function serverClient(
  config: Config,
  of: { database: string; settings: ClickHouseSettings; timeoutMs: number },
): Promise<ClickHouseClient> {
  const { database, settings, timeoutMs } = of;
  // Loaded here: verbs that may need a server say their first words without it.
  const { ClickHouseLogLevel, createClient } = await import('@clickhouse/client');
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
      ...(given.has('request_timeout') ? {} : { request_timeout: timeoutMs }),
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

/** Those of the settings that this server knows: an older one refuses a name that came later. */
export async function knownSettings(
  client: ClickHouseClient,
  wanted: ClickHouseSettings,
): Promise<ClickHouseSettings> {
  const result = await client.query({
    query: 'select name from system.settings where name in ({names:Array(String)})',
    query_params: { names: Object.keys(wanted) },
    format: 'JSONEachRow',
  });
  const known = new Set((await result.json<{ name: string }>()).map(({ name }) => name));
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => known.has(name)));
}

/** Also tells whether what answers is a ClickHouse. */
export async function serverVersion(client: ClickHouseClient, where: string): Promise<string> {
  const result = await client.query({ query: 'select version() as version', format: 'JSONEachRow' });
  const text = await result.text();
  const version = /^\{"version":"(\d+\.[^"]*)"\}\n?$/.exec(text)?.[1];
  if (version !== undefined) return version;
  throw new UserError(`${where}: something answers, but it is not ClickHouse; correct the URL`);
}
