import type { Config } from './config.js';
import type { Command } from './lib/command.js';
import { describeHolding, type HoldingExport, holdingExports } from './lib/forgottenRows.js';
import { type Project, readProject, selectModels } from './lib/graph.js';
import { lakeFolder } from './lib/lake.js';
import { type PlanLine, planBuild } from './lib/plan.js';
import { amount, duration } from './lib/progress.js';
import { describeFound, describeRedaction, type Redaction, readRedaction } from './lib/redaction/found.js';
import { alignColumns, describePlan } from './lib/report.js';
import { createView, type DuckDB, openDuckDB, tableRelation } from './lib/warehouse.js';

/** `tracemill status`. */
export const command: Command = {
  describe: 'What the lake holds and what is out of date',
  example: 'tracemill status',
  options: {},
  run: async (_args, { config, now }) => {
    const status = await readStatus(config, now());
    return { summary: describe(status), json: status };
  },
};

/** One source's newest generations: what was read of them. */
export type SourceStatus = {
  source: string;
  files: number;
  lines: number;
  bytes: number;
  lastCommitAt: string;
};

export type TableStatus = { table: string; days: number; rows: number; bytes: number };

export type Status = {
  sources: SourceStatus[];
  tables: TableStatus[];
  rejects: { source: string; reason: string; lines: number }[];
  outOfDate: PlanLine[];
  /** Exports that hold rows of what was forgotten since. */
  holding: HoldingExport[];
  redaction: Redaction;
  /** Since the last commit of any source, in milliseconds; null where nothing was read yet. */
  lagMs: number | null;
};

/** Reads what is published and committed; takes no lock and changes nothing. */
export async function readStatus(config: Config, now: Date): Promise<Status> {
  const lake = lakeFolder(config);
  const duckdb = await openDuckDB();
  try {
    const project = await readProject(duckdb.connection, config, lake);
    const sources = await readSources(duckdb);
    const last = Math.max(...sources.map(({ lastCommitAt }) => Date.parse(lastCommitAt)));
    return {
      sources,
      tables: tablesOf(project),
      rejects: await readRejects(duckdb, lake, project),
      holding: await holdingExports(duckdb.connection, config),
      outOfDate: planBuild(project, selectModels(project)),
      redaction: await readRedaction(config),
      lagMs: sources.length === 0 ? null : Math.max(0, now.getTime() - last),
    };
  } finally {
    duckdb.close();
  }
}

async function readSources({ connection }: DuckDB): Promise<SourceStatus[]> {
  const reader = await connection.runAndReadAll(`
    select source, count(*), sum(lines)::bigint, sum(end_offset)::bigint, max(committed_at)
    from raw_files_state
    join (select file_key, max(committed_at) as committed_at from commits group by file_key) using (file_key)
    where is_current
    group by source
    order by source`);
  return reader.getRowsJS().map(([source, files, lines, bytes, lastCommitAt]) => ({
    source: String(source),
    files: Number(files),
    lines: Number(lines),
    bytes: Number(bytes),
    lastCommitAt: String(lastCommitAt),
  }));
}

function tablesOf({ nodes, manifest }: Project): TableStatus[] {
  const names = nodes.map(({ name }) => name).filter((name) => manifest.tables[name] !== undefined);
  return names.map((table) => {
    const files = Object.values(manifest.tables[table]?.files ?? {});
    const sum = (key: 'rows' | 'bytes') => files.reduce((total, file) => total + file[key], 0);
    return { table, days: files.length, rows: sum('rows'), bytes: sum('bytes') };
  });
}

async function readRejects(duckdb: DuckDB, lake: string, { manifest }: Project): Promise<Status['rejects']> {
  const selects: string[] = [];
  for (const name of ['staging.rejects', 'events.rejects']) {
    const table = manifest.tables[name];
    if (table === undefined) continue;
    await createView(duckdb, name, tableRelation(lake, table));
    selects.push(`select source, reason from ${name}`);
  }
  if (selects.length === 0) return [];
  const reader = await duckdb.connection.runAndReadAll(
    `select source, reason, count(*) from (${selects.join(' union all ')}) group by all order by all`,
  );
  return reader.getRowsJS().map(([source, reason, lines]) => ({
    source: String(source),
    reason: String(reason),
    lines: Number(lines),
  }));
}

function describe({ sources, tables, rejects, holding, outOfDate, redaction, lagMs }: Status): string[] {
  if (lagMs === null) return ['The lake is empty; run `tracemill ingest`, then `tracemill build`.'];
  const items = (value: number) => amount(value, 'items');
  const size = (value: number) => amount(value, 'bytes');
  const sourceRows = sources.map(({ source, files, lines, bytes, lastCommitAt }) => [
    source,
    items(files),
    items(lines),
    size(bytes),
    lastCommitAt,
  ]);
  const tableRows = tables.map(({ table, days, rows, bytes }) => [
    table,
    items(days),
    items(rows),
    size(bytes),
  ]);
  const rejectRows = rejects.map(({ source, reason, lines }) => [source, reason, items(lines)]);
  return [
    ...alignColumns(['source', 'files', 'lines', 'bytes', 'last commit'], sourceRows),
    `lag: ${duration(lagMs)} since the last commit`,
    '',
    ...(tableRows.length > 0 ? [...alignColumns(['table', 'days', 'rows', 'bytes'], tableRows), ''] : []),
    ...(rejectRows.length > 0 ? [...alignColumns(['rejected', 'reason', 'lines'], rejectRows), ''] : []),
    ...describeHolding(holding),
    ...describeFound(redaction),
    describeRedaction(redaction),
    '',
    ...(outOfDate.length > 0 ? ['out of date:'] : []),
    ...describePlan(outOfDate),
  ];
}
