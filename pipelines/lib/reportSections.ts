import type { AnswerRow, Variables } from './ask.js';
import { plotSvg } from './plotSvg.js';
import { charts } from './reportCharts.js';

/** One picture of the report: as SVG for wide and for narrow pages, with what it was drawn from. */
export type Section = {
  readonly title: string;
  /** What to look for in it. */
  readonly words: string;
  readonly wide: string;
  readonly narrow: string;
  readonly rows: readonly AnswerRow[];
};

type Step = 'day' | 'week' | 'month';

const sizes = { wide: { width: 704, names: 30 }, narrow: { width: 340, names: 20 } } as const;

/** The questions that the pictures are drawn from, in sql/reports. */
export const reports: readonly string[] = charts.map(({ report }) => report);

/** Draws every picture that has something to show; `step` is what a bar over time stands for. */
export async function drawSections(options: {
  ask: (report: string, variables: Variables) => Promise<AnswerRow[]>;
  step: Step;
  timeZone: string;
}): Promise<Section[]> {
  const { ask, step, timeZone } = options;
  const sections: Section[] = [];
  for (const { report, title, words, spec } of charts) {
    const rows = await ask(report, { step, time_zone: timeZone });
    if (rows.length === 0) continue;
    const values = rows.map((row) => (row.at instanceof Date ? { ...row, until: after(row.at, step) } : row));
    const draw = async (name: keyof typeof sizes) => {
      const { width } = sizes[name];
      const svg = await plotSvg(
        { width, autosize: { type: 'fit-x', contains: 'padding' }, data: { values }, ...spec(sizes[name]) },
        pageColours,
      );
      return withOwnIds(svg, `${report}-${name}`);
    };
    sections.push({ title, words, wide: await draw('wide'), narrow: await draw('narrow'), rows });
  }
  return sections;
}

const pageColours = { text: 'var(--text)', grid: 'var(--line)' };

function after(at: Date, step: Step): Date {
  const end = new Date(at);
  if (step === 'month') end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setUTCDate(end.getUTCDate() + (step === 'week' ? 7 : 1));
  return end;
}

/** Ids are the page's, and every picture names its own gradients and clips alike. */
function withOwnIds(svg: string, prefix: string): string {
  return svg.replaceAll(/\bid="/g, `id="${prefix}-`).replaceAll('url(#', `url(#${prefix}-`);
}
