import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../../config.js';
import { lakeFolder } from '../lake.js';
import { type Manifest, readManifest } from '../manifest.js';
import { amount } from '../progress.js';
import { openDuckDB, tableRelation } from '../warehouse.js';
import { type Policy, readPolicy } from './policy.js';

/** What the settings look for, and what the published tables hold placeholders for. */
export type Redaction = {
  /** Kinds in force; none: nothing is redacted but what own patterns find. */
  readonly kinds: readonly string[];
  readonly ownPatterns: number;
  readonly policy: string;
  /** By rule: how many different values, in how many places of the logs; null where core.redactions is not built yet or not read. */
  readonly found: readonly { kind: string; rule: string; values: number; places: number }[] | null;
};

/** Reads the settings and, unless `counts` is false, core.redactions as it is published. */
export async function readRedaction(config: Config, counts = true): Promise<Redaction> {
  const policy = await readPolicy(config);
  if (!counts) return withFound(config, policy, null);
  const manifest = await readManifest(lakeFolder(config));
  const duckdb = await openDuckDB();
  return redactionHere(duckdb.connection, config, { policy, manifest }).finally(duckdb.close);
}

/** The same where policy and manifest were read and a DuckDB is open. */
export async function redactionHere(
  connection: DuckDBConnection,
  config: Config,
  { policy, manifest }: { policy: Policy; manifest: Manifest },
): Promise<Redaction> {
  const table = manifest.tables['core.redactions'];
  if (table === undefined) return withFound(config, policy, null);
  const reader = await connection.runAndReadAll(
    `select kind, rule, count(distinct value_hash), sum(occurrence_count)::bigint as places
     from (${tableRelation(lakeFolder(config), table)}) group by all order by places desc, rule`,
  );
  const found = reader.getRowsJS().map(([kind, rule, values, places]) => ({
    kind: String(kind),
    rule: String(rule),
    values: Number(values),
    places: Number(places),
  }));
  return withFound(config, policy, found);
}

function withFound({ redact }: Config, { version, patterns }: Policy, found: Redaction['found']): Redaction {
  return { kinds: redact, ownPatterns: patterns.length, policy: version, found };
}

/** `redaction: credential, email; 87 values redacted in 1,204 places`. */
export function describeRedaction(redaction: Redaction): string {
  return `redaction: ${redactionInWords(redaction)}`;
}

/** The same without its first word. */
export function redactionInWords({ kinds, ownPatterns, found }: Redaction): string {
  const own = ownPatterns === 0 ? [] : [`${ownPatterns} own pattern${ownPatterns === 1 ? '' : 's'}`];
  const looked = [...kinds, ...own];
  if (looked.length === 0) return 'none: nothing is redacted';
  if (found === null) return looked.join(', ');
  const sum = (key: 'values' | 'places') =>
    amount(
      found.reduce((total, row) => total + row[key], 0),
      'items',
    );
  const many =
    found.length === 0 ? 'nothing found' : `${sum('values')} values redacted in ${sum('places')} places`;
  return `${looked.join(', ')}; ${many}`;
}
