import type { Config } from '../config.js';
import { daysOf, hasDays, type Node, type Project, readProject, selectModels } from './graph.js';
import { lakeFolder } from './lake.js';
import { sha256 } from './model.js';
import { openDuckDB } from './warehouse.js';

/** One model that is out of date: its days ('' for a whole one) and how many of them for which reason. */
export type PlanLine = {
  readonly model: string;
  readonly days: readonly string[];
  readonly reasons: Record<string, number>;
};

/** What a build would do, without the lock and without touching anything. */
export async function readPlan(options: { config: Config; select?: string | undefined; full?: boolean }) {
  const duckdb = await openDuckDB();
  try {
    const project = await readProject(duckdb.connection, options.config, lakeFolder(options.config));
    return planBuild(project, selectModels(project, options.select), options.full);
  } finally {
    duckdb.close();
  }
}

/** What a model's output of a day ('' for a whole one) depends on, as short hashes joined by dots. */
export function fingerprint(project: Project, node: Node, day: string): string {
  return fingerprints(project, node)(day);
}

/** Why a model is out of date for a day ('' for a whole one); null when it is not. */
export function whyStale(project: Project, node: Node, day: string): string | null {
  return staleness(project, node)(day);
}

/** What a build would do. What follows an outdated model counts as outdated, though equal bytes may yet spare it. */
export function planBuild(project: Project, selected: ReadonlySet<string>, full = false): PlanLine[] {
  const lines: PlanLine[] = [];
  const outdated = new Map<string, ReadonlySet<string>>();
  const known: Known = new Map();
  for (const node of project.nodes.filter(({ name }) => selected.has(name))) {
    const days = new Set<string>();
    for (const input of node.inputs.filter((name) => hasDays(project, name))) {
      for (const day of [...daysOf(project, input), ...(outdated.get(input) ?? [])]) days.add(day);
    }
    const all = node.partitioned ? days : new Set(['']);
    const changed = node.inputs.filter((input) => (outdated.get(input)?.size ?? 0) > 0);
    const why = staleness(project, node, known);
    const stale = new Map<string, string>();
    for (const day of all) {
      const follows = changed.find((input) => isOutdated(outdated.get(input), day));
      const reason = full ? 'full' : (why(day) ?? (follows && `input ${follows} changed`));
      if (reason) stale.set(day, reason);
    }
    for (const day of node.partitioned ? daysOf(project, node.name) : []) {
      if (!all.has(day)) stale.set(day, 'day gone');
    }
    if (stale.size === 0) continue;
    const reasons: Record<string, number> = {};
    for (const reason of stale.values()) reasons[reason] = (reasons[reason] ?? 0) + 1;
    lines.push({ model: node.name, days: [...stale.keys()].sort(), reasons });
    // A split model that only follows its inputs most likely changes the days that they change.
    const spread = why('') !== null || full;
    const inputDays = node.inputs.flatMap((input) => [...(outdated.get(input) ?? [])]);
    outdated.set(node.name, new Set(node.split ? (spread ? days : inputDays) : stale.keys()));
  }
  return lines;
}

// Of inputs that all days of a model depend on: a hash of what they hold.
type Known = Map<string, string>;

/** The same as fingerprint for the days of one model: what holds for all of them is looked up once. */
function fingerprints(project: Project, node: Node, known?: Known): (day: string) => string {
  const inputs = node.inputs.map((input) => contents(project, input, node.partitioned, known));
  return (day) => inputs.reduce((made, content) => `${made}.${content(day)}`, node.own);
}

function staleness(project: Project, node: Node, known?: Known): (day: string) => string | null {
  const table = project.manifest.tables[node.name];
  const passed = project.manifest.checks[node.name];
  const made = fingerprints(project, node, known);
  return (day) => {
    const before = node.isCheck
      ? passed?.[day]
      : node.split
        ? table?.fingerprint
        : table?.files[day]?.fingerprint;
    if (!before) return 'new';
    const now = made(day);
    if (now === before) return null;
    const parts = before.split('.');
    const inputs = node.inputs.map((input) => `input ${input}`);
    const reasons = ['sql', 'macros', 'DuckDB, runner or policy', ...inputs];
    const first = now.split('.').findIndex((part, index) => part !== parts[index]);
    return first < 0 ? null : `${reasons[first]} changed`;
  };
}

function isOutdated(days: ReadonlySet<string> | undefined, day: string): boolean {
  return days !== undefined && days.size > 0 && (day === '' || days.has(day) || days.has(''));
}

/** Of an input's bytes on one day, or on all. Raw is what the commits say, so that merging its files changes nothing. */
function contents(project: Project, input: string, perDay: boolean, known: Known = new Map()) {
  const raw = project.raw.get(input);
  const files = project.manifest.tables[input]?.files ?? {};
  const of = (key: string) => (raw ? raw.get(key)?.content : files[key]?.sha256) ?? '';
  if (perDay && hasDays(project, input)) return (day: string) => of(day).slice(0, 16);
  const days = () => daysOf(project, input).sort();
  const all =
    known.get(input) ??
    sha256(
      days()
        .map((key) => `${key} ${of(key)}`)
        .join('\n'),
      16,
    );
  known.set(input, all);
  return () => all;
}
