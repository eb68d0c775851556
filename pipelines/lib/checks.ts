import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import type { Project } from './graph.js';
import { loadMacros } from './macros.js';
import type { Column } from './manifest.js';
import { type Model, sha256 } from './model.js';
import { bindFailure, rowKeys } from './queryFailure.js';
import { withPolicy } from './redaction/policyColumn.js';
import { createView, type DuckDB, identifier, rawRelation, rawSources, tableRelation } from './warehouse.js';

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

/** Binds every changed model over empty inputs: its columns become known, and what is wrong with it shows early. */
export async function describeTables(planner: DuckDB, lake: string, project: Project, selected: Set<string>) {
  const { tables } = project.manifest;
  await loadMacros(planner.connection, project.macros, project.policy);
  for (const source of rawSources) await createView(planner, `raw.${source}`, rawRelation(lake, []));
  for (const node of project.nodes) {
    const shape = shapeOf(project, node.name);
    const before = tables[node.name];
    if (selected.has(node.name) && before?.shape !== shape) {
      const columns = await describeModel(planner.connection, withPolicy(node, project.policy));
      if (node.isCheck) continue;
      const partitioned = node.partitioned || node.split;
      tables[node.name] = { fingerprint: '', files: {}, ...before, columns, partitioned, shape };
    }
    const table = tables[node.name];
    if (table) await createView(planner, node.name, tableRelation(lake, { ...table, files: {} }));
  }
}

/** A hash that stays while a model's columns do. */
export function shapeOf({ byName, manifest: { tables } }: Project, name: string): string {
  const { own = '', inputs = [] } = byName.get(name) ?? {};
  return sha256([own, ...inputs.map((input) => tables[input]?.shape)].join('.'), 16);
}

/** The columns a model makes, found by binding it alone. Throws a UserError where SQL and header do not agree. */
async function describeModel(connection: DuckDBConnection, model: Model): Promise<Column[]> {
  let columns: Column[];
  try {
    // The checks are bound as well: over a day without rows they are not asked.
    const verdicts = model.checks.map((check) => `(${check}) is true`);
    const reader = await connection.runAndReadAll(
      `describe select ${['*', ...verdicts].join(', ')} from (\n${model.sql}\n)`,
    );
    const described = reader.getRowsJS().slice(0, reader.currentRowCount - verdicts.length);
    columns = described.map(([name, type]) => [String(name), String(type)]);
  } catch (error) {
    const why = bindFailure(error);
    if (why === null) throw error;
    throw new UserError(`${model.file}: ${why}; correct the model`, { cause: error });
  }
  const problem = columnProblem(model, columns);
  if (problem) throw new UserError(`${model.file}: ${problem}`);
  return columns.filter(([name]) => name !== 'day' || !(model.partitioned || model.split));
}

function columnProblem(model: Model, columns: readonly Column[]): string | null {
  // The runner's own column is no model's.
  const names = columns.map(([name]) => name).filter((name) => name !== 'redaction_policy');
  const unknown = [...model.key, ...model.notNull].find((column) => !names.includes(column));
  if (unknown) return `its header names ${unknown}, which it does not make; it makes ${names.join(', ')}`;
  if (model.split && !names.includes('day')) return '@split day needs a column day; select it';
  const odd = columns.find(([, type]) =>
    /HUGEINT|INTERVAL|ENUM|UNION|BIT\b|TIMESTAMP_S|WITH TIME ZONE/.test(type),
  );
  if (odd && !model.isCheck)
    return `${odd[0]} is ${odd[1]}, which Parquet does not keep; cast it (a sum: ::bigint)`;
  const made = names.filter((name) => name !== 'day' || !(model.partitioned || model.split));
  const silent = made.filter((name) => !model.columns.has(name));
  // What trainers read is described in full; elsewhere a column that is passed on keeps the words of where it was made.
  if (silent.length > 0 && model.name.startsWith('datasets.'))
    return `says nothing of ${silent.join(', ')}; add @column lines`;
  const gone = [...model.columns.keys()].filter((name) => !made.includes(name));
  return gone.length > 0 ? `has @column ${gone.join(', ')} but makes no such column; remove the lines` : null;
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
