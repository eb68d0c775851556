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
  const now = fingerprint(project, node, day);
  if (now === before) return null;
  const parts = before.split('.');
  const inputs = node.inputs.map((input) => `input ${input}`);
  const reasons = ['sql', 'macros', 'DuckDB, runner or policy', ...inputs];
  const first = now.split('.').findIndex((part, index) => part !== parts[index]);
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

function isOutdated(days: ReadonlySet<string> | undefined, day: string): boolean {
  return days !== undefined && days.size > 0 && (day === '' || days.has(day) || days.has(''));
}

/** Of an input's bytes on one day, or on all. Raw is what the commits say, so that merging its files changes nothing. */
function content(project: Project, input: string, day: string | null): string {
  const raw = project.raw.get(input);
  const files = project.manifest.tables[input]?.files ?? {};
  const of = (key: string) => (raw ? raw.get(key)?.content : files[key]?.sha256) ?? '';
  if (day !== null && hasDays(project, input)) return of(day).slice(0, 16);
  const days = daysOf(project, input).sort();
  return sha256(days.map((key) => `${key} ${of(key)}`).join('\n'), 16);
}
