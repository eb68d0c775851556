import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import type { Node, Project } from './graph.js';
import { loadMacros } from './macros.js';
import type { Column, Table } from './manifest.js';
import { type Model, sha256 } from './model.js';
import { bindFailure } from './queryFailure.js';
import { withPolicy } from './redaction/policyColumn.js';
import { createView, type DuckDB, rawRelation, tableRelation } from './warehouse.js';

// Columns of the models that this process has bound, by name and shape: one that builds often binds each once.
const bound = new Map<string, readonly Column[]>();

/**
 * Binds every changed model over empty inputs: its columns become known, and what is wrong with it shows early. Where
 * none has changed, as on most days, the planner needs neither macros nor views.
 */
export async function describeTables(planner: DuckDB, lake: string, project: Project, selected: Set<string>) {
  const { tables } = project.manifest;
  const described = new Set<string>();
  let hasMacros = false;
  for (const node of project.nodes) {
    const shape = shapeOf(project, node.name);
    const before = tables[node.name];
    if (!selected.has(node.name)) continue;
    if (node.isCheck ? wasAsked(project, node, described) : before?.shape === shape) continue;
    described.add(node.name);
    const key = `${node.name} ${shape}`;
    let columns = bound.get(key);
    if (columns === undefined) {
      if (!hasMacros) await loadMacros(planner.connection, project.macros, project.policy);
      hasMacros = true;
      for (const input of node.inputs) await createView(planner, input, emptyInput(lake, tables[input]));
      columns = await describeModel(planner.connection, withPolicy(node, project.policy));
      bound.set(key, columns);
    }
    if (node.isCheck) continue;
    const partitioned = node.partitioned || node.split;
    tables[node.name] = { fingerprint: '', files: {}, ...before, columns, partitioned, shape };
  }
}

/** Whether a claim was asked before as it is now, of tables that still have the columns they had. */
function wasAsked({ manifest: { checks } }: Project, node: Node, described: ReadonlySet<string>): boolean {
  const passed = Object.values(checks[node.name] ?? {});
  return (
    passed.some((made) => made.startsWith(`${node.own}.`)) &&
    !node.inputs.some((input) => described.has(input))
  );
}

function emptyInput(lake: string, table: Table | undefined): string {
  return table === undefined ? rawRelation(lake, []) : tableRelation(lake, { ...table, files: {} });
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
