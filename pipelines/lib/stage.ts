import type { Clickhouse } from './clickhouse.js';
import { distributed, localTable, onCluster } from './clusterDdl.js';

/** The table that rows of another one wait in until they are counted. */
export function stageName(table: string): string {
  return `stage_${table}`;
}

/** An empty stage, made just like its table; what a killed run left of one is dropped. `key` is its sharding key. */
export async function makeStage(clickhouse: Clickhouse, table: string, key: string): Promise<void> {
  const { cluster, database } = clickhouse;
  const stage = stageName(table);
  const local = localTable(stage, cluster);
  await dropStage(clickhouse, table);
  await clickhouse.run(`create table ${local}${onCluster(cluster)} as ${localTable(table, cluster)}`);
  if (cluster !== null) await clickhouse.run(distributed({ name: stage, local, cluster, database, key }));
}

/** Removes it and waits until its name is free again. */
export async function dropStage(clickhouse: Clickhouse, table: string): Promise<void> {
  const { cluster } = clickhouse;
  const stage = stageName(table);
  const local = localTable(stage, cluster);
  for (const name of new Set([stage, local])) {
    await clickhouse.run(`drop table if exists ${name}${onCluster(cluster)} sync`);
  }
}

/** Drops what killed runs left of the stages of these tables. */
export async function sweepStages(clickhouse: Clickhouse, tables: readonly string[]): Promise<void> {
  const found = await clickhouse.rows<{ name: string }>(
    `select name from system.tables where database = {database:String} and startsWith(name, 'stage_')`,
    { database: clickhouse.database },
  );
  const left = new Set(found.map(({ name }) => name));
  const names = (table: string) => [stageName(table), localTable(stageName(table), clickhouse.cluster)];
  for (const table of tables) {
    if (names(table).some((name) => left.has(name))) await dropStage(clickhouse, table);
  }
}
