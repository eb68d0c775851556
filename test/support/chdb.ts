import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { createChdbConnection } from 'chdb/connection';

type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

/** ClickHouse within this process, in a folder of its own; `default` is its database. */
export type Chdb = {
  readonly client: ClickHouseClient;
  readonly run: (sql: string) => Promise<void>;
  readonly rows: (sql: string) => Promise<Record<string, unknown>[]>;
  readonly remove: () => Promise<void>;
};

export async function openChdb(): Promise<Chdb> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-'));
  // Its types are those of another copy of the client's; the connection is the same.
  const connection = createChdbConnection({ path: folder }) as unknown as Connection;
  const client = createClient({ connection });
  return {
    client,
    run: async (query) => {
      await client.command({ query });
    },
    rows: async (query) => {
      const settings = { output_format_json_quote_64bit_integers: 1 } as const;
      const result = await client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings });
      return result.json();
    },
    remove: async () => {
      await client.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
