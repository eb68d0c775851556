import type { Config } from '../config.js';
import { describeTables } from './checks.js';
import { type Traced, traceColumns } from './columnLineage.js';
import { findColumn, nothing, type Origin, unknown } from './columnOrigins.js';
import { type Project, readProject } from './graph.js';
import { lakeFolder } from './lake.js';
import type { Column } from './manifest.js';
import { parseSelect } from './syntax.js';
import { openDuckDB, rawColumns, rawSources } from './warehouse.js';

/** A column as readers of the table see it, and where it comes from. */
export type TableColumn = Origin & { readonly name: string; readonly type: string };

/** Every table of raw and of the models, in building order, by name: its columns in their order. */
export type Tables = ReadonlyMap<string, readonly TableColumn[]>;

/** Columns that the runner writes, not a model: traced to nothing. */
export const runnerColumns = ['day', 'redaction_policy'];

/** The models and the columns of all tables, built or not: what is not described in the manifest is bound over no rows. */
export async function readTables(config: Config): Promise<{ project: Project; tables: Tables }> {
  const lake = lakeFolder(config);
  const duckdb = await openDuckDB();
  try {
    const project = await readProject(duckdb.connection, config, lake);
    const models = project.nodes.filter(({ isCheck }) => !isCheck);
    await describeTables(duckdb, lake, project, new Set(models.map(({ name }) => name)));
    const tables = new Map<string, TableColumn[]>();
    for (const source of rawSources) {
      const columns = [...rawColumns, day].map(([name, type]) => ({ name, type, ...nothing }));
      tables.set(`raw.${source}`, columns);
    }
    for (const model of models) {
      const traced = traceColumns(await parseSelect(duckdb.connection, model), namesOf(tables, model.inputs));
      const { columns = [], partitioned = false } = project.manifest.tables[model.name] ?? {};
      const all = partitioned ? [...columns, day] : columns;
      tables.set(
        model.name,
        all.map(([name, type]) => ({ name, type, ...originIn(traced, name) })),
      );
    }
    return { project, tables };
  } finally {
    duckdb.close();
  }
}

const day: Column = ['day', 'VARCHAR'];

function namesOf(tables: Tables, names: readonly string[]) {
  return new Map(names.map((table) => [table, (tables.get(table) ?? []).map(({ name }) => name)]));
}

/** A model that makes no `day` of its own, and none the policy, has them from the runner. */
function originIn({ columns, rest }: Traced, name: string): Origin {
  const { sources, conditions, isPassedOn, isUnknown } =
    findColumn(columns, name) ?? rest ?? (runnerColumns.includes(name) ? nothing : unknown);
  return { sources, conditions, isPassedOn: isPassedOn && sources.length > 0, isUnknown };
}
