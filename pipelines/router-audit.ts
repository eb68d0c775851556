import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { askReport, type Cell } from './lib/ask.js';
import type { Command, Outcome } from './lib/command.js';
import { filterOptions, readFilters, utc } from './lib/filters.js';
import { amount } from './lib/progress.js';

/** Something a set of router decisions must hold before it is worth training on. */
type Gate = {
  readonly name: string;
  /** Its column of sql/reports/router_gates.sql. */
  readonly column: string;
  readonly option: string;
  readonly threshold: number;
  readonly bound: 'at least' | 'at most';
  readonly isShare: boolean;
  readonly describe: string;
  readonly advice: string;
};

const gates: readonly Gate[] = [
  {
    name: 'decisions',
    column: 'decisions',
    option: 'min-decisions',
    threshold: 500,
    bound: 'at least',
    isShare: false,
    describe: 'Decisions there must be',
    advice: 'record more flow.router.decision.v1',
  },
  {
    name: 'joined',
    column: 'joined',
    option: 'min-joined',
    threshold: 400,
    bound: 'at least',
    isShare: false,
    describe: 'Decisions that must have an outcome',
    advice: 'record a flow.router.outcome.v1 with the decision_id of each decision',
  },
  {
    name: 'link rate',
    column: 'link_rate',
    option: 'min-link-rate',
    threshold: 0.8,
    bound: 'at least',
    isShare: true,
    describe: 'Share of decisions that must have an outcome, 0 to 1',
    advice: 'find where decisions lose their outcome: sessions cut short, or another decision_id',
  },
  {
    name: 'dominance',
    column: 'dominance',
    option: 'max-dominance',
    threshold: 0.55,
    bound: 'at most',
    isShare: true,
    describe: 'Share of all decisions that the most chosen task may have, 0 to 1',
    advice: 'record decisions for other tasks, or split this one',
  },
  {
    name: 'overrides',
    column: 'overrides',
    option: 'min-overrides',
    threshold: 20,
    bound: 'at least',
    isShare: false,
    describe: 'Decisions that people must have overridden',
    advice: 'record flow.router.override.v1 where a person chooses another task',
  },
  {
    name: 'failures',
    column: 'failures',
    option: 'min-failures',
    threshold: 60,
    bound: 'at least',
    isShare: false,
    describe: 'Outcomes that must be partial, failure or wasted',
    advice: 'record outcomes that are partial, failure or wasted too, not successes alone',
  },
];

export const command: Command = {
  describe: 'Check whether the router decisions are worth training on; exit 65 where a gate fails',
  example: 'tracemill router-audit --since 2026-05-01 --min-decisions 1000',
  options: {
    ...Object.fromEntries(
      gates.map(({ option, threshold, describe }) => [
        option,
        { type: 'number', default: threshold, describe } as const,
      ]),
    ),
    since: {
      ...filterOptions.since,
      describe: 'Decisions at or after this time (2026-05-01, 2026-05-01T12:00Z)',
    },
    until: { ...filterOptions.until, describe: 'Decisions before this time' },
  },
  run: async (args, { config }) => describe(await auditRouter({ config, args })),
};

export type GateResult = {
  readonly gate: string;
  /** Null where there is no decision to take a share of. */
  readonly value: number | null;
  readonly bound: Gate['bound'];
  readonly threshold: number;
  readonly pass: boolean;
};

export type Audit = {
  readonly pass: boolean;
  readonly gates: readonly GateResult[];
  readonly sessions: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** The task that most decisions chose. */
  readonly largestTask: string | null;
};

/** Holds the decisions of the lake to the gates; `args` are options by their name, thresholds left out have defaults. */
export async function auditRouter(of: {
  config: Config;
  args: Readonly<Record<string, unknown>>;
}): Promise<Audit> {
  const thresholds = gates.map((gate) => readThreshold(gate, of.args[gate.option]));
  const { since, until } = readFilters(of.args);
  const [row = {}] = await askReport(of.config, 'router_gates', {
    since: since === undefined ? null : utc('since', since),
    until: until === undefined ? null : utc('until', until),
  });
  const results = gates.map(({ name, column, bound }, index) => {
    const threshold = thresholds[index] ?? 0;
    const value = numberOf(row[column]);
    const pass = value !== null && (bound === 'at least' ? value >= threshold : value <= threshold);
    return { gate: name, value, bound, threshold, pass };
  });
  return {
    pass: results.every(({ pass }) => pass),
    gates: results,
    sessions: numberOf(row.sessions) ?? 0,
    firstAt: timeOf(row.first_at),
    lastAt: timeOf(row.last_at),
    largestTask: typeof row.largest_task === 'string' ? row.largest_task : null,
  };
}

function readThreshold({ option, threshold, isShare }: Gate, given: unknown): number {
  const value = given === undefined ? threshold : Number(given);
  if (value >= 0 && (!isShare || value <= 1)) return value;
  const form = isShare ? 'a share from 0 to 1, as 0.8' : 'a number of 0 or more';
  throw new UserError(`--${option}: not ${form}; write one, or leave it out for ${threshold}`, {
    exitCode: exitCodes.usage,
  });
}

function numberOf(value: Cell | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

function timeOf(value: Cell | undefined): string | null {
  return value instanceof Date ? value.toISOString() : null;
}

function describe(audit: Audit): Outcome {
  const failed = gates.filter((_, index) => audit.gates[index]?.pass === false);
  const rows = audit.gates.map(({ gate, value, bound, threshold, pass }, index) => {
    const isShare = gates[index]?.isShare === true;
    const task = gate === 'dominance' && audit.largestTask !== null ? `  (${audit.largestTask})` : '';
    const limit = isShare ? `${Number((100 * threshold).toFixed(6))} %` : amount(threshold, 'items');
    return [gate, figure(value, bound, isShare), `${bound} ${limit}`, `${pass ? 'yes' : 'no'}${task}`];
  });
  const advice = failed.map((gate) => [`  ${gate.name}:`, gate.advice]);
  const verdict =
    failed.length === 0
      ? 'All gates pass: the router set is worth training on.'
      : `${failed.length} of ${gates.length} gates ${failed.length === 1 ? 'fails' : 'fail'}. What to do:`;
  return {
    summary: [
      heading(audit),
      '',
      { header: ['gate', 'value', 'threshold', 'pass'], rows },
      '',
      verdict,
      ...(advice.length > 0 ? [{ header: [], rows: advice, wraps: true }] : []),
    ],
    json: audit,
    ...(audit.pass ? {} : { exitCode: exitCodes.dataFailed }),
  };
}

function heading({ gates: [decisions], sessions, firstAt, lastAt }: Audit): string {
  const count = decisions?.value ?? 0;
  if (count === 0 || firstAt === null || lastAt === null) return 'No router decision in the lake.';
  const days = [firstAt, lastAt].map((time) => time.slice(0, 10));
  return `${amount(count, 'items')} router decisions in ${amount(sessions, 'items')} sessions, ${days.join(' to ')}`;
}

/** A share is rounded away from its threshold's good side, so that 79.99 % never reads as 80 %. */
function figure(value: number | null, bound: Gate['bound'], isShare: boolean): string {
  if (value === null) return '-';
  if (!isShare) return amount(value, 'items');
  const permille = bound === 'at least' ? Math.floor(value * 1000 + 1e-9) : Math.ceil(value * 1000 - 1e-9);
  return `${(permille / 10).toFixed(1)} %`;
}
