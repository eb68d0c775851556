import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { requireTables } from './ask.js';
import { lakeFolder } from './lake.js';
import { readManifest } from './manifest.js';
import { readSqlFolder } from './model.js';
import { type RawLine, readRawLines } from './rawLines.js';
import { type Lake, type RowPlace, type Stage, traceRows } from './rowOrigins.js';
import { findRow } from './rowSearch.js';
import { type Part, textParts } from './rowText.js';
import { type DuckDB, identifier, openDuckDB, quote, tableRelation } from './warehouse.js';

/** A range of whole lines of a log file. */
export type Range = { readonly byteOffset: number; readonly byteLength: number; readonly lines: number };

/** A log file and what of it the row was made from; `path` is relative to the folder of its source. */
export type SourceFile = {
  readonly source: string;
  readonly path: string;
  readonly lines: number;
  readonly bytes: number;
  readonly ranges: readonly Range[];
};

/** A line of a log, redacted unless it was asked for as it is; no text where it is no longer there. */
export type Line = {
  readonly source: string;
  readonly path: string;
  readonly lineNo: number;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly state: RawLine['state'];
  readonly text: string | null;
};

export type Explanation = {
  readonly table: string;
  readonly id: string;
  readonly day: string;
  /** What the row says of itself: split, session_id, project and so on, as far as it does. */
  readonly about: Readonly<Record<string, string>>;
  /** Its text. */
  readonly parts: readonly Part[];
  /** Other tables that have a row of this id. */
  readonly also: readonly string[];
  /** The tables it was made from, each after all that are made from it; raw at the end. */
  readonly stages: readonly Stage[];
  readonly files: readonly SourceFile[];
  readonly lines: readonly Line[];
  readonly isRedacted: boolean;
};

export type ExplainOptions = {
  readonly id: string;
  readonly table?: string | undefined;
  /** Gives the lines as the log has them. */
  readonly raw?: boolean;
};

/** What a row was made from, back to the lines of the logs. Reads what is published; takes no lock and changes nothing. */
export async function explainRow(config: Config, options: ExplainOptions): Promise<Explanation> {
  const { id, table, raw = false } = options;
  return withLake(config, async (duckdb, lake) => {
    const { row, also } = await findRow(duckdb.connection, lake, { id, table });
    const [explanation] = await explain({ duckdb, lake, config, rows: [row], raw });
    if (explanation === undefined) throw new Error(`${row.table} lost a row`);
    const known = explanation.stages.map((stage) => stage.table);
    return { ...explanation, also: also.filter((other) => !known.includes(other)) };
  });
}

/** The same for many rows of one table, at little more than the cost of one. */
export async function explainRows(
  config: Config,
  rows: readonly RowPlace[],
  { raw = false }: Pick<ExplainOptions, 'raw'> = {},
): Promise<Explanation[]> {
  return withLake(config, (duckdb, lake) => explain({ duckdb, lake, config, rows, raw }));
}

async function withLake<T>(config: Config, use: (duckdb: DuckDB, lake: Lake) => Promise<T>): Promise<T> {
  const folder = lakeFolder(config);
  const [manifest, { models }] = await Promise.all([readManifest(folder), readSqlFolder(config.sql)]);
  requireTables(manifest);
  const duckdb = await openDuckDB();
  try {
    return await use(duckdb, {
      folder,
      sql: config.sql,
      manifest,
      models: new Map(models.map((model) => [model.name, model])),
    });
  } finally {
    duckdb.close();
  }
}

async function explain(of: {
  duckdb: DuckDB;
  lake: Lake;
  config: Config;
  rows: readonly RowPlace[];
  raw: boolean;
}): Promise<Explanation[]> {
  const { duckdb, lake, config, rows, raw } = of;
  const origins = await traceRows(duckdb, lake, rows);
  const lines = await readRawLines(
    duckdb.connection,
    lake.folder,
    origins.flatMap(({ places }) => places),
  );
  const redact = raw || lines.length === 0 ? String : await redaction(config);
  const explanations: Explanation[] = [];
  let next = 0;
  for (const [index, { stages, places }] of origins.entries()) {
    const row = rows[index];
    if (row === undefined) continue;
    const own = lines.slice(next, next + places.length);
    next += places.length;
    explanations.push({
      table: row.table,
      id: row.key,
      day: row.day,
      ...(await describeRow(duckdb.connection, lake, row)),
      also: [],
      stages: [...stages, ...rawStages(stages, own)],
      files: filesOf(own),
      lines: own.map((line) => asText(line, redact)),
      isRedacted: !raw,
    });
  }
  return explanations;
}

const told = [
  'split',
  'session_id',
  'turn_id',
  'project',
  'project_path',
  'harness',
  'agent',
  'teacher_model',
  'model',
  'kind',
  'event_type',
  'end_reason',
  'score',
  'created_at',
  'occurred_at',
  'started_at',
  'asked_at',
  'decided_at',
];

async function describeRow(connection: DuckDBConnection, lake: Lake, { table, key, day }: RowPlace) {
  const built = lake.manifest.tables[table];
  const model = lake.models.get(table);
  if (built === undefined || model === undefined) throw new Error(`${table} has no model`);
  const relation = tableRelation(lake.folder, built, built.partitioned ? day : undefined);
  const reader = await connection.runAndReadAll(
    `select * from (${relation}) where ${identifier(model.key[0] ?? '')}::varchar = ${quote(key)}`,
  );
  const [row = {}] = reader.getRowObjectsJson() as Record<string, unknown>[];
  const about = told.flatMap((name) => {
    const value = row[name];
    return value === null || value === undefined ? [] : [[name, String(value)] as const];
  });
  const rule = typeof row.metadata === 'string' ? JSON.parse(row.metadata).rule : undefined;
  if (typeof rule === 'string') about.push(['rule', rule]);
  return { about: Object.fromEntries(about), parts: textParts(row) };
}

/** What stands behind staging: the lines of each kind of log. */
function rawStages(stages: readonly Stage[], lines: readonly RawLine[]): Stage[] {
  const readers: Record<string, string> = {
    claude: 'claude_records',
    codex: 'codex_records',
    seq: 'seq_rows',
    events: 'event_rows',
  };
  return [...new Set(lines.map(({ source }) => source))].map((source) => {
    const own = lines.filter((line) => line.source === source);
    const reader = stages.find(({ table }) => table === `staging.${readers[source] ?? source}`);
    const columns = ['file_key', 'byte_offset'];
    return {
      table: `raw.${source}`,
      beside: 0,
      by: reader === undefined ? [] : [{ table: reader.table, columns, rows: own.length }],
      keyColumns: columns,
      keys: own.map(({ fileKey, byteOffset }) => [fileKey, String(byteOffset)]),
    };
  });
}

function filesOf(lines: readonly RawLine[]): SourceFile[] {
  const files = new Map<
    string,
    { source: string; path: string; lines: number; bytes: number; ranges: Range[] }
  >();
  for (const { source, path, byteOffset, byteLength } of lines) {
    const file = files.get(`${source} ${path}`) ?? { source, path, lines: 0, bytes: 0, ranges: [] };
    files.set(`${source} ${path}`, file);
    file.lines += 1;
    file.bytes += byteLength;
    const before = file.ranges.at(-1);
    if (before !== undefined && before.byteOffset + before.byteLength === byteOffset)
      file.ranges[file.ranges.length - 1] = {
        byteOffset: before.byteOffset,
        byteLength: before.byteLength + byteLength,
        lines: before.lines + 1,
      };
    else file.ranges.push({ byteOffset, byteLength, lines: 1 });
  }
  return [...files.values()];
}

function asText(line: RawLine, redact: (text: string) => string): Line {
  const { source, path, lineNo, byteOffset, byteLength, state, bytes } = line;
  const text = bytes === null ? null : redact(Buffer.from(bytes).toString());
  return { source, path, lineNo, byteOffset, byteLength, state, text };
}

/** The policy in force, with the lake's key. */
async function redaction(config: Config): Promise<(text: string) => string> {
  // The rules take a while to load.
  const [{ readPolicy, withKey }, { redactJson }] = await Promise.all([
    import('./redaction/policy.js'),
    import('./redaction/redactJson.js'),
  ]);
  const policy = await withKey(await readPolicy(config), lakeFolder(config));
  return (text) => redactJson(text, policy) ?? text;
}
