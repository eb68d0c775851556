import type { Failure } from './checks.js';
import type { PlanLine } from './plan.js';
import { amount } from './progress.js';
import type { Line } from './terminal.js';

/** One line a model: its name, how many days, and why. */
export function describePlan(plan: readonly PlanLine[]): Line[] {
  if (plan.length === 0) return ['every model is up to date'];
  return [{ header: [], rows: plan.map((line) => [line.model, ...planWords(line)]), wraps: true }];
}

/** `3 days` or `whole`, and why. */
export function planWords({ days, reasons }: PlanLine): [days: string, why: string] {
  const count = days[0] === '' ? 'whole' : days.length === 1 ? '1 day' : `${days.length} days`;
  const why = Object.entries(reasons).map(([reason, many]) =>
    many < days.length ? `${reason} (${many})` : reason,
  );
  return [count, why.join(', ')];
}

/** One model's turn on one day: built, up to date, failed its checks, or held back by a failure before it. */
export type Step = {
  model: string;
  what: 'built' | 'current' | 'failed' | 'held';
  rows: number;
  bytes: number;
  ms: number;
};

type Counts = Record<Step['what'] | 'rows' | 'bytes' | 'ms', number>;

/** Steps counted by layer (a whole model counts as one day), with the model that took longest. */
export type Tally = { layers: Record<string, Counts>; slowest: { model: string; ms: number } | null };

export function tally(steps: readonly Step[]): Tally {
  const layers: Record<string, Counts> = {};
  const times = new Map<string, number>();
  for (const { model, what, rows, bytes, ms } of steps) {
    const layer = model.split('.')[0] ?? '';
    const counts = layers[layer] ?? { built: 0, current: 0, failed: 0, held: 0, rows: 0, bytes: 0, ms: 0 };
    layers[layer] = counts;
    counts[what] += 1;
    counts.rows += rows;
    counts.bytes += bytes;
    counts.ms += ms;
    times.set(model, (times.get(model) ?? 0) + ms);
  }
  const [model, ms = 0] = [...times].sort((a, b) => b[1] - a[1])[0] ?? [];
  return { layers, slowest: model === undefined || ms === 0 ? null : { model, ms } };
}

/** A line a layer: `core       12 built, 3 current; 1,234 rows, 1.2 MB written`. */
export function describeBuild({ layers, slowest, ms }: Tally & { ms: number }): string[] {
  const words = { built: 'built', current: 'up to date', failed: 'failed', held: 'held back' } as const;
  const lines = Object.entries(layers).map(([layer, counts]) => {
    const kinds = (Object.keys(words) as Step['what'][]).filter((what) => counts[what] > 0);
    const parts = kinds.map((what) => `${amount(counts[what], 'items')} ${words[what]}`);
    const written = `${amount(counts.rows, 'items')} rows, ${amount(counts.bytes, 'bytes')} written`;
    return `${layer.padEnd(10)} ${parts.join(', ')}; ${written}`;
  });
  const slow = slowest === null ? '' : `; slowest ${slowest.model}, ${(slowest.ms / 1000).toFixed(1)} s`;
  return [...lines, `build took ${(ms / 1000).toFixed(1)} s${slow}`];
}

/** `core.turns 2026-01-01: @key turn_id is not unique, 2 rows (first: turn_id=…); the last good files stay`. */
export function describeFailure({ model, day, rule, rows, examples }: Failure): string {
  const first = examples.length > 0 ? ` (first: ${examples.join('; ')})` : '';
  const many = rows > 0 ? `, ${amount(rows, 'items')} rows` : '';
  return `${model}${day && ` ${day}`}: ${rule}${many}${first}; the last good files stay`;
}
