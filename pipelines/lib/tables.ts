import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { type Traced, traceColumns } from './columnLineage.js';
import { findColumn, nothing, type Origin, unknown } from './columnOrigins.js';
import { describeTables } from './describe.js';
import { type Project, readProject } from './graph.js';
import { lakeFolder } from './lake.js';
import type { Column } from './manifest.js';
import { parseSelects } from './syntax.js';
import { openDuckDB, rawColumns, rawSources } from './warehouse.js';

/** A column as readers of the table see it, and where it comes from. */
export type TableColumn = Origin & { readonly name: string; readonly type: string };

/** Every table of raw and of the models, in building order, by name: its columns in their order. */
export type Tables = ReadonlyMap<string, readonly TableColumn[]>;

/** Columns that the runner writes, not a model: traced to nothing. */
export const runnerColumns = ['day', 'redaction_policy'];

/** What ingest read of a source, in lines and bytes of its files. */
export type RawSize = { readonly rows: number; readonly bytes: number };

export type TablesOfLake = {
  readonly project: Project;
  readonly tables: Tables;
  /** `raw.claude` -> its size, of sources that something was read of. */
  readonly raw: ReadonlyMap<string, RawSize>;
};

/** The models and the columns of all tables, built or not: what is not described in the manifest is bound over no rows. */
export async function readTables(config: Config): Promise<TablesOfLake> {
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
    const trees = await parseSelects(duckdb.connection, models);
    for (const [index, model] of models.entries()) {
      const traced = traceColumns(trees[index] ?? {}, namesOf(tables, model.inputs));
      const { columns = [], partitioned = false } = project.manifest.tables[model.name] ?? {};
      const all = partitioned ? [...columns, day] : columns;
      tables.set(
        model.name,
        all.map(([name, type]) => ({ name, type, ...originIn(traced, name) })),
      );
    }
    return { project, tables, raw: await readRawSizes(duckdb.connection) };
  } finally {
    duckdb.close();
  }
}

/** `core.turns` of `core.turns.model`. */
export function tableOf(column: string): string {
  return column.split('.').slice(0, 2).join('.');
}

/** Of the files' newest generations and of those before. */
async function readRawSizes(connection: DuckDBConnection): Promise<Map<string, RawSize>> {
  const reader = await connection.runAndReadAll(
    'select source, sum(lines), sum(end_offset) from raw_files_state group by source',
  );
  return new Map(
    reader
      .getRowsJS()
      .map(([source, rows, bytes]) => [`raw.${source}`, { rows: Number(rows), bytes: Number(bytes) }]),
  );
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
