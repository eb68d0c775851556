import type { View } from 'vega';
import type { TopLevelSpec } from 'vega-lite';

/** Colours of words and of lines behind the marks; CSS variables where the page has them. */
export type PlotColours = { readonly text: string; readonly grid: string };

/** A vega-lite specification; what is left out has a default: width, schema, background, colours and fonts. */
export type PlotSpec = Readonly<Record<string, unknown>>;

// Greys that can be read on white and on black.
const onAnyPage: PlotColours = { text: '#737a85', grid: '#9aa0a93d' };

/**
 * Draws a vega-lite 5 specification as an SVG text; data stand in it as `data: { values }`, the background is the page's,
 * times are UTC on every machine.
 */
export async function plotSvg(spec: PlotSpec, colours = onAnyPage): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const { Error: errors, logger, mergeConfig, parse, View } = vega;
  // Its types leave this out.
  (vega as unknown as { textMetrics: TextMetrics }).textMetrics.width = textWidth;
  const full = {
    ...defaults,
    ...inUtc(spec),
    config: mergeConfig(theme(colours), (spec.config ?? {}) as object),
  };
  const view: View = new View(
    parse(compile(full as unknown as TopLevelSpec, { logger: logger(errors) }).spec),
    {
      renderer: 'none',
      logLevel: errors,
    },
  );
  try {
    return withShortNumbers(await view.toSVG()).replaceAll(notXml, '\ufffd');
  } finally {
    view.finalize();
  }
}

// Characters that XML has no place for: one in a name, and Jupyter shows no picture at all.
const notXml = /[^\P{Cc}\t\n\r\x7f-\x9f]|[\ufffe\uffff]|\p{Cs}/gu;

type TextMetrics = { width: (item: { fontSize?: number }, text: unknown) => number };

/** Without a canvas vega takes every letter for a wide one: room for labels is lost, and long ones are cut too early. */
const textWidth: TextMetrics['width'] = (item, text) => {
  const size = item.fontSize ?? 11;
  let width = 0;
  for (const letter of String(text ?? '')) {
    if (/[iljtfrI.,:;'|!()[\]\\/ ]/.test(letter)) width += 0.36;
    else if (/[mwMW@%…]/.test(letter)) width += 0.92;
    // Beyond Latin, Greek and Cyrillic most are as wide as high.
    else width += /[A-Z]/.test(letter) ? 0.7 : letter > '\u0530' ? 1 : 0.6;
  }
  return width * size;
};

const defaults = { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', width: 560, background: null };

/** The specification with each temporal channel in UTC: vega's default is the zone of the machine. */
function inUtc(spec: PlotSpec): PlotSpec {
  const changed = Object.fromEntries(
    Object.entries(spec).map(([name, value]) => [name, name === 'data' ? value : inUtcWithin(value)]),
  );
  const { type, timeUnit, scale } = changed;
  if (type !== 'temporal') return changed;
  if (typeof timeUnit === 'string') return { ...changed, timeUnit: timeUnit.replace(/^(utc)?/, 'utc') };
  return { ...changed, scale: { type: 'utc', ...(scale as object | undefined) } };
}

function inUtcWithin(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inUtcWithin);
  const isPlain = typeof value === 'object' && value !== null && !(value instanceof Date);
  return isPlain ? inUtc(value as PlotSpec) : value;
}

/** Places to a hundredth of a pixel: half the size, and the same text whatever a processor makes of the last digit. */
function withShortNumbers(svg: string): string {
  return svg.replace(/ (?:d|transform|x|y|[xy][12]|width|height)="[^"]*"/g, (attribute) =>
    attribute.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) =>
      String(Math.round(Number(number) * 100) / 100),
    ),
  );
}

const theme = ({ text, grid }: PlotColours) => ({
  font: 'system-ui, sans-serif',
  // A picture is one thing to a screen reader; a name for each mark would double its size.
  aria: false,
  view: { stroke: null },
  title: { color: text, anchor: 'start', fontSize: 14, fontWeight: 600, subtitleColor: text, offset: 12 },
  axis: {
    labelColor: text,
    titleColor: text,
    gridColor: grid,
    domainColor: grid,
    tickColor: grid,
    titleFontWeight: 400,
    labelFontSize: 11,
    labelLimit: 240,
  },
  axisTemporal: { grid: false },
  legend: {
    labelColor: text,
    titleColor: text,
    titleFontWeight: 400,
    labelFontSize: 11,
    labelLimit: 240,
    symbolBaseFillColor: text,
    symbolBaseStrokeColor: text,
  },
  header: { labelColor: text, titleColor: text },
  text: { color: text },
  rule: { color: text },
  // The first of Okabe and Ito's colours, also where there is only one.
  mark: { color: '#0072b2' },
  range: {
    // Okabe and Ito's colours, which people with any colour vision tell apart.
    category: ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8a8f98', '#b8a500'],
    // Its first step is seen on white and on black.
    heatmap: ['#56b4e92e', '#0072b2'],
    ramp: ['#56b4e92e', '#0072b2'],
  },
});
