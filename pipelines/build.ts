import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { checkDraft, columnProblem, type Failure, queryFailure, runClaim } from './lib/checks.js';
import type { Command } from './lib/command.js';
import { rawFilesTable } from './lib/commits.js';
import {
  daysOf,
  describePlan,
  fingerprint,
  hasDays,
  type Node,
  type Project,
  planBuild,
  readPlan,
  readProject,
  type Stage,
  selectModels,
  stagesOf,
  whyStale,
} from './lib/graph.js';
import { draftPath, lakeFolder, sweepDrafts } from './lib/lake.js';
import { withLock } from './lib/lock.js';
import {
  type Column,
  clearUnpublished,
  type Entry,
  type Manifest,
  markUnpublished,
  publishManifest,
  storeDraft,
  sweepTables,
  type Table,
} from './lib/manifest.js';
import { sha256 } from './lib/model.js';
import { amount, type Progress, type StartProgress } from './lib/progress.js';
import {
  createView,
  type DuckDB,
  emptyRelation,
  identifier,
  openDuckDB,
  quote,
  rawColumns,
  rawRelation,
  rawSources,
  tableRelation,
} from './lib/warehouse.js';

/** `tracemill build`. */
export const command: Command = {
  describe: 'Run the SQL models that are out of date; check; publish',
  example: 'tracemill build --select +core.turns',
  options: {
    select: {
      type: 'string',
      describe: 'Only core.turns, core. (a layer), +core.turns (and before), core.turns+ (and after)',
    },
    full: { type: 'boolean', default: false, describe: 'Build what is up to date as well' },
    'dry-run': {
      type: 'boolean',
      default: false,
      describe: 'Say what is out of date and why; build nothing',
    },
  },
  run: async (args, { config, log, progress, now }) => {
    const select = args['select'] as string | undefined;
    const full = args['full'] === true;
    if (args['dry-run'] === true) {
      const plan = await readPlan({ config, select, full });
      return { summary: describePlan(plan), json: plan };
    }
    const result = await build({ config, select, full, now: now(), progress });
    for (const { model, day, rule, rows, examples } of result.failures) {
      const where = [model, day].filter(Boolean).join(' ');
      const first = examples.length > 0 ? ` (first: ${examples.join('; ')})` : '';
      log(`${where}: ${rule}, ${amount(rows, 'items')} rows${first}; the last good files stay`);
    }
    const exitCode = result.failures.length > 0 ? exitCodes.dataFailed : exitCodes.ok;
    return { summary: describe(result), json: result, exitCode };
  },
};

export type BuildOptions = {
  config: Config;
  now: Date;
  progress: StartProgress;
  select?: string | undefined;
  full?: boolean;
};

/** Model-days (a whole model counts as one): built, up to date, failed, held back by a failure before them. */
export type Tally = {
  built: number;
  current: number;
  failed: number;
  held: number;
  rows: number;
  bytes: number;
  ms: number;
};

export type BuildResult = {
  layers: Record<string, Tally>;
  slowest: { model: string; ms: number } | null;
  failures: Failure[];
  ms: number;
};

type Run = {
  readonly options: BuildOptions;
  readonly lake: string;
  /** Its manifest is the one being made. */
  readonly project: Project;
  readonly published: Manifest;
  readonly progress: Progress;
  readonly tallies: Map<string, Tally>;
  readonly failures: Failure[];
  /** `core.turns 2026-01-01`: failed or held back; `* 2026-01-01`: the whole day; `*`: everything. */
  readonly blocked: Set<string>;
  readonly made: string[];
};

/** Builds what is out of date into drafts, checks it, and publishes all of it in one rename; needs the lake's lock. */
export async function build(options: BuildOptions): Promise<BuildResult> {
  return withLock(options.config, 'build', async () => {
    const started = performance.now();
    const lake = lakeFolder(options.config);
    await sweepDrafts(lake);
    const planner = await openDuckDB();
    const project = await readProject(planner.connection, options.config.sql, lake);
    const published = structuredClone(project.manifest);
    await sweepTables(lake, published, options.now);
    const selected = selectModels(project, options.select);
    const nodes = project.nodes.filter(({ name }) => selected.has(name));
    const plan = planBuild(project, selected, options.full);
    const isNew = nodes.some(({ name, isCheck }) => !isCheck && !published.tables[name]);
    if (plan.length > 0 || isNew) {
      await describeTables(planner.connection, project, selected);
      await writeRawState(planner.connection, lake);
      await markUnpublished(lake);
    }
    planner.close();
    const total = plan.reduce((sum, { days }) => sum + days.length, 0);
    const progress = options.progress('build', total, 'items');
    const run: Run = {
      options,
      lake,
      project,
      published,
      progress,
      tallies: new Map(),
      failures: [],
      blocked: new Set(),
      made: [],
    };
    for (const stage of stagesOf(nodes)) await runStage(run, stage);
    progress.end();
    await finish(run);
    return summarise(run, performance.now() - started);
  });
}

/** Binds every selected model over empty inputs: its columns become known, and what is wrong with it shows early. */
async function describeTables(connection: DuckDBConnection, project: Project, selected: ReadonlySet<string>) {
  const { tables } = project.manifest;
  for (const { text } of project.macros) await connection.run(text);
  for (const source of rawSources)
    await createView(connection, `raw.${source}`, emptyRelation(rawColumns, true));
  for (const node of project.nodes.filter(({ isCheck, name }) => !isCheck || selected.has(name))) {
    const shape = sha256([node.own, ...node.inputs.map((input) => tables[input]?.shape ?? '')].join('.'), 16);
    let table = tables[node.name];
    if (selected.has(node.name) && (table?.shape !== shape || node.isCheck)) {
      const made = await describeQuery(connection, node);
      if (node.isCheck) continue;
      const partitioned = node.partitioned || node.split;
      const columns = partitioned ? made.filter(([name]) => name !== 'day') : made;
      table = {
        columns,
        partitioned,
        shape,
        fingerprint: table?.fingerprint ?? '',
        files: table?.files ?? {},
      };
      tables[node.name] = table;
    }
    if (table) await createView(connection, node.name, emptyRelation(table.columns, table.partitioned));
  }
}

async function describeQuery(connection: DuckDBConnection, node: Node): Promise<Column[]> {
  let columns: Column[];
  try {
    const reader = await connection.runAndReadAll(`describe ${node.sql}`);
    columns = reader.getRowObjectsJS().map((row) => [String(row['column_name']), String(row['column_type'])]);
  } catch (error) {
    throw new UserError(`${node.file}: ${queryFailure(error) ?? error}; correct the model`, { cause: error });
  }
  const problem = columnProblem(node, columns);
  if (problem) throw new UserError(`${node.file}: ${problem}`);
  return columns;
}

/** What every run needs to read raw: which file each line is of now, for all workers to read. */
async function writeRawState(connection: DuckDBConnection, lake: string): Promise<void> {
  await rawFilesTable(connection);
  for (const table of ['raw_files_state', 'raw_superseded']) {
    await connection.run(
      `copy ${table} to ${quote(join(lake, 'drafts', `${table}.parquet`))} (format parquet)`,
    );
  }
}

/** Runs a stage's models, `workers` days side by side, each in a DuckDB of its own. */
async function runStage(run: Run, { perDay, nodes }: Stage): Promise<void> {
  const tables = nodes.flatMap(({ name, inputs }) => [name, ...inputs]);
  const days = perDay
    ? [
        ...new Set(
          tables
            .filter((table) => hasDays(run.project, table))
            .flatMap((table) => daysOf(run.project, table)),
        ),
      ].sort()
    : [''];
  const queue = days.values();
  const { workers } = run.options.config;
  const work = async () => {
    const worker = lazyWorker(run, Math.max(300, Math.floor(1000 / workers)));
    try {
      for (const day of queue) for (const node of nodes) await runNode(run, worker.connect, node, day);
    } finally {
      worker.close();
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(workers, days.length) }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

type Connect = (node: Node, day: string) => Promise<DuckDBConnection>;

/** A DuckDB opened when first needed, with the macros and views of the inputs of the model at hand. */
function lazyWorker(run: Run, memoryMb: number): { connect: Connect; close: () => void } {
  let duckdb: DuckDB | undefined;
  const views = new Map<string, string>();
  const connect: Connect = async (node, day) => {
    if (duckdb === undefined) {
      duckdb = await openDuckDB({ memoryMb, spill: draftPath(run.lake, '.spill') });
      for (const { text } of run.project.macros) await duckdb.connection.run(text);
    }
    for (const input of node.inputs) {
      const relation = inputRelation(run, input, node.partitioned ? day : undefined);
      if (views.get(input) !== relation) await createView(duckdb.connection, input, relation);
      views.set(input, relation);
    }
    return duckdb.connection;
  };
  return { connect, close: () => duckdb?.close() };
}

function inputRelation({ project, lake }: Run, input: string, day: string | undefined): string {
  const table = project.manifest.tables[input];
  if (table) return tableRelation(lake, table, day);
  const days = [...(project.raw.get(input)?.values() ?? [])];
  const wanted = days.filter((rawDay) => day === undefined || rawDay.day === day);
  return rawRelation(lake, wanted, join(lake, 'drafts'));
}

async function runNode(run: Run, connect: Connect, node: Node, day: string): Promise<void> {
  const { project } = run;
  const label = `${node.name} ${day}`;
  const tally = tallyOf(run, node.name);
  const held = ['*', `* ${day}`, ...node.inputs.flatMap((input) => [`${input} ${day}`, `${input} `])];
  if (held.some((name) => run.blocked.has(name))) {
    run.blocked.add(label);
    tally.held += 1;
    return;
  }
  if (
    node.partitioned &&
    !node.inputs.some((input) => hasDays(project, input) && daysOf(project, input).includes(day))
  ) {
    delete project.manifest.tables[node.name]?.files[day];
    delete project.manifest.checks[node.name]?.[day];
    return;
  }
  if (!run.options.full && whyStale(project, node, day) === null) {
    tally.current += 1;
    return;
  }
  const started = performance.now();
  const failures = await attempt(run, connect, node, day);
  if (failures.length === 0) tally.built += 1;
  else {
    tally.failed += 1;
    run.failures.push(...failures);
    run.blocked.add(label);
    if (node.isCheck) takeBack(run, day);
  }
  tally.ms += performance.now() - started;
  run.progress.add(1);
}

/** Builds one model's day into the manifest being made, or says what failed and leaves it as it was. */
async function attempt(run: Run, connect: Connect, node: Node, day: string): Promise<Failure[]> {
  try {
    const connection = await connect(node, day);
    if (!node.isCheck) return await (node.split ? buildSplit : buildFile)(run, connection, node, day);
    const failure = await runClaim(connection, node, day);
    if (failure) return [failure];
    const { checks } = run.project.manifest;
    checks[node.name] = { ...checks[node.name], [day]: fingerprint(run.project, node, day) };
    return [];
  } catch (error) {
    const rule = queryFailure(error);
    if (rule === null) throw error;
    return [{ model: node.name, day, rule, rows: 0, examples: [] }];
  }
}

async function buildFile(
  run: Run,
  connection: DuckDBConnection,
  node: Node,
  day: string,
): Promise<Failure[]> {
  const table = tableOf(run, node);
  const draft = draftPath(run.lake, '.parquet');
  await copy(connection, `select ${columnList(table)} from (\n${node.sql}\n)`, draft);
  const { rows, failures } = await checkDraft(
    connection,
    node,
    `read_parquet(${quote(draft)}, hive_partitioning = false)`,
    day,
  );
  if (failures.length > 0) return failures;
  const entry = {
    ...(await store(run, node, day, draft, rows)),
    fingerprint: fingerprint(run.project, node, day),
  };
  table.files = { ...(day === '' ? {} : table.files), [day]: entry };
  return [];
}

/** Runs a @split model once and writes the days whose rows differ from the published ones. */
async function buildSplit(run: Run, connection: DuckDBConnection, node: Node): Promise<Failure[]> {
  const table = tableOf(run, node);
  const key = node.key.map(identifier).join(', ');
  await connection.run(
    `create or replace temp table split_rows as select day, ${columnList(table)} from (\n${node.sql}\n) order by day, ${key}`,
  );
  const { failures } = await checkDraft(connection, node, 'split_rows', '');
  if (failures.length > 0) return failures;
  const days = await connection.runAndReadAll(
    `select day, count(*), sha256(string_agg(md5(split_rows::varchar), '' order by ${key})) from split_rows group by day order by day`,
  );
  const files: Record<string, Entry> = {};
  for (const [day = '', rows = '', digest = ''] of days.getRowsJS().map((row) => row.map(String))) {
    const made = `${node.own}.${digest.slice(0, 16)}`;
    const before = table.files[day];
    if (before?.fingerprint === made) {
      files[day] = before;
      continue;
    }
    const draft = draftPath(run.lake, '.parquet');
    await copy(
      connection,
      `select * exclude (day) from split_rows where day = ${quote(day)} order by ${key}`,
      draft,
    );
    files[day] = { ...(await store(run, node, day, draft, Number(rows))), fingerprint: made };
  }
  await connection.run('drop table split_rows');
  table.files = files;
  table.fingerprint = fingerprint(run.project, node, '');
  return [];
}

async function store(run: Run, node: Node, day: string, draft: string, rows: number) {
  const folder = node.name.replace('.', '/') + (day === '' ? '' : `/day=${day}`);
  const stored = { ...(await storeDraft(run.lake, draft, folder)), rows };
  run.made.push(stored.file);
  const tally = tallyOf(run, node.name);
  tally.rows += rows;
  tally.bytes += stored.bytes;
  return stored;
}

async function copy(connection: DuckDBConnection, select: string, draft: string): Promise<void> {
  await connection.run(
    `copy (${select}) to ${quote(draft)} (format parquet, compression zstd, row_group_size 20000)`,
  );
}

/** A claim failed: its day, or for a whole claim everything, stays as it was published. */
function takeBack(run: Run, day: string): void {
  run.blocked.add(day === '' ? '*' : `* ${day}`);
  const { manifest } = run.project;
  if (day === '') manifest.tables = structuredClone(run.published.tables);
  for (const [name, table] of Object.entries(manifest.tables)) {
    const before = run.published.tables[name]?.files[day];
    if (before === undefined) delete table.files[day];
    else table.files[day] = before;
    // A split model must look at this day again.
    if (day !== '') table.fingerprint = '';
  }
}

async function finish({ project, options, published, lake, made }: Run): Promise<void> {
  const { manifest, nodes } = project;
  if (options.select === undefined) {
    const names = new Set(nodes.map(({ name }) => name));
    for (const part of [manifest.tables, manifest.checks]) {
      for (const name of Object.keys(part)) if (!names.has(name)) delete part[name];
    }
  }
  if (!isDeepStrictEqual(published, manifest)) await publishManifest(lake, published, manifest, options.now);
  await clearUnpublished(lake, manifest, made);
  await sweepDrafts(lake);
}

function tableOf({ project }: Run, node: Node): Table {
  const table = project.manifest.tables[node.name];
  if (table === undefined) throw new Error(`${node.name} was not described`);
  return table;
}

function columnList(table: Table): string {
  return table.columns.map(([name]) => identifier(name)).join(', ');
}

function tallyOf({ tallies }: Run, name: string): Tally {
  const tally = tallies.get(name) ?? { built: 0, current: 0, failed: 0, held: 0, rows: 0, bytes: 0, ms: 0 };
  tallies.set(name, tally);
  return tally;
}

function summarise({ tallies, failures }: Run, ms: number): BuildResult {
  const layers: Record<string, Tally> = {};
  let slowest: BuildResult['slowest'] = null;
  for (const [model, tally] of tallies) {
    const layer = model.split('.')[0] ?? '';
    const sum = layers[layer] ?? { built: 0, current: 0, failed: 0, held: 0, rows: 0, bytes: 0, ms: 0 };
    for (const key of Object.keys(tally) as (keyof Tally)[]) sum[key] += tally[key];
    layers[layer] = sum;
    if (tally.ms > (slowest?.ms ?? 0)) slowest = { model, ms: tally.ms };
  }
  return { layers, slowest, failures, ms };
}

function describe({ layers, slowest, ms }: BuildResult): string[] {
  const lines = Object.entries(layers).map(([layer, tally]) => {
    const counts = (['built', 'current', 'failed', 'held'] as const).filter((key) => tally[key] > 0);
    const parts = counts.map((key) => `${amount(tally[key], 'items')} ${key}`);
    return `${layer.padEnd(10)} ${parts.join(', ')}; ${amount(tally.rows, 'items')} rows, ${amount(tally.bytes, 'bytes')} written`;
  });
  const slow = slowest === null ? '' : `; slowest ${slowest.model} ${(slowest.ms / 1000).toFixed(1)} s`;
  return [...lines, `built in ${(ms / 1000).toFixed(1)} s${slow}`];
}
