import { amount } from './progress.js';
import type { Line } from './terminal.js';

/** How many rows a dataset has, how many make it worth training on, and what gives more. */
export type DatasetState = {
  readonly dataset: string;
  readonly rows: number;
  readonly logs: number;
  readonly recorded: number;
  readonly worthFrom: number;
  readonly isEnough: boolean;
  /** What adds rows. */
  readonly advice: string;
};

type Need = { readonly dataset: string; readonly worthFrom: number; readonly advice: string };

/**
 * Rules of thumb, not laws: from about so many rows on a fine-tune changes more than its seed does. A thousand chosen
 * conversations can set a model's manner; pairs and labelled steps teach from some five hundred; a scalar reward is noisier
 * than a pair and wants more; the router's number is that of its gate; a retrieval index helps from the start.
 */
const needs: readonly Need[] = [
  {
    dataset: 'sft',
    worthFrom: 1000,
    advice: 'record artifact.scored (8 or more), or work on: answered sessions in the logs count',
  },
  {
    dataset: 'preference',
    worthFrom: 500,
    advice:
      'record artifact.scored for at least two lineages of a cycle, 2 points apart, or artifact.compared',
  },
  {
    dataset: 'reward',
    worthFrom: 1000,
    advice: 'record artifact.scored for every artifact, the bad ones too',
  },
  {
    dataset: 'unpaired',
    worthFrom: 500,
    advice: 'record artifact.scored at both ends of the scale; accept or refuse in the logs',
  },
  {
    dataset: 'stepwise',
    worthFrom: 500,
    advice: 'let agents ask before they act, and refuse what is wrong; record the spans of failed attempts',
  },
  {
    dataset: 'chain_of_thought',
    worthFrom: 500,
    advice: 'record attempt.span_recorded with kind reasoning, or use models whose logs hold their thoughts',
  },
  {
    dataset: 'router',
    worthFrom: 500,
    advice: 'record flow.router.decision.v1 with an outcome each; `tracemill router-audit` says more',
  },
  { dataset: 'qa_documents', worthFrom: 200, advice: 'work on: every answered question in the logs is one' },
];

/** The datasets that trainers load. */
export const trainingSets: readonly string[] = needs.map(({ dataset }) => dataset);

/** Every dataset with what it lacks; `counts` holds those that are built. */
export function readiness(counts: ReadonlyMap<string, { rows: number; recorded: number }>): DatasetState[] {
  return needs.map(({ dataset, worthFrom, advice }) => {
    const { rows, recorded } = counts.get(dataset) ?? { rows: 0, recorded: 0 };
    return { dataset, rows, logs: rows - recorded, recorded, worthFrom, isEnough: rows >= worthFrom, advice };
  });
}

/** A table of the datasets, and a line of advice for each that has too few rows. */
export function describeReadiness(states: readonly DatasetState[]): Line[] {
  const rows = states.map(({ dataset, rows: count, logs, recorded, worthFrom }) => [
    dataset,
    amount(logs, 'items'),
    amount(recorded, 'items'),
    amount(count, 'items'),
    amount(worthFrom, 'items'),
    `${Math.min(100, Math.floor((100 * count) / worthFrom))} %`,
    gauge(Math.min(1, count / worthFrom)),
  ]);
  const advice = states
    .filter(({ isEnough }) => !isEnough)
    .map(({ dataset, rows: count, worthFrom, advice }) => [
      `  ${dataset}:`,
      `${amount(count, 'items')} of ${amount(worthFrom, 'items')}; ${advice}`,
    ]);
  return [
    { header: ['dataset', 'from logs', 'recorded', 'rows', 'worth it from', 'so far', ''], rows },
    ...(advice.length > 0 ? ['', 'What adds rows:', { header: [], rows: advice, wraps: true }] : []),
  ];
}

function gauge(share: number): string {
  const full = Math.floor(10 * share);
  return `${'▇'.repeat(full)}${'·'.repeat(10 - full)}`;
}
