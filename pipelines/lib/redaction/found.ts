import type { Config } from '../../config.js';
import { lakeFolder } from '../lake.js';
import { readManifest } from '../manifest.js';
import { amount } from '../progress.js';
import { alignColumns } from '../report.js';
import { openDuckDB, tableRelation } from '../warehouse.js';
import { readPolicy } from './policy.js';

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
  const { version, patterns } = await readPolicy(config);
  const policy = { kinds: config.redact, ownPatterns: patterns.length, policy: version };
  if (!counts) return { ...policy, found: null };
  const lake = lakeFolder(config);
  const table = (await readManifest(lake)).tables['core.redactions'];
  if (table === undefined) return { ...policy, found: null };
  const { connection, close } = await openDuckDB();
  const reader = await connection
    .runAndReadAll(
      `select kind, rule, count(distinct value_hash), sum(occurrence_count)::bigint as places
       from (${tableRelation(lake, table)}) group by all order by places desc, rule`,
    )
    .finally(close);
  const found = reader.getRowsJS().map(([kind, rule, values, places]) => ({
    kind: String(kind),
    rule: String(rule),
    values: Number(values),
    places: Number(places),
  }));
  return { ...policy, found };
}

/** `redaction: credential, email; 1,204 places of 87 values`. */
export function describeRedaction({ kinds, ownPatterns, found }: Redaction): string {
  const own = ownPatterns === 0 ? [] : [`${ownPatterns} own pattern${ownPatterns === 1 ? '' : 's'}`];
  const looked = [...kinds, ...own];
  if (looked.length === 0) return 'redaction: none: nothing is redacted';
  if (found === null) return `redaction: ${looked.join(', ')}`;
  const sum = (key: 'values' | 'places') =>
    amount(
      found.reduce((total, row) => total + row[key], 0),
      'items',
    );
  const many =
    found.length === 0 ? 'nothing found' : `${sum('values')} values redacted in ${sum('places')} places`;
  return `redaction: ${looked.join(', ')}; ${many}`;
}

/** A line for each rule that found something. */
export function describeFound({ found }: Redaction): string[] {
  if (found === null || found.length === 0) return [];
  return alignColumns(
    ['redacted', 'rule', 'values', 'places'],
    found.map(({ kind, rule, values, places }) => [
      kind,
      rule,
      amount(values, 'items'),
      amount(places, 'items'),
    ]),
  );
}
