import { type DuckDBConnection, version as duckdbVersion } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';
import { type RawDay, rawDays, readCommits } from './commits.js';
import { lakeFolder } from './lake.js';
import { type Manifest, readManifest } from './manifest.js';
import { type Macro, type Model, readSqlFolder, sha256 } from './model.js';
import { openDuckDB, quote, rawSources } from './warehouse.js';

/** A model that knows its inputs; `own` is the part of its fingerprint that is not its inputs: SQL, macros, engine. */
export type Node = Model & { readonly inputs: readonly string[]; readonly own: string };

/** The models in building order, what is published of them, and what raw holds: `raw.claude` -> day -> content. */
export type Project = {
  readonly nodes: readonly Node[];
  readonly macros: readonly Macro[];
  readonly manifest: Manifest;
  readonly raw: ReadonlyMap<string, ReadonlyMap<string, RawDay>>;
};

/** Models of one kind that follow one another: run day by day, or once each over all days. */
export type Stage = { readonly perDay: boolean; readonly nodes: readonly Node[] };

/** One model that is out of date: its days ('' for a whole one) and how many of them for which reason. */
export type PlanLine = {
  readonly model: string;
  readonly days: readonly string[];
  readonly reasons: Record<string, number>;
};

// Raise it when the runner writes other bytes for the same SQL. Redaction has no policy yet: 'none'.
const engine = `runner 1, redaction none, DuckDB ${duckdbVersion()}`;

/** Reads the sql folder, the manifest and the commit log; fills the connection's temp tables of lib/commits.ts. */
export async function readProject(
  connection: DuckDBConnection,
  folder: string,
  lake: string,
): Promise<Project> {
  const { models, macros } = await readSqlFolder(folder);
  const manifest = await readManifest(lake);
  await readCommits(connection, lake);
  const raw = new Map<string, Map<string, RawDay>>();
  for (const rawDay of await rawDays(connection)) {
    const name = `raw.${rawDay.source}`;
    raw.set(name, (raw.get(name) ?? new Map()).set(rawDay.day, rawDay));
  }
  const nodes: Node[] = [];
  for (const model of models) {
    const { inputs, words } = await parseInputs(connection, model);
    const macroText = macrosUsed(macros, words).join('\n');
    nodes.push({
      ...model,
      inputs,
      own: [model.sql, macroText, engine].map((text) => sha256(text, 16)).join('.'),
    });
  }
  return { nodes: inOrder(nodes), macros, manifest, raw };
}

/** What a build would do, without the lock and without touching anything. */
export async function readPlan(options: { config: Config; select?: string | undefined; full?: boolean }) {
  const duckdb = await openDuckDB();
  try {
    const project = await readProject(duckdb.connection, options.config.sql, lakeFolder(options.config));
    return planBuild(project, selectModels(project, options.select), options.full);
  } finally {
    duckdb.close();
  }
}

/** One line a model: its name, how many days, and why. */
export function describePlan(plan: readonly PlanLine[]): string[] {
  const width = Math.max(0, ...plan.map(({ model }) => model.length));
  const lines = plan.map(({ model, days, reasons }) => {
    const count = days[0] === '' ? 'whole' : days.length === 1 ? '1 day' : `${days.length} days`;
    const why = Object.entries(reasons).map(([reason, many]) =>
      many < days.length ? `${reason} (${many})` : reason,
    );
    return `${model.padEnd(width)}  ${count.padStart(10)}  ${why.join(', ')}`;
  });
  return lines.length > 0 ? lines : ['every model is up to date'];
}

/** True for tables whose files have days: raw, @partition day and @split day. */
export function hasDays(project: Project, table: string): boolean {
  const node = project.nodes.find(({ name }) => name === table);
  return node === undefined || node.partitioned || node.split;
}

/** The days a table has files for. */
export function daysOf(project: Project, table: string): string[] {
  const raw = project.raw.get(table);
  return raw ? [...raw.keys()] : Object.keys(project.manifest.tables[table]?.files ?? {});
}

/** What a model's output of a day ('' for a whole one) depends on, as short hashes joined by dots. */
export function fingerprint(project: Project, node: Node, day: string): string {
  const inputs = node.inputs.map((input) => content(project, input, node.partitioned ? day : null));
  return [node.own, ...inputs].join('.');
}

/** Why a model is out of date for a day ('' for a whole one); null when it is not. */
export function whyStale(project: Project, node: Node, day: string): string | null {
  const table = project.manifest.tables[node.name];
  const before = node.isCheck
    ? project.manifest.checks[node.name]?.[day]
    : node.split
      ? table?.fingerprint
      : table?.files[day]?.fingerprint;
  if (!before) return 'new';
  const parts = before.split('.');
  const reasons = ['sql', 'macros', 'DuckDB or runner', ...node.inputs.map((input) => `input ${input}`)];
  const first = fingerprint(project, node, day)
    .split('.')
    .findIndex((part, index) => part !== parts[index]);
  return first < 0 ? null : `${reasons[first]} changed`;
}

/** What a build would do. What follows an outdated model counts as outdated, though equal bytes may yet spare it. */
export function planBuild(project: Project, selected: ReadonlySet<string>, full = false): PlanLine[] {
  const lines: PlanLine[] = [];
  const outdated = new Map<string, Set<string>>();
  const added = new Map<string, string[]>();
  for (const node of project.nodes.filter(({ name }) => selected.has(name))) {
    const days = node.inputs
      .filter((input) => hasDays(project, input))
      .flatMap((input) => [...daysOf(project, input), ...(added.get(input) ?? [])]);
    const all = new Set(node.partitioned ? days : ['']);
    const stale = new Map<string, string>();
    for (const day of all) {
      const follows = node.inputs.find((input) => isOutdated(outdated.get(input), day));
      const why = full ? 'full' : (whyStale(project, node, day) ?? (follows && `input ${follows} changed`));
      if (why) stale.set(day, why);
    }
    for (const day of daysOf(project, node.name)) {
      if (node.partitioned && !all.has(day)) stale.set(day, 'day gone');
    }
    if (stale.size === 0) continue;
    const reasons: Record<string, number> = {};
    for (const why of stale.values()) reasons[why] = (reasons[why] ?? 0) + 1;
    lines.push({ model: node.name, days: [...stale.keys()].sort(), reasons });
    // A split model that only follows its inputs most likely changes the days that they change.
    const spread = whyStale(project, node, '') !== null || full;
    const inputDays = node.inputs.flatMap((input) => [...(outdated.get(input) ?? [])]);
    outdated.set(node.name, new Set(node.split ? (spread ? days : inputDays) : stale.keys()));
    added.set(node.name, [...(outdated.get(node.name) ?? [])]);
  }
  return lines;
}

/** The models that `core.turns`, `core.`, `+core.turns` (and before), `core.turns+` (and after), joined by commas, name. */
export function selectModels(project: Project, patterns?: string): Set<string> {
  const selected = new Set<string>();
  const { nodes, manifest } = project;
  const grow = (node: Node, before: boolean, after: boolean) => {
    selected.add(node.name);
    if (before) for (const other of nodes) if (node.inputs.includes(other.name)) grow(other, true, false);
    if (after) for (const other of nodes) if (other.inputs.includes(node.name)) grow(other, false, true);
  };
  for (const pattern of patterns?.split(',') ?? nodes.map(({ name }) => name)) {
    const [, before, word = '', after] = /^(\+?)([^+]*)(\+?)$/.exec(pattern.trim()) ?? [];
    const found = nodes.filter(({ name }) => name === word || (word.endsWith('.') && name.startsWith(word)));
    if (found.length === 0) {
      const layers = [...new Set(nodes.map(({ name }) => `${name.split('.')[0]}.`))].join(', ');
      throw new UserError(`--select ${pattern}: no such model; name one or a layer of ${layers}`, {
        exitCode: 2,
      });
    }
    for (const node of found) grow(node, before === '+', after === '+');
  }
  const exists = (input: string) =>
    selected.has(input) || input.startsWith('raw.') || manifest.tables[input] !== undefined;
  for (const { name, isCheck, inputs } of nodes) {
    if (isCheck && inputs.every(exists) && inputs.some((input) => selected.has(input))) selected.add(name);
    const missing = selected.has(name) ? inputs.find((input) => !exists(input)) : undefined;
    if (missing) {
      throw new UserError(
        `${name}: its input ${missing} is not built; build that first or use --select +${name}`,
      );
    }
  }
  return selected;
}

/** Few stages: all day models that can run, then all whole ones that can, and so on. */
export function stagesOf(nodes: readonly Node[]): Stage[] {
  const stages: Stage[] = [];
  let left = nodes;
  for (let perDay = true; left.length > 0; perDay = !perDay) {
    const waiting = new Set(left.map(({ name }) => name));
    const taken: Node[] = [];
    for (const node of left) {
      if (node.partitioned !== perDay || node.inputs.some((input) => waiting.has(input))) continue;
      taken.push(node);
      waiting.delete(node.name);
    }
    if (taken.length > 0) stages.push({ perDay, nodes: taken });
    left = left.filter(({ name }) => waiting.has(name));
  }
  return stages;
}

function isOutdated(days: ReadonlySet<string> | undefined, day: string): boolean {
  return days !== undefined && days.size > 0 && (day === '' || days.has(day) || days.has(''));
}

/** Of an input's bytes on one day, or on all. Raw is what the commits say, so that merging its files changes nothing. */
function content(project: Project, input: string, day: string | null): string {
  const raw = project.raw.get(input);
  const files = project.manifest.tables[input]?.files ?? {};
  const of = (key: string) => (raw ? raw.get(key)?.content : files[key]?.sha256) ?? '';
  if (day !== null && hasDays(project, input)) return of(day).slice(0, 16);
  const lines = daysOf(project, input)
    .sort()
    .map((key) => `${key} ${of(key)}`);
  return sha256(lines.join('\n'), 16);
}

/** The tables a SELECT names, with their schema (a bare name is a CTE), and every word in it, for finding macros. */
async function parseInputs(connection: DuckDBConnection, model: Model) {
  const reader = await connection.runAndReadAll(`select json_serialize_sql(${quote(model.sql)}::varchar)`);
  const parsed = JSON.parse(String(reader.getRows()[0]?.[0]));
  if (parsed.error === true) {
    const line = model.sql.slice(0, Number(parsed.position ?? 0)).split('\n').length;
    throw new UserError(`${model.file}:${line}: ${parsed.error_message}; write one SELECT`);
  }
  const inputs = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const node = value as Record<string, unknown>;
    if (node['type'] === 'BASE_TABLE' && node['schema_name'])
      inputs.add(`${node['schema_name']}.${node['table_name']}`);
    Object.values(node).forEach(visit);
  };
  visit(parsed.statements);
  return { inputs: [...inputs].sort(), words: wordsOf(model.sql) };
}

/** The texts of the macros that the words name, and of those that these use. */
function macrosUsed(
  macros: readonly Macro[],
  words: ReadonlySet<string>,
  found = new Set<string>(),
): string[] {
  for (const { name, text } of macros) {
    if (!words.has(name) || found.has(text)) continue;
    found.add(text);
    macrosUsed(macros, wordsOf(text), found);
  }
  return [...found].sort();
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/\w+/g));
}

function inOrder(nodes: readonly Node[]): Node[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ordered = new Set<Node>();
  const visit = (node: Node, path: readonly string[]): void => {
    if (ordered.has(node)) return;
    const trail = [...path, node.name];
    if (path.includes(node.name)) {
      throw new UserError(
        `${node.file}: ${trail.join(' reads ')}; a model cannot wait for itself, break the circle`,
      );
    }
    for (const input of node.inputs) {
      const other = byName.get(input);
      if (other && !other.isCheck) visit(other, trail);
      else if (!rawSources.some((source) => input === `raw.${source}`)) {
        const way = input.startsWith('raw.')
          ? `raw has ${rawSources.join(', ')}`
          : `write sql/${input.replace('.', '/')}.sql`;
        throw new UserError(`${node.file}: reads ${input}, which nothing makes; ${way} or correct the name`);
      }
    }
    ordered.add(node);
  };
  for (const node of nodes) visit(node, []);
  return [...ordered];
}
