import type { DatasetManifest, ExportManifest } from './exportManifest.js';
import type { Dataset } from './exportRows.js';
import { groupBy } from './groups.js';
import type { LeftOut, Reason } from './leftOut.js';
import type { EncodedColumn, Encoding, Loading, Profile, Snippet } from './profile.js';
import { amount } from './progress.js';

/** What a column holds, by model, from the headers of sql/datasets. */
export type ColumnTexts = Readonly<Record<string, ReadonlyMap<string, string>>>;

/** What loading snippets are about, for each dataset that has rows. */
export function loadingsOf(datasets: ExportManifest['datasets'], profile: Profile): Loading[] {
  return Object.entries(datasets)
    .filter(([, { rows }]) => rows > 0)
    .map(([dataset, { splits, length }]) => ({
      dataset,
      maxLength: 2 ** Math.max(10, Math.ceil(Math.log2(Math.max(1, length.p95)))),
      files: Object.fromEntries(
        Object.entries(splits).map(([split, { files }]) => [
          split,
          files.filter((file) => file.endsWith(`.${profile.extension}`)),
        ]),
      ),
    }));
}

/** README.md of an export: a Hugging Face dataset card whose `configs` find the files, and how to load them. */
export function datasetCard(of: {
  version: string;
  manifest: ExportManifest;
  profile: Profile;
  loadings: readonly Loading[];
  datasets: readonly Dataset[];
  columns: ColumnTexts;
}): string {
  const { version, manifest, profile, loadings, datasets, columns } = of;
  const lines = [
    '---',
    `pretty_name: tracemill ${version}`,
    'tags: [tracemill, agent-traces]',
    'configs:',
    ...loadings.flatMap(({ dataset, files }) => [
      `- config_name: ${dataset}`,
      '  data_files:',
      ...Object.keys(files).flatMap((split) => [
        `  - split: ${split}`,
        `    path: ${dataset}/${split}-*.${profile.extension}`,
      ]),
    ]),
    '---',
    '',
    `# Training sets from agent sessions, version ${version}`,
    '',
    `Written by tracemill in the profile \`${profile.name}\` (${profile.describe}). ${filterText(manifest)}`,
    'A session family (forks, resumes, subagents) stands in one split only. Every file, its SHA-256 and what was refused',
    'are in `manifest.json`.',
    ...eventText(manifest),
    '',
    '| dataset | split | rows | tokens (o200k) |',
    '| --- | --- | ---: | ---: |',
    ...loadings.flatMap(({ dataset }) =>
      Object.entries(manifest.datasets[dataset]?.splits ?? {}).map(
        ([split, { rows, tokens }]) =>
          `| ${dataset} | ${split} | ${amount(rows, 'items')} | ${amount(tokens, 'items')} |`,
      ),
    ),
    ...omittedLines(manifest.omitted).flatMap((line) => ['', `Left out: ${line}.`]),
    ...loadings.flatMap((loading) => {
      const dataset = manifest.datasets[loading.dataset];
      const encoding = datasets.find(({ name }) => name === loading.dataset)?.encoding;
      if (dataset === undefined || encoding === undefined) return [];
      const texts = columns[`datasets.${loading.dataset}`] ?? new Map();
      return section(loading, dataset, profile, columnLines(encoding, texts));
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function section(
  loading: Loading,
  dataset: DatasetManifest,
  profile: Profile,
  columns: readonly string[],
): string[] {
  const { length, longer_chosen: longer } = dataset;
  return [
    '',
    `## ${loading.dataset}`,
    '',
    `Half of the rows have at most ${amount(length.p50, 'items')} tokens, 95 % at most ${amount(length.p95, 'items')}; ` +
      `the longest has ${amount(length.max, 'items')}.`,
    ...(longer === undefined
      ? []
      : [
          `In ${(longer.share * 100).toFixed(1)} % of the pairs the chosen side is the longer one; ` +
            '`--length-ratio 3` leaves out those that differ most.',
        ]),
    ...dataset.unfiltered.map((name) => `\`--${name}\` does not apply: the rows have no such column.`),
    ...profile.snippets(loading).flatMap(snippetLines),
    ...columns,
    ...leftOutLines(dataset),
  ];
}

function columnLines(encoding: Encoding, texts: ReadonlyMap<string, string>): string[] {
  if ('line' in encoding) return [];
  const line = ({ name, text }: EncodedColumn) =>
    `| ${name} | ${(text ?? texts.get(name) ?? '').replaceAll('|', '\\|')} |`;
  return ['', '| column | what it holds |', '| --- | --- |', ...encoding.columns.map(line)];
}

/** The datasets that a profile cannot carry, a line a reason. */
export function omittedLines(omitted: ExportManifest['omitted']): string[] {
  const byReason = groupBy(Object.keys(omitted), (name) => omitted[name] ?? '');
  return [...byReason].map(([why, names]) => `${names.join(', ')} (${why})`);
}

function filterText({ filters, benchmarks }: ExportManifest): string {
  const given = Object.entries(filters).map(([name, value]) => `\`--${name} ${value}\``);
  const files = benchmarks.map(({ name }) => `\`${name}\``);
  const text = given.length > 0 ? `Filters: ${given.join(', ')}.` : 'No filters.';
  return files.length > 0 ? `${text} No row holds text of ${files.join(', ')}.` : text;
}

function eventText({ events: { count, first, last } }: ExportManifest): string[] {
  if (count === 0) return [];
  const range = first === null ? '' : `, the first of ${first}, the last of ${last}`;
  return [`The rows come from ${amount(count, 'items')} training events${range}.`];
}

function snippetLines({ trainer, language, lines, note }: Snippet): string[] {
  return ['', `${trainer}:${note === undefined ? '' : ` ${note}`}`, '', `\`\`\`${language}`, ...lines, '```'];
}

function leftOutLines({ refused, withheld, contaminated, copies }: LeftOut): string[] {
  const lines = (reasons: Readonly<Record<string, Reason>>, words: string) =>
    Object.entries(reasons).map(([reason, { rows }]) => `- ${amount(rows, 'items')} ${words}: ${reason}`);
  const all = [
    ...lines(refused, 'refused'),
    ...lines(withheld, 'withheld from validation and test'),
    ...lines(contaminated, 'with text of a benchmark'),
    ...(copies > 0 ? [`- ${amount(copies, 'items')} left out: an older day has the same row`] : []),
  ];
  return all.length > 0 ? ['', 'Not written:', '', ...all] : [];
}
