import type { DuckDBConnection } from '@duckdb/node-api';
import type { Model } from './model.js';
import { rowKeys } from './queryFailure.js';
import { identifier } from './warehouse.js';

/** A broken promise: `rows` rows of a model's day break `rule`; `examples` are keys of the first ones, never their text. */
export type Failure = { model: string; day: string; rule: string; rows: number; examples: string[] };

type Rule = { readonly rule: string; readonly rows: string; readonly broken: string };

/** The rows of a draft (a relation in SQL) and the promises of the model's header that it breaks. */
export async function checkDraft(connection: DuckDBConnection, model: Model, draft: string, day: string) {
  const rules = rulesOf(model);
  const counts = await connection.runAndReadAll(
    `select count(*), ${rules.map(({ rows }) => rows).join(', ')} from ${draft}`,
  );
  const [rows = 0, ...broken] = (counts.getRowsJS()[0] ?? []).map(Number);
  const failures: Failure[] = [];
  for (const [index, { rule, broken: where }] of rules.entries()) {
    const count = broken[index] ?? 0;
    if (count === 0) continue;
    const examples = await exampleKeys(connection, `select ${columnList(model.key)} from ${draft} ${where}`);
    failures.push({ model: model.name, day, rule, rows: count, examples });
  }
  return { rows, failures };
}

/** Runs a claim of sql/checks; fails where a row breaks it. */
export async function runClaim(connection: DuckDBConnection, model: Model, day: string): Promise<Failure[]> {
  const reader = await connection.runAndReadAll(`select count(*) from (\n${model.sql}\n)`);
  const rows = Number(reader.getRows()[0]?.[0]);
  if (rows === 0) return [];
  return [
    { model: model.name, day, rule: model.grain, rows, examples: await exampleKeys(connection, model.sql) },
  ];
}

function rulesOf(model: Model): Rule[] {
  const filter = (rule: string, condition: string): Rule => ({
    rule,
    rows: `count(*) filter (where ${condition})`,
    broken: `where ${condition}`,
  });
  const key = columnList(model.key);
  return [
    {
      rule: `@key ${model.key.join(', ')} is not unique`,
      rows: `count(*) - count(distinct row(${key}))`,
      broken: 'group by all having count(*) > 1',
    },
    ...[...new Set([...model.key, ...model.notNull])].map((column) =>
      filter(`${column} is null`, `${identifier(column)} is null`),
    ),
    ...(model.split ? [filter('day is null', 'day is null')] : []),
    // A null verdict is no proof, so it counts as broken.
    ...model.checks.map((check) => filter(`@check ${check}`, `(${check}) is not true`)),
  ];
}

/** The first three rows' columns that place a row; whatever may hold a human's words is left out. */
async function exampleKeys(connection: DuckDBConnection, select: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(`select * from (\n${select}\n) limit 3`);
  return reader.getRowObjectsJS().map(rowKeys);
}

function columnList(columns: readonly string[]): string {
  return columns.map(identifier).join(', ');
}
