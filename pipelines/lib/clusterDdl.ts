import { literal } from './clickhouseText.js';

/** What turns a table into a local one on every shard and one over them all. */
export type ClusterOptions = { readonly cluster: string; readonly database: string };

/** The table that holds the rows: on a cluster `turns` stands over `turns_local` of every shard. */
export function localTable(table: string, cluster: string | null): string {
  return cluster === null ? table : `${table}_local`;
}

/** What a statement that is to run on every host says after its table. */
export function onCluster(cluster: string | null): string {
  return cluster === null ? '' : ` on cluster ${literal(cluster)}`;
}

/**
 * A numbered file as statements for a cluster: a table becomes a replicated one on every shard and a distributed one over
 * it, a changed one changes in both; a view is made on every host.
 */
export function clusterStatements(sql: string, { cluster, database }: ClusterOptions): string[] {
  const code = statementOf(sql);
  const on = onCluster(cluster);
  const view = /^create or replace view (\w+) as\b/.exec(code);
  if (view) return [code.replace(view[0], `create or replace view ${view[1]}${on} as`)];
  const change = /^alter table (\w+)([\s\S]*)$/.exec(code);
  if (change) {
    const [, name = '', rest = ''] = change;
    return [localTable(name, cluster), name].map((table) => `alter table ${table}${on}${rest}`);
  }
  const { name, columns, rest } = readTable(code);
  const local = localTable(name, cluster);
  return [
    // Without arguments the path holds the table's own uuid, so a table made again never meets the old one's in Keeper.
    `create table if not exists ${local}${on} (${columns})\nengine = ReplicatedMergeTree\n${rest}`,
    distributed({ name, local, cluster, database, key: shardingKey({ columns, rest }) }),
  ];
}

/** Table -> what places its rows on a shard, of the files that make one. */
export function shardingKeys(files: readonly { sql: string }[]): Map<string, string> {
  const codes = files.map(({ sql }) => statementOf(sql)).filter((code) => code.startsWith('create table'));
  return new Map(codes.map(readTable).map((table) => [table.name, shardingKey(table)]));
}

type TableText = { readonly name: string; readonly columns: string; readonly rest: string };

function statementOf(sql: string): string {
  return sql.replaceAll(/^--.*\n/gm, '').trim();
}

function readTable(code: string): TableText {
  const found = /^create table if not exists (\w+) \(([\s\S]*)\)\nengine = MergeTree\n([\s\S]*)$/.exec(code);
  if (found === null) throw new Error(`no form for a cluster of: ${code.slice(0, 60)}`);
  const [, name = '', columns = '', rest = ''] = found;
  return { name, columns, rest };
}

/** A table over those of every shard, with their columns. */
export function distributed(of: {
  name: string;
  local: string;
  cluster: string;
  database: string;
  key: string;
}): string {
  const engine = `Distributed(${[of.cluster, of.database, of.local].map(literal).join(', ')}, ${of.key})`;
  return `create table if not exists ${of.name}${onCluster(of.cluster)} as ${of.local}\nengine = ${engine}`;
}

/** The rows of a session lie on one shard; where there is no session, the last column of the order decides. */
function shardingKey({ columns, rest }: Pick<TableText, 'columns' | 'rest'>): string {
  const order =
    /order by \(([^)]*)\)/
      .exec(rest)?.[1]
      ?.split(',')
      .map((column) => column.trim()) ?? [];
  const last = order.at(-1) ?? 'tuple()';
  if (/^ {4}session_id String\b/m.test(columns)) return 'cityHash64(session_id)';
  return /^ {4}session_id Nullable/m.test(columns)
    ? `cityHash64(ifNull(session_id, ${last}))`
    : `cityHash64(${last})`;
}
