import { code, markdown, markdownTable } from './markdown.js';
import { type GraphNode, layersOf, mermaidOfLayers } from './modelGraph.js';
import { link, sizeWords, sqlFile, type TableSize } from './tablePage.js';

/** What each layer holds; a layer that is not named here has its tables alone. */
const layerWords: Readonly<Record<string, string>> = {
  raw: 'Every line of every log as it was found: the archive, not redacted.',
  staging: 'One table a source, no joins: lines parsed, their fields named and typed, their texts redacted.',
  core: 'What happened: steps, turns, sessions, tool calls, signals, questions with their answers.',
  events:
    'The event-sourced store: every event, recorded or told by the logs, and the state folded from them.',
  datasets: 'What trainers read: the public contract.',
  duplicates: 'Which texts are nearly the same.',
  checks: 'Claims: each returns the rows that break it, and a build publishes nothing that does.',
};

/** The page that all others are found from. */
export function docsIndex(
  graph: readonly GraphNode[],
  grains: ReadonlyMap<string, string>,
  sizes: ReadonlyMap<string, TableSize>,
): string {
  const row = (name: string): string[] => {
    const { rows, bytes, days } = sizeWords(sizes.get(name) ?? null);
    return [link(name), rows, bytes, days, markdown(grains.get(name) ?? '')];
  };
  const claim = ({ name }: GraphNode) => `- ${markdown(grains.get(name) ?? '')} (${code(sqlFile(name))})`;
  const layers = layersOf(graph).flatMap((layer) => {
    const nodes = graph.filter((node) => node.layer === layer);
    const list = nodes.every(({ isCheck }) => isCheck)
      ? nodes.map(claim)
      : markdownTable(
          ['table', 'rows', 'bytes', 'days', 'what a row is'],
          nodes.map(({ name }) => row(name)),
        );
    const words = layerWords[layer];
    return [`## ${layer}`, '', ...(words ? [words, ''] : []), ...list, ''];
  });
  return [
    '# The tables of the lake',
    '',
    'Written by `just docs` from the headers of the models in `sql/`, with what this lake holds of each table. What a column',
    'comes from says `just lineage core.turns.final_answer`.',
    '',
    '```mermaid',
    ...mermaidOfLayers(graph),
    '```',
    '',
    ...layers,
  ].join('\n');
}
