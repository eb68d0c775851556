import type { View } from 'vega';
import type { TopLevelSpec } from 'vega-lite';

/** Colours of words and of lines behind the marks; CSS variables where the page has them. */
export type PlotColours = { readonly text: string; readonly grid: string };

// Greys that can be read on white and on black.
const onAnyPage: PlotColours = { text: '#737a85', grid: '#9aa0a93d' };

/** Draws a vega-lite 5 specification as an SVG text; data stand in it as `data: { values }`, the background is the page's. */
export async function plotSvg(spec: PlotSpec, colours = onAnyPage): Promise<string> {
  const [{ Error: errors, logger, parse, View }, { compile }] = await Promise.all([
    import('vega'),
    import('vega-lite'),
  ]);
  const full = {
    ...defaults,
    ...spec,
    config: { ...theme(colours), ...(spec.config as object | undefined) },
  };
  const view: View = new View(
    parse(compile(full as unknown as TopLevelSpec, { logger: logger(errors) }).spec),
    {
      renderer: 'none',
      logLevel: errors,
    },
  );
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A vega-lite specification; what is left out has a default: width, schema, background and fonts. */
export type PlotSpec = Readonly<Record<string, unknown>>;

const defaults = { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', width: 560, background: null };

const theme = ({ text, grid }: PlotColours) => ({
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  mark: { color: '#0072b2' },
  title: { color: text, anchor: 'start', fontSize: 14, fontWeight: 600, subtitleColor: text },
  axis: {
    labelColor: text,
    titleColor: text,
    gridColor: grid,
    domainColor: grid,
    tickColor: grid,
    titleFontWeight: 400,
    labelFontSize: 11,
  },
  legend: { labelColor: text, titleColor: text, titleFontWeight: 400 },
  header: { labelColor: text, titleColor: text },
  // Okabe and Ito's colours, which people with any colour vision tell apart.
  range: {
    category: ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8a8f98', '#b8a500'],
  },
});
