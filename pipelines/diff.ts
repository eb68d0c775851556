import { join, resolve } from 'node:path';
import type { Command, Outcome } from './lib/command.js';
import { diffExports, type ExportDiff } from './lib/exportDiff.js';
import { findExport } from './lib/exportVersions.js';
import { amount } from './lib/progress.js';
import { openDuckDB } from './lib/warehouse.js';

/** `tracemill diff`. */
export const command: Command = {
  describe: 'Say what differs between two exports: rows, tokens, refusals, filters, models',
  example: 'tracemill diff latest~1 latest',
  options: {
    out: { type: 'string', describe: 'Folder of the exports; exports/ in the data folder by default' },
  },
  positionals: {
    from: {
      type: 'string',
      default: 'latest~1',
      describe: 'The earlier export: latest~1, a version or its beginning, a folder',
    },
    to: { type: 'string', default: 'latest', describe: 'The later export' },
  },
  run: async (args, { config }) => {
    const out = resolve(String(args.out ?? join(config.data, 'exports')));
    const from = await findExport(out, String(args.from ?? 'latest~1'));
    const to = await findExport(out, String(args.to ?? 'latest'));
    const { connection, close } = await openDuckDB();
    try {
      return describeDiff(await diffExports(connection, from, to));
    } finally {
      close();
    }
  },
};

function describeDiff(diff: ExportDiff): Outcome {
  const rows = Object.entries(diff.datasets).flatMap(([dataset, splits]) =>
    Object.entries(splits).map(([split, { added, removed, changed }]) => {
      const parts = [
        [added, 'added'] as const,
        [removed, 'removed'] as const,
        [changed, 'changed'] as const,
      ].filter(([ids]) => ids.length > 0);
      return `  ${dataset} ${split}: ${parts.map(([ids, word]) => `${amount(ids.length, 'items')} ${word}`).join(', ')}`;
    }),
  );
  const number = (value: number | null) => (value === null ? 'none' : amount(value, 'items'));
  const totals = Object.keys({ ...diff.rows, ...diff.tokens }).map((dataset) => {
    const of = (unit: 'rows' | 'tokens') => {
      const change = diff[unit][dataset];
      return change === undefined ? [] : [`${unit} ${number(change.from)} -> ${number(change.to)}`];
    };
    return `  ${dataset}: ${[...of('rows'), ...of('tokens')].join(', ')}`;
  });
  const leftOut = Object.entries(diff.left_out).flatMap(([dataset, reasons]) =>
    Object.entries(reasons).map(
      ([reason, { from, to }]) => `  ${dataset} ${reason}: ${number(from ?? 0)} -> ${number(to ?? 0)}`,
    ),
  );
  const settings = Object.entries(diff.settings).map(
    ([name, { from, to }]) => `  ${name}: ${from ?? 'none'} -> ${to ?? 'none'}`,
  );
  const models = Object.entries(diff.models).map(([dataset, parts]) => {
    const words = { sql: 'its SQL', content: 'what it built' } as Readonly<Record<string, string>>;
    return `  ${dataset}: ${Object.keys(parts)
      .map((part) => words[part] ?? part)
      .join(', ')}`;
  });
  const part = (title: string, lines: readonly string[]) => (lines.length > 0 ? [title, ...lines] : []);
  const body = [
    ...part('Rows', rows),
    ...part('Totals', totals),
    ...part('Left out', leftOut),
    ...part('Settings', settings),
    ...part('Models that changed', models),
    ...(diff.comparable
      ? []
      : ['The shapes differ: rows are compared by id alone, and lines of OpenAI have none.']),
  ];
  const head = `${diff.from} -> ${diff.to}`;
  return { summary: body.length > 0 ? [head, ...body] : [`${head}: no difference`], json: diff };
}
