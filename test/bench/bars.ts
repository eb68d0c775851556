// The bars, and the arithmetic between what was measured and the table: no process is started here.
import { markdownTable } from './readmeTable.js';

/** `times`: ours / theirs; `more`: ours - theirs, in seconds; `share`: as times, in percent; the others stand alone. */
type Unit = 'times' | 'more' | 'share' | 'seconds' | 'bytes';
/** Without a limit it is a reference only; `isStrict`: the limit itself does not meet it. */
type Bar = {
  readonly job: string;
  readonly reference: string;
  readonly unit: Unit;
  readonly limit: number | null;
  readonly isStrict?: boolean;
};

/** Every bar by the name that `--only` takes, in the order of the table. */
export const bars = {
  ingest: {
    job: 'cold ingest, every byte kept',
    reference: 'DuckDB `read_ndjson_objects` to zstd Parquet',
    unit: 'times',
    limit: 1.6,
  },
  readline: {
    job: 'cold ingest, every byte kept',
    reference: 'Node readline and JSON.parse',
    unit: 'times',
    limit: 1,
    isStrict: true,
  },
  cat: { job: 'cold ingest, every byte kept', reference: '`cat` of the files', unit: 'times', limit: null },
  'nothing-new': {
    job: 'second ingest, nothing new, 2,000 files',
    reference: 'starting Node, loading the packages',
    unit: 'more',
    limit: 0.4,
  },
  whole: {
    job: 'ingest and build of all models, redaction on',
    reference: 'cold ingest',
    unit: 'times',
    limit: 4,
  },
  'one-line': {
    job: 'one new line, then ingest and build',
    reference: 'the whole build',
    unit: 'share',
    limit: 0.05,
    isStrict: true,
  },
  question: {
    job: 'answered human turns a day, asked of `core.turns`',
    reference: 'the same asked of the JSONL in DuckDB',
    unit: 'times',
    limit: null,
  },
  startup: { job: 'any verb to its first line', reference: '', unit: 'seconds', limit: 0.4, isStrict: true },
  'dry-run': {
    job: '`build --dry-run` on 1,000 days',
    reference: '',
    unit: 'seconds',
    limit: 1,
    isStrict: true,
  },
  cron: {
    job: 'ingest and build, nothing new, 1,000 days, 20,000 sessions',
    reference: '',
    unit: 'seconds',
    limit: 2,
    isStrict: true,
  },
  growth: {
    job: 'one day more, on a lake of 1,000 days',
    reference: 'on a lake of 500 days',
    unit: 'times',
    limit: 1.1,
  },
  memory: { job: 'peak memory of any verb on 5 GB', reference: '', unit: 'bytes', limit: 1.5e9 },
} satisfies Record<string, Bar>;

export type BarName = keyof typeof bars;
export const barNames = Object.keys(bars) as BarName[];

/** One whole process: wall clock, user CPU and peak memory; null where the machine does not tell. */
export type Run = {
  readonly seconds: number;
  readonly cpuSeconds: number | null;
  readonly peakBytes: number | null;
};
/** `isFullSize` false: on less than the bar speaks of, which shows nothing about it. */
export type Measured = {
  readonly bar: BarName;
  readonly ours: readonly Run[];
  readonly theirs?: readonly Run[];
  readonly note?: string;
  readonly isFullSize?: boolean;
};

export type Verdict = 'met' | 'NOT met' | 'not run' | 'no bar';
export type Row = {
  readonly bar: BarName;
  readonly verdict: Verdict;
  readonly figure: number | null;
  readonly seconds: number | null;
  readonly referenceSeconds: number | null;
  readonly cpuSeconds: number | null;
  readonly peakMegabytes: number | null;
  readonly runs: number;
  readonly note: string;
};
export type Results = {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly corpora: readonly string[];
  readonly rows: readonly Row[];
};

/** The middle one, of an even number the mean of the two; null of none. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((left, right) => left - right);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** What two processes, one after the other, cost together. */
export function together(first: Run, second: Run): Run {
  const [one, other] = [first, second];
  return {
    seconds: one.seconds + other.seconds,
    cpuSeconds:
      one.cpuSeconds === null || other.cpuSeconds === null ? null : one.cpuSeconds + other.cpuSeconds,
    peakBytes:
      one.peakBytes === null || other.peakBytes === null ? null : Math.max(one.peakBytes, other.peakBytes),
  };
}

/** The row of a bar; what was not measured is not run. */
export function rowOf(bar: BarName, measured: Measured | undefined): Row {
  const ours = measured?.ours ?? [];
  const seconds = medianOf(ours.map((run) => run.seconds));
  const referenceSeconds = medianOf((measured?.theirs ?? []).map((run) => run.seconds));
  const peak = largest(ours.map((run) => run.peakBytes));
  const figure = figureOf(bars[bar].unit, { seconds, referenceSeconds, peak });
  return {
    bar,
    verdict: verdictOf(bars[bar], measured?.isFullSize === false ? null : figure),
    figure: rounded(figure, bars[bar].unit === 'bytes' ? 0 : 4),
    seconds: rounded(seconds, 3),
    referenceSeconds: rounded(referenceSeconds, 3),
    cpuSeconds: rounded(medianOf(ours.flatMap((run) => run.cpuSeconds ?? [])), 2),
    peakMegabytes: rounded(peak === null ? null : peak / 1e6, 0),
    runs: ours.length,
    note: measured?.note ?? '',
  };
}

/** The row of a bar whose job ended with an error: it is not met. */
export function failedRow(bar: BarName, why: string): Row {
  return { ...rowOf(bar, undefined), verdict: bars[bar].limit === null ? 'no bar' : 'NOT met', note: why };
}

/** With the rows of an earlier run for what was not run now; nothing is kept of another machine. */
export function withEarlier(now: Results, earlier: Results): Results {
  if (JSON.stringify(now.machine) !== JSON.stringify(earlier.machine)) return now;
  const rows = now.rows.map((row) => {
    const before = earlier.rows.find(({ bar }) => bar === row.bar);
    return row.verdict === 'not run' && row.figure === null && before !== undefined ? before : row;
  });
  return { ...now, corpora: [...new Set([...earlier.corpora, ...now.corpora])], rows };
}

function figureOf(
  unit: Unit,
  values: { seconds: number | null; referenceSeconds: number | null; peak: number | null },
): number | null {
  const { seconds, referenceSeconds, peak } = values;
  if (unit === 'bytes') return peak;
  if (unit === 'seconds') return seconds;
  if (seconds === null || referenceSeconds === null) return null;
  return unit === 'more' ? seconds - referenceSeconds : seconds / referenceSeconds;
}

function verdictOf({ limit, isStrict }: Bar, figure: number | null): Verdict {
  if (figure === null) return 'not run';
  if (limit === null) return 'no bar';
  return figure < limit || (figure === limit && isStrict !== true) ? 'met' : 'NOT met';
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}

/** `1.77x`, `0.18 s more`, `4.2 %`, `0.35 s`, `1.20 GB`. */
export function inWords(unit: Unit, value: number): string {
  if (unit === 'bytes') return `${(value / 1e9).toFixed(2)} GB`;
  if (unit === 'share') return `${(100 * value).toFixed(1)} %`;
  return `${value.toFixed(2)}${unit === 'times' ? 'x' : unit === 'more' ? ' s more' : ' s'}`;
}

/** The limit as the table has it: `at most 1.60x`, `under 2.00 s`; empty where there is none. */
export function barInWords(name: BarName): string {
  const bar: Bar = bars[name];
  return bar.limit === null
    ? ''
    : `${bar.isStrict === true ? 'under' : 'at most'} ${inWords(bar.unit, bar.limit)}`;
}

/** What stands between the marks of the README: made of the results alone. */
export function benchTable({ machine, corpora, rows }: Results): string {
  const header = ['job', 'reference', 'ours', 'theirs', 'figure', 'bar', '', 'user CPU', 'peak memory', ''];
  const cells = rows.map((row) => {
    const { job, reference, unit } = bars[row.bar];
    return [
      job,
      reference,
      measure(row.seconds, 's', 2),
      measure(row.referenceSeconds, 's', 2),
      row.figure === null ? '' : inWords(unit, row.figure),
      barInWords(row.bar),
      row.verdict === 'no bar' ? '' : row.verdict,
      measure(row.cpuSeconds, 's', 1),
      measure(row.peakMegabytes, 'MB', 0),
      [row.note, ...(row.runs > 1 ? [`${row.runs} runs`] : [])].filter((words) => words !== '').join('; '),
    ];
  });
  const words = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return [
    `${[...corpora, ...(words.length > 0 ? [words.join(', ')] : [])].join('; ')}:`,
    '',
    markdownTable(header, cells),
  ].join('\n');
}

function measure(value: number | null, unit: string, digits: number): string {
  return value === null ? '' : `${value.toFixed(digits)} ${unit}`;
}
