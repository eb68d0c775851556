import type { DuckDBConnection } from '@duckdb/node-api';
import { UserError } from '../errors.js';
import { readCommits } from './commits.js';
import { duckdbPackage } from './duckdbPackage.js';
import { type Manifest, readManifest } from './manifest.js';
import { type Macro, type Model, readSqlFolder, sha256 } from './model.js';
import { type RawDay, rawDays } from './rawState.js';
import { type Policy, type PolicySettings, readPolicy } from './redaction/policy.js';
import { inputsOf } from './syntax.js';
import { rawSources } from './warehouse.js';

/** A model that knows its inputs; `own` is the part of its fingerprint that is not its inputs: SQL, macros, engine. */
export type Node = Model & { readonly inputs: readonly string[]; readonly own: string };

/** The models in building order, what is published of them, and what raw holds: `raw.claude` -> day -> content. */
export type Project = {
  readonly nodes: readonly Node[];
  readonly byName: ReadonlyMap<string, Node>;
  readonly macros: readonly Macro[];
  readonly manifest: Manifest;
  readonly raw: ReadonlyMap<string, ReadonlyMap<string, RawDay>>;
  /** Without a key. */
  readonly policy: Policy;
};

// Raise it when the runner writes other bytes for the same SQL.
const runner = `runner 2, DuckDB ${duckdbPackage.version()}`;

/** Reads the sql folder, the manifest and the commit log; fills the connection's temp tables of lib/commits.ts. */
export async function readProject(
  connection: DuckDBConnection,
  { sql, ...settings }: PolicySettings & { readonly sql: string },
  lake: string,
): Promise<Project> {
  const { models, macros } = await readSqlFolder(sql);
  const policy = await readPolicy(settings);
  const manifest = await readManifest(lake);
  await readCommits(connection, lake);
  const raw = new Map<string, Map<string, RawDay>>();
  for (const rawDay of await rawDays(connection)) {
    const name = `raw.${rawDay.source}`;
    raw.set(name, (raw.get(name) ?? new Map()).set(rawDay.day, rawDay));
  }
  const inputs = await inputsOf(connection, models);
  const nodes = models.map((model): Node => {
    const macroText = macrosUsed(macros, wordsOf(model.sql)).join('\n');
    const parts = [model.sql, macroText, `${runner}, redaction ${policy.version}`];
    return {
      ...model,
      inputs: inputs.get(model.sql) ?? [],
      own: parts.map((text) => sha256(text, 16)).join('.'),
    };
  });
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return { nodes: inOrder(nodes, byName), byName, macros, manifest, raw, policy };
}

/** True for tables whose files have days: raw, @partition day and @split day. */
export function hasDays(project: Project, table: string): boolean {
  const node = project.byName.get(table);
  return node === undefined || node.partitioned || node.split;
}

/** The days a table has files for, or a claim has passed on. */
export function daysOf({ raw, manifest }: Project, name: string): string[] {
  const days = raw.get(name);
  return days ? [...days.keys()] : Object.keys(manifest.tables[name]?.files ?? manifest.checks[name] ?? {});
}

/** The rows of a table's file of this day, undefined where it has none; of raw it is only told that there are some. */
export function rowsOn({ raw, manifest }: Project, table: string, day: string): number | undefined {
  return raw.has(table)
    ? raw.get(table)?.has(day)
      ? 1
      : undefined
    : manifest.tables[table]?.files[day]?.rows;
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
      const words = `--select ${pattern}: no such model; name one or a layer of ${layers}`;
      throw new UserError(words, { exitCode: 2 });
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

function inOrder(nodes: readonly Node[], byName: ReadonlyMap<string, Node>): Node[] {
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
