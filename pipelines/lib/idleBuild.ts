import { shapeOf } from './describe.js';
import { daysOf, type Project } from './graph.js';
import type { PlanLine } from './plan.js';
import type { Step } from './report.js';

/**
 * True where a build would change nothing: no model is out of date, none makes other columns than before, and none is
 * gone. Most builds of a schedule are such, and need no DuckDB with macros and views.
 */
export function isIdle(project: Project, selected: ReadonlySet<string>, plan: readonly PlanLine[]): boolean {
  const { nodes, byName, manifest } = project;
  const built = [...Object.keys(manifest.tables), ...Object.keys(manifest.checks)];
  const isDescribed = (name: string) => manifest.tables[name]?.shape === shapeOf(project, name);
  return (
    plan.length === 0 &&
    built.every((name) => byName.has(name)) &&
    nodes.every(({ name, isCheck }) => isCheck || !selected.has(name) || isDescribed(name))
  );
}

/** The steps of such a build: each model's days are up to date. */
export function idleSteps(project: Project, selected: ReadonlySet<string>): Step[] {
  const nodes = project.nodes.filter(({ name }) => selected.has(name));
  return nodes.flatMap(({ name, partitioned }) =>
    (partitioned ? daysOf(project, name) : ['']).map(
      (): Step => ({ model: name, what: 'current', rows: 0, bytes: 0, ms: 0 }),
    ),
  );
}
