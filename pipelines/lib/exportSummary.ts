import { omittedLines } from './card.js';
import type { Outcome } from './command.js';
import type { ExportManifest } from './exportManifest.js';
import type { Reason } from './leftOut.js';
import { amount } from './progress.js';
import { describeGate, type GateResult } from './redaction/gate.js';

/** What came of an export. */
export type ExportResult = {
  /** Null where no row fits the filters: nothing is written then. */
  readonly version: string | null;
  readonly folder: string | null;
  /** False where the same export was there already. */
  readonly added: boolean;
  readonly gate: GateResult;
  /** The other program that looked for secrets, and at how many rows. */
  readonly scan: { readonly program: string; readonly rows: number } | null;
} & Pick<ExportManifest, 'datasets' | 'omitted'>;

/** An export in words: where it is, a line a dataset, and what its profile cannot carry. */
export function describeExport(result: ExportResult): Outcome {
  const { version, folder, added, gate, scan, datasets, omitted } = result;
  const head =
    version === null
      ? 'No row to export.'
      : added
        ? `Exported to ${folder}`
        : `Nothing new: the same export is in ${folder}`;
  const left = omittedLines(omitted).map((line) => `  left out: ${line}`);
  const scanned = [
    ...(version === null ? [] : [`  ${describeGate(gate)}`]),
    ...(scan === null
      ? []
      : [`  ${scan.program}: ${amount(scan.rows, 'items')} rows scanned, no secret found`]),
  ];
  return { summary: [head, ...Object.entries(datasets).map(datasetLine), ...left, ...scanned], json: result };
}

function datasetLine([name, dataset]: [string, ExportManifest['datasets'][string]]): string {
  const { rows, tokens, splits, refused, withheld, contaminated, unfiltered } = dataset;
  const bySplit = Object.entries(splits).map(
    ([split, { rows: count }]) => `${split} ${amount(count, 'items')}`,
  );
  const items = Object.keys(contaminated);
  const named = items.length > 3 ? `${items.slice(0, 3).join(', ')} …` : items.join(', ');
  const notes = [
    [refused, 'refused'] as const,
    [withheld, 'withheld'] as const,
    [contaminated, `with text of a benchmark (${named})`] as const,
  ]
    .map(([reasons, words]) => [total(reasons), words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${amount(count, 'items')} ${words}`);
  const tail = notes.length > 0 ? `; ${notes.join(', ')}, see manifest.json` : '';
  const free = unfiltered.length > 0 ? `; not filtered by ${unfiltered.join(', ')}` : '';
  const counts = `${amount(rows, 'items')} rows, ${amount(tokens, 'items')} tokens`;
  const where = bySplit.length > 0 ? ` (${bySplit.join(', ')})` : '';
  return `  ${name}: ${counts}${where}${tail}${free}`;
}

function total(reasons: Readonly<Record<string, Reason>>): number {
  return new Set(Object.values(reasons).flatMap(({ ids }) => ids)).size;
}
