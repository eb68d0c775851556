import type { ExportManifest } from './exportManifest.js';
import type { Profile } from './profile.js';
import { amount } from './progress.js';

/** What a column holds, by dataset, from the headers of sql/datasets. */
export type ColumnTexts = Readonly<Record<string, ReadonlyMap<string, string>>>;

/** README.md of an export: a Hugging Face dataset card whose `configs` find the files, and how to load them. */
export function datasetCard(
  version: string,
  manifest: ExportManifest,
  profile: Profile,
  columns: ColumnTexts,
): string {
  const filled = Object.entries(manifest.datasets).filter(([, dataset]) => dataset.rows > 0);
  const lines = [
    '---',
    `pretty_name: tracemill ${version}`,
    'tags: [tracemill, agent-traces]',
    'configs:',
    ...filled.flatMap(([name, { splits }]) => [
      `- config_name: ${name}`,
      '  data_files:',
      ...Object.keys(splits).flatMap((split) => [
        `  - split: ${split}`,
        `    path: ${name}/${split}-*.${profile.extension}`,
      ]),
    ]),
    '---',
    '',
    `# Training sets from agent sessions, version ${version}`,
    '',
    `Written by tracemill in the profile \`${profile.name}\` (${profile.describe}). ${filterText(manifest)}`,
    'A session family (forks, resumes, subagents) stands in one split only. Every file, its SHA-256 and what was refused',
    'are in `manifest.json`.',
    '',
    '| dataset | split | rows | tokens (o200k) |',
    '| --- | --- | ---: | ---: |',
    ...filled.flatMap(([name, { splits }]) =>
      Object.entries(splits).map(
        ([split, { rows, tokens }]) =>
          `| ${name} | ${split} | ${amount(rows, 'items')} | ${amount(tokens, 'items')} |`,
      ),
    ),
    ...filled.flatMap(([name, dataset]) => [
      '',
      `## ${name}`,
      '',
      `Half of the rows have at most ${amount(dataset.length.p50, 'items')} tokens, 95 % at most ${amount(dataset.length.p95, 'items')}; ` +
        `the longest has ${amount(dataset.length.max, 'items')}.`,
      ...snippet(profile.loading(name, maxLength(dataset.length.p95))),
      '',
      '| column | what it holds |',
      '| --- | --- |',
      ...[...(columns[name] ?? [])].map(([column, text]) => `| ${column} | ${text.replaceAll('|', '\\|')} |`),
      ...refusals(dataset),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function filterText({ filters }: ExportManifest): string {
  const given = Object.entries(filters).map(([name, value]) => `\`--${name} ${value}\``);
  return given.length > 0 ? `Filters: ${given.join(', ')}.` : 'No filters.';
}

function snippet(lines: readonly string[] | null): string[] {
  return lines === null ? [] : ['', '```python', ...lines, '```'];
}

/** The power of two that holds 95 % of the rows, at least 1,024: longer rows are cut by the trainer. */
function maxLength(p95: number): number {
  return 2 ** Math.max(10, Math.ceil(Math.log2(Math.max(1, p95))));
}

function refusals({ refused, copies }: ExportManifest['datasets'][string]): string[] {
  const reasons = Object.entries(refused).map(
    ([reason, { rows }]) => `- ${amount(rows, 'items')} refused: ${reason}`,
  );
  if (copies > 0) reasons.push(`- ${amount(copies, 'items')} left out: an older day has the same row`);
  return reasons.length > 0 ? ['', 'Not written:', '', ...reasons] : [];
}
