import type { Project } from '../../pipelines/lib/graph.js';
import { loadMacros } from '../../pipelines/lib/macros.js';
import type { Manifest } from '../../pipelines/lib/manifest.js';
import type { Policy } from '../../pipelines/lib/redaction/policy.js';
import type { Stage } from '../../pipelines/lib/rowOrigins.js';
import {
  createView,
  type DuckDB,
  identifier,
  openDuckDB,
  quote,
  tableRelation,
} from '../../pipelines/lib/warehouse.js';

/** A database with the macros of the models, for notRemade. */
export async function openModels({ macros }: Project, policy: Policy): Promise<DuckDB> {
  const duckdb = await openDuckDB();
  await loadMacros(duckdb.connection, macros, policy);
  return duckdb;
}

/**
 * The rows of a stage that its model does not make again when all it is given are the rows that the other stages show;
 * `lake` is the lake's folder, `day` the row's.
 */
export async function notRemade(
  duckdb: DuckDB,
  lake: string,
  { nodes, manifest }: Project,
  { stage, stages, day }: { stage: Stage; stages: readonly Stage[]; day: string },
): Promise<string[]> {
  const node = nodes.find(({ name }) => name === stage.table);
  if (node === undefined) throw new Error(`${stage.table} has no model`);
  for (const input of node.inputs) {
    const given = stages.find(({ table }) => table === input);
    await createView(duckdb, input, rowsOf(lake, manifest, input, given, node.partitioned ? day : undefined));
  }
  const made = await duckdb.connection.runAndReadAll(
    `select ${stage.keyColumns.map(identifier).join(', ')} from (${node.sql})`,
  );
  const keys = new Set(made.getRowsJson().map((key) => key.map(String).join(' ')));
  return stage.keys.map((key) => key.join(' ')).filter((key) => !keys.has(key));
}

/** A table's rows of a stage, none without one. */
function rowsOf(
  lake: string,
  manifest: Manifest,
  name: string,
  stage: Stage | undefined,
  day?: string,
): string {
  const table = manifest.tables[name];
  if (table === undefined) throw new Error(`${name} is not built`);
  const relation = tableRelation(lake, table, table.files[day ?? ''] === undefined ? undefined : day);
  if (stage === undefined) return `select * from (${relation}) where false`;
  const columns = stage.keyColumns.map((column) => `${identifier(column)}::varchar`).join(', ');
  const keys = stage.keys.map((key) => `(${key.map(quote).join(', ')})`).join(', ');
  return `select * from (${relation}) where (${columns}) in (${keys})`;
}
