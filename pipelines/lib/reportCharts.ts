import type { PlotSpec } from './plotSvg.js';

/** How wide the picture is, in pixels, and how many characters the names beside its bars may have. */
export type Size = { readonly width: number; readonly names: number };

export type Chart = {
  /** Its question, in sql/reports. */
  readonly report: string;
  readonly title: string;
  readonly words: string;
  readonly spec: (size: Size) => PlotSpec;
};

const time = {
  x: {
    field: 'at',
    type: 'temporal',
    scale: { type: 'utc' },
    title: null,
    axis: { tickCount: 5, labelOverlap: true },
  },
  x2: { field: 'until' },
} as const;
const count = { type: 'quantitative', axis: { tickMinStep: 1, labelOverlap: true } } as const;
const turns = { ...count, field: 'turns', title: 'turns' } as const;
const days = `['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][datum.value - 1]`;

// vega-lite does not stack bars that have a beginning and an end, so it is told to.
const overTime = (
  colour: object,
  { offset = 'zero', ...axis }: { offset?: string; title?: string; axis?: object } = {},
) => ({
  transform: [{ stack: 'turns', groupby: ['at'], offset, as: ['low', 'high'] }],
  mark: { type: 'bar', binSpacing: 0.5 },
  encoding: {
    ...time,
    y: { ...turns, ...axis, field: 'low' },
    y2: { field: 'high' },
    color: { type: 'nominal', title: null, legend, ...colour },
  },
});
const legend = { orient: 'top', columns: 4, labelLimit: 220 };
// On a narrow page names beside the bars leave no room for two of a legend.
const legendOf = ({ width }: Size, wide = 4, narrow = 1) => ({
  ...legend,
  columns: width > 400 ? wide : narrow,
});
const named = (field: string, { names }: Size) => ({
  field,
  type: 'nominal',
  sort: { field: 'place', op: 'min' },
  title: null,
  axis: {
    labelLimit: 0,
    // The end of a path tells more than its beginning.
    labelExpr: `length(datum.label) > ${names} ? '…' + slice(datum.label, -${names}) : datum.label`,
  },
});

const ends = {
  answered: '#0072b2',
  rejected: '#d55e00',
  interrupted: '#e69f00',
  error: '#cc79a7',
  rolled_back: '#56b4e9',
  tool: '#b8a500',
  open: '#8a8f98',
};

/** The pictures of the report, in its order. */
export const charts: readonly Chart[] = [
  {
    report: 'report_activity',
    title: 'Activity',
    words: 'Turns that people opened. A gap is a holiday, or logs that were deleted before they were read.',
    spec: () => overTime({ field: 'agent' }),
  },
  {
    report: 'report_hours',
    title: 'Days and hours',
    words: 'When turns begin.',
    spec: () => ({
      height: 150,
      mark: 'rect',
      encoding: {
        x: {
          field: 'hour',
          type: 'ordinal',
          title: null,
          scale: { domain: Array.from({ length: 24 }, (_, hour) => hour) },
          axis: { labelOverlap: true, labelAngle: 0 },
        },
        y: {
          field: 'weekday',
          type: 'ordinal',
          title: null,
          scale: { domain: [1, 2, 3, 4, 5, 6, 7] },
          axis: { labelExpr: days },
        },
        opacity: { ...turns, scale: { range: [0.12, 1] }, legend: null },
      },
    }),
  },
  {
    report: 'report_projects',
    title: 'Projects',
    words: 'Where the work was. Sets that one project fills teach that project.',
    spec: (size) => ({
      mark: 'bar',
      encoding: {
        y: named('project', size),
        x: turns,
        color: { field: 'agent', type: 'nominal', title: null, legend: legendOf(size) },
      },
    }),
  },
  {
    report: 'report_models',
    title: 'Models',
    words: 'Who answered, over time: the teachers of what is trained on these turns.',
    spec: (size) => overTime({ field: 'model', legend: legendOf(size, 3) }),
  },
  {
    report: 'report_ends',
    title: 'How turns ended',
    words:
      'Share of turns by their end. Answered ones become training rows; refused and interrupted ones say what was not wanted.',
    spec: (size) =>
      overTime(
        {
          field: 'end_reason',
          legend: legendOf(size, 4, 2),
          scale: { domain: Object.keys(ends), range: Object.values(ends) },
        },
        { offset: 'normalize', axis: { format: '%' }, title: 'share of turns' },
      ),
  },
  {
    report: 'report_lengths',
    title: 'Length of turns',
    words: 'From the prompt to the end of the answer; each bar is twice as long as the one before.',
    spec: () => ({
      mark: 'bar',
      encoding: {
        x: {
          field: 'seconds',
          type: 'ordinal',
          title: null,
          axis: {
            labelAngle: 0,
            labelOverlap: true,
            labelExpr: `datum.value < 60 ? datum.value + ' s' : datum.value < 3600 ? round(datum.value / 60) + ' min' : round(datum.value / 3600) + ' h'`,
          },
        },
        y: turns,
      },
    }),
  },
  {
    report: 'report_tools',
    title: 'Tools',
    words:
      'The most used tools and how their calls ended. Much orange is a tool that the agent uses wrongly, or that is broken.',
    spec: (size) => ({
      mark: 'bar',
      encoding: {
        y: named('tool', size),
        x: { ...count, field: 'calls', title: 'calls' },
        color: {
          field: 'outcome',
          type: 'nominal',
          title: null,
          legend: legendOf(size),
          scale: {
            domain: ['ok', 'failed', 'refused or interrupted', 'no result'],
            range: ['#0072b2', '#e69f00', '#d55e00', '#8a8f98'],
          },
        },
        order: { field: 'part' },
      },
    }),
  },
  {
    report: 'report_signals',
    title: 'Signals in the logs',
    words: 'What people did that says something about the answer before: for it, against it, or neither.',
    spec: (size) => ({
      mark: 'bar',
      encoding: {
        y: { ...named('kind', size), sort: '-x' },
        x: { ...count, field: 'signals', title: 'signals' },
        color: {
          field: 'polarity',
          type: 'nominal',
          title: null,
          legend: {
            ...legendOf(size),
            labelExpr: `datum.value > 0 ? 'for' : datum.value < 0 ? 'against' : 'neither'`,
          },
          scale: { domain: [1, 0, -1], range: ['#009e73', '#8a8f98', '#d55e00'] },
        },
      },
    }),
  },
  {
    report: 'report_scores',
    title: 'Scores',
    words:
      'What people gave the results of attempts, 1 to 10. A judge who gives one score only teaches nothing.',
    spec: () => ({
      height: 150,
      mark: 'bar',
      encoding: {
        x: { field: 'score', type: 'ordinal', title: null, axis: { labelAngle: 0 } },
        y: { ...count, field: 'evaluations', title: 'evaluations' },
      },
    }),
  },
  {
    report: 'report_router',
    title: 'Router',
    words: 'Tasks that the router chose, and what came of it.',
    spec: (size) => ({
      mark: 'bar',
      encoding: {
        y: { ...named('task', size), sort: '-x' },
        x: { ...count, field: 'decisions', title: 'decisions' },
        color: {
          field: 'outcome',
          type: 'nominal',
          title: null,
          legend: legendOf(size, 5),
          scale: {
            domain: ['success', 'partial', 'failure', 'wasted', 'unknown'],
            range: ['#009e73', '#56b4e9', '#e69f00', '#d55e00', '#8a8f98'],
          },
        },
        order: { field: 'part' },
      },
    }),
  },
  {
    report: 'report_datasets',
    title: 'Training sets',
    words: 'Rows by set and split, as the next export finds them, before its filters.',
    spec: (size) => ({
      mark: 'bar',
      encoding: {
        y: { ...named('dataset', size), sort: '-x' },
        x: { ...count, field: 'examples', title: 'rows' },
        color: {
          field: 'split',
          type: 'nominal',
          title: null,
          legend: legendOf(size),
          scale: { domain: ['train', 'validation', 'test'] },
        },
        order: { field: 'part' },
      },
    }),
  },
];
