import { escapeHtml, htmlTable } from './htmlTable.js';
import { amount } from './progress.js';
import type { Section } from './reportSections.js';

/** The row of sql/reports/report_figures.sql; token counts are null where no log tells any. */
export type Figures = {
  readonly sessions: number;
  readonly projects: number;
  readonly tool_calls: number;
  readonly failed_calls: number;
  readonly read_tokens: number | null;
  readonly written_tokens: number | null;
  readonly human_turns: number;
  readonly answered_turns: number;
  readonly first_at: Date | null;
  readonly last_at: Date | null;
  readonly pairs: number;
  readonly repeated_pairs: number;
  readonly examples: number;
  readonly step: 'day' | 'week' | 'month';
};

/** One HTML page that loads nothing: style and pictures stand in it. */
export function reportPage(of: {
  figures: Figures;
  sections: readonly Section[];
  timeZone: string;
  now: Date;
}): string {
  const { figures, sections, timeZone, now } = of;
  // Swedes write days as ISO does.
  const days = new Intl.DateTimeFormat('sv', { timeZone });
  const period = [figures.first_at, figures.last_at].map((at) => (at === null ? '-' : days.format(at)));
  const empty = '<p class="words">No turn of a person is in this lake yet.</p>';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>tracemill report, ${period.join(' to ')}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>What your agents did</h1>
<p class="words">${period.join(' to ')}, times of ${escapeHtml(timeZone)}; written ${now.toISOString().slice(0, 16).replace('T', ' ')} UTC.</p>
<dl>
${tiles(figures).join('\n')}
</dl>
${figures.human_turns === 0 ? empty : ''}
${sections.map(sectionHtml).join('\n')}
</main>
</body>
</html>
`;
}

function tiles(figures: Figures): string[] {
  const count = (value: number | null) => (value === null ? '-' : shortCount(value));
  const share = (part: number, whole: number) =>
    whole === 0 ? '-' : `${((100 * part) / whole).toFixed(0)} %`;
  const { tool_calls: calls, human_turns: turns } = figures;
  return [
    tile(count(figures.sessions), 'sessions', `${amount(figures.projects, 'items')} projects`),
    tile(count(turns), 'turns of people', `${share(figures.answered_turns, turns)} answered`),
    tile(count(calls), 'tool calls', `${share(figures.failed_calls, calls)} failed`),
    tile(count(figures.read_tokens), 'tokens read', 'caches included'),
    tile(count(figures.written_tokens), 'tokens written', 'by the models'),
    tile(
      count(figures.pairs),
      'questions answered',
      `${amount(figures.repeated_pairs, 'items')} repeat another`,
    ),
    tile(count(figures.examples), 'training rows', 'in all sets'),
  ];
}

function tile(value: string, name: string, more: string): string {
  return `<div><dt>${name}</dt><dd>${value}</dd><dd class="more">${more}</dd></div>`;
}

/** `1,234`, `56.7 k`, `1.2 M`, `3.4 G`. */
function shortCount(value: number): string {
  const [unit = '', size = 1] =
    (
      [
        ['G', 1e9],
        ['M', 1e6],
        ['k', 1e4],
      ] as const
    ).find(([, least]) => value >= least) ?? [];
  if (unit === '') return amount(value, 'items');
  return `${(value / (unit === 'k' ? 1e3 : size)).toFixed(1)} ${unit}`;
}

const mostRows = 400;

function sectionHtml({ title, words, wide, narrow, rows }: Section): string {
  const picture = (svg: string, name: string) =>
    svg.replace('<svg ', `<svg class="${name}" role="img" aria-label="${escapeHtml(title)}" `);
  return `<section>
<h2>${escapeHtml(title)}</h2>
<p class="words">${escapeHtml(words)}</p>
${picture(wide, 'wide')}
${picture(narrow, 'narrow')}
<details><summary>The figures</summary><div class="table">${htmlTable(rows, { limit: mostRows })}</div></details>
</section>`;
}

const style = `
:root { --page: #ffffff; --text: #24292f; --soft: #59636e; --line: #d8dce1; --tile: #f5f6f8; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --text: #e3e6ea; --soft: #a1a9b3; --line: #3a4048; --tile: #1e2328; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0; }
.words { color: var(--soft); margin: 0.2rem 0 1rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; margin: 1.5rem 0; }
dl div { background: var(--tile); border-radius: 0.5rem; padding: 0.75rem; }
dt, .more { color: var(--soft); font-size: 0.85rem; }
dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
svg { display: block; max-width: 100%; height: auto; }
svg.narrow { display: none; }
@media (max-width: 45rem) { svg.wide { display: none; } svg.narrow { display: block; } }
summary { color: var(--soft); cursor: pointer; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.75rem 0.2rem 0; border-bottom: 1px solid var(--line); text-align: left; }
`;
