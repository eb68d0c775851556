import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { askReport, type Cell } from './lib/ask.js';
import type { Command } from './lib/command.js';
import { lakeFolder } from './lib/lake.js';
import { readManifest } from './lib/manifest.js';
import { amount } from './lib/progress.js';
import { type DatasetState, describeReadiness, readiness, trainingSets } from './lib/readiness.js';
import type { Line } from './lib/terminal.js';
import { openWarehouse } from './lib/warehouse.js';

export const command: Command = {
  describe: 'What the last training events hold, how well they link up, and what each dataset still lacks',
  example: 'tracemill signal-summary --last 10000',
  options: {
    last: { type: 'number', default: 10_000, describe: 'How many training events, counted from the newest' },
  },
  run: async (args, { config }) => {
    const last = Number(args.last);
    if (!Number.isInteger(last) || last < 1) {
      throw new UserError('--last: not a whole number from 1 on; write one, as 10000', {
        exitCode: exitCodes.usage,
      });
    }
    const summary = await summarizeSignals(config, last);
    return { summary: describe(summary), json: summary };
  },
};

/** So many events of a name, out of how many, and their share of these (0 to 1). */
export type Count = {
  readonly name: string;
  readonly count: number;
  readonly of: number;
  readonly share: number;
};

export type SignalSummary = {
  /** How many events were asked for, and how many there are of them. */
  readonly last: number;
  readonly events: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** From the first event's day to the last one's, both counted. */
  readonly days: number;
  readonly types: readonly (Count & { readonly perDay: number; readonly lastAt: string | null })[];
  readonly origins: readonly Count[];
  readonly links: readonly Count[];
  readonly tags: readonly Count[];
  /** Signals of the logs since the first event. */
  readonly signals: readonly { readonly name: string; readonly count: number }[];
  readonly datasets: readonly DatasetState[];
};

/** Reads what is published; takes no lock and changes nothing. */
export async function summarizeSignals(config: Config, last: number): Promise<SignalSummary> {
  const lines = await askReport(config, 'signal_summary', { last });
  const section = (name: string) => lines.filter((line) => line.section === name);
  const [window = {}] = section('window');
  const firstAt = timeOf(window.first_at);
  const lastAt = timeOf(window.last_at);
  const days = firstAt === null || lastAt === null ? 0 : daysBetween(firstAt, lastAt);
  return {
    last,
    events: Number(window.event_count ?? 0),
    firstAt,
    lastAt,
    days,
    types: section('type').map((line) => ({
      ...countOf(line),
      perDay: Number(line.event_count) / Math.max(days, 1),
      lastAt: timeOf(line.last_at),
    })),
    origins: section('origin').map(countOf),
    links: section('link').map(countOf),
    tags: section('tag').map(countOf),
    signals: section('signal').map(({ name, event_count }) => ({
      name: String(name),
      count: Number(event_count),
    })),
    datasets: readiness(await countDatasets(config)),
  };
}

type Counted = Readonly<Record<string, Cell>>;

function countOf({ name, event_count, out_of }: Counted): Count {
  const [count, of] = [Number(event_count), Number(out_of)];
  return { name: String(name), count, of, share: of === 0 ? 0 : count / of };
}

function timeOf(value: Cell | undefined): string | null {
  return value instanceof Date ? value.toISOString() : null;
}

function daysBetween(first: string, last: string): number {
  const day = (time: string) => Date.parse(time.slice(0, 10)) / 86_400_000;
  return day(last) - day(first) + 1;
}

/** Dataset -> rows by origin; a dataset that is not built is not there. */
async function countDatasets(config: Config): Promise<Map<string, { rows: number; recorded: number }>> {
  const { tables } = await readManifest(lakeFolder(config));
  const built = trainingSets.filter((name) => tables[`datasets.${name}`] !== undefined);
  const { connection, close } = await openWarehouse({
    config,
    tables: built.map((name) => `datasets.${name}`),
  });
  const counts = new Map<string, { rows: number; recorded: number }>();
  try {
    for (const name of built) {
      const reader = await connection.runAndReadAll(
        `select count(*), count(*) filter (where metadata ->> '$.origin' = 'recorded') from datasets.${name}`,
      );
      const [rows, recorded] = reader.getRowsJS()[0] ?? [];
      counts.set(name, { rows: Number(rows), recorded: Number(recorded) });
    }
  } finally {
    close();
  }
  return counts;
}

function describe(summary: SignalSummary): Line[] {
  const { events, last, firstAt, lastAt, days, types, origins, links, tags, signals } = summary;
  if (events === 0) return ['No training event in the lake; run `tracemill ingest`, then `tracemill build`.'];
  const span = `${(firstAt ?? '').slice(0, 10)} to ${(lastAt ?? '').slice(0, 10)}`;
  const asked = events < last ? ` (${amount(last, 'items')} asked for)` : '';
  const largest = Math.max(...types.map(({ share }) => share));
  const typeRows = types.map(({ name, count, share, perDay, lastAt: at }) => [
    name,
    amount(count, 'items'),
    percent(share),
    rate(perDay),
    (at ?? '').slice(0, 10),
    bar(share / largest),
  ]);
  const counted = (counts: readonly Count[]) =>
    counts.map(({ name, count, share }) => [name, amount(count, 'items'), percent(share)]);
  const linked = links.map(({ name, count, of, share }) => [
    name,
    amount(count, 'items'),
    `of ${amount(of, 'items').padStart(Math.max(...links.map((link) => amount(link.of, 'items').length)))}`,
    percent(share),
    bar(share),
  ]);
  const table = (header: string[], rows: string[][]) => (rows.length === 0 ? [] : ['', { header, rows }]);
  return [
    `The newest ${amount(events, 'items')} training events${asked}, ${span}: ${amount(days, 'items')} ${days === 1 ? 'day' : 'days'}`,
    ...table(['event type', 'events', 'share', 'a day', 'newest', ''], typeRows),
    ...table(['origin', 'events', 'share'], counted(origins)),
    ...table(['link', 'linked', '', 'share', ''], linked),
    ...table(['tag', 'events', 'share'], counted(tags)),
    ...table(
      ['signal of the logs', 'count'],
      signals.map(({ name, count }) => [name.replaceAll('_', ' '), amount(count, 'items')]),
    ),
    '',
    ...describeReadiness(summary.datasets),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function rate(perDay: number): string {
  if (perDay < 0.1) return '<0.1';
  return perDay < 10 ? perDay.toFixed(1) : amount(perDay, 'items');
}

/** A share as a bar of at most 20 characters; something above nothing is always seen. */
function bar(share: number): string {
  return '▇'.repeat(share > 0 ? Math.max(1, Math.floor(20 * share + 1e-9)) : 0);
}
