import type { Config } from '../config.js';
import { type DiskUse, readDiskUse } from './diskUse.js';
import { type Drift, readDrift } from './drift.js';
import { type HoldingExport, holdingExports } from './forgottenRows.js';
import { type Project, readProject, selectModels } from './graph.js';
import { lakeFolder } from './lake.js';
import { type PlanLine, planBuild } from './plan.js';
import { type Redaction, redactionHere } from './redaction/found.js';
import { readUnattended, type Unattended } from './unattended.js';
import { createView, type DuckDB, openDuckDB, tableRelation } from './warehouse.js';

/** One source's newest generations: what was read of them. */
export type SourceStatus = {
  source: string;
  files: number;
  lines: number;
  bytes: number;
  lastCommitAt: string;
  /** Since then, in milliseconds. */
  lagMs: number;
};

/** A table as it is published; `days` is 1 for one that is a single file. */
export type TableStatus = { table: string; days: number; rows: number; bytes: number };

/** The tables of one folder of the lake; those of raw are the sources, with a row for each line. */
export type LayerStatus = { layer: string; tables: number; rows: number; bytes: number };

/** What `tracemill status --json` prints. Names are added to it, none is taken away or changes its meaning. */
export type Status = {
  /** When this was read, as ISO time. */
  at: string;
  sources: SourceStatus[];
  layers: LayerStatus[];
  tables: TableStatus[];
  rejects: { source: string; reason: string; lines: number }[];
  outOfDate: PlanLine[];
  /** Exports that hold rows of what was forgotten since. */
  holding: HoldingExport[];
  redaction: Redaction;
  drift: Drift;
  disk: DiskUse;
  unattended: Unattended;
  /** Since the last commit of any source, in milliseconds; null where nothing was read yet. */
  lagMs: number | null;
};

/** Reads what is published and committed; takes no lock and changes nothing. */
export async function readStatus(config: Config, now: Date): Promise<Status> {
  const lake = lakeFolder(config);
  // Looks at processes and files, and needs no DuckDB.
  const unattended = readUnattended(config, now);
  const duckdb = await openDuckDB();
  try {
    const project = await readProject(duckdb.connection, config, lake);
    const { manifest } = project;
    const sources = await readSources(duckdb, now);
    const tables = tablesOf(project);
    const disk = await readDiskUse(config, manifest);
    return {
      at: now.toISOString(),
      sources,
      layers: layersOf(sources, tables, disk),
      tables,
      rejects: await readRejects(duckdb, lake, project),
      outOfDate: planBuild(project, selectModels(project)),
      holding: await holdingExports(duckdb.connection, config),
      redaction: await redactionHere(duckdb.connection, config, project),
      drift: await readDrift(duckdb, { config, manifest }, now),
      disk,
      unattended: await unattended,
      lagMs: sources.length === 0 ? null : Math.min(...sources.map(({ lagMs }) => lagMs)),
    };
  } finally {
    duckdb.close();
  }
}

async function readSources({ connection }: DuckDB, now: Date): Promise<SourceStatus[]> {
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
    lagMs: Math.max(0, now.getTime() - Date.parse(String(lastCommitAt))),
  }));
}

function tablesOf({ nodes, manifest }: Project): TableStatus[] {
  const names = nodes.map(({ name }) => name).filter((name) => manifest.tables[name] !== undefined);
  return names.map((table) => {
    const days = Object.values(manifest.tables[table]?.files ?? {});
    // Days without rows share a file.
    const files = new Map(days.map(({ file, bytes }) => [file, bytes]));
    const rows = days.reduce((total, day) => total + day.rows, 0);
    return { table, days: days.length, rows, bytes: [...files.values()].reduce((a, b) => a + b, 0) };
  });
}

function layersOf(
  sources: readonly SourceStatus[],
  tables: readonly TableStatus[],
  disk: DiskUse,
): LayerStatus[] {
  const raw = {
    layer: 'raw',
    tables: sources.length,
    rows: sources.reduce((sum, { lines }) => sum + lines, 0),
    bytes: disk.parts.find(({ part }) => part === 'raw')?.bytes ?? 0,
  };
  const layers = new Map<string, LayerStatus>([['raw', raw]]);
  for (const { table, rows, bytes } of tables) {
    const layer = table.split('.')[0] ?? '';
    const before = layers.get(layer) ?? { layer, tables: 0, rows: 0, bytes: 0 };
    const { tables: count, rows: rowsBefore, bytes: bytesBefore } = before;
    layers.set(layer, { layer, tables: count + 1, rows: rowsBefore + rows, bytes: bytesBefore + bytes });
  }
  return [...layers.values()];
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
