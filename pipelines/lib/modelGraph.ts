import type { Project } from './graph.js';
import { lakeTables } from './loadPlan.js';
import { type Branch, drawTree, wrapWords } from './tree.js';
import { rawSources } from './warehouse.js';

/** A table, or a claim of sql/checks, and what it reads. */
export type GraphNode = {
  readonly name: string;
  readonly layer: string;
  readonly inputs: readonly string[];
  readonly isCheck: boolean;
};

/** Raw, then the models, in building order. */
export function graphOf({ nodes }: Project): GraphNode[] {
  const raw = rawSources.map((source) => ({ name: `raw.${source}`, inputs: [], isCheck: false }));
  return [...raw, ...nodes].map(({ name, inputs, isCheck }) => {
    return { name, layer: layerOf(name), inputs, isCheck };
  });
}

/** `core` of `core.turns`. */
export function layerOf(table: string): string {
  return table.split('.')[0] ?? '';
}

/** Layers by their first table in building order; claims come last. */
export function layersOf(graph: readonly GraphNode[]): string[] {
  const layers = [...new Set(graph.map(({ layer }) => layer))];
  return layers.sort((a, b) => Number(a === 'checks') - Number(b === 'checks'));
}

/** What reads a table, claims too. */
export function readersOf(graph: readonly GraphNode[], table: string): string[] {
  return graph.filter(({ inputs }) => inputs.includes(table)).map(({ name }) => name);
}

/** All models by layer, each with its inputs. */
export function describeGraph(graph: readonly GraphNode[], width: number): string[] {
  const short = graph.filter(({ isCheck }) => !isCheck).map(({ name }) => name.length);
  const room = Math.max(...short) + 2;
  return layersOf(graph).flatMap((layer, index) => {
    const nodes = graph.filter((node) => node.layer === layer);
    const lines = nodes.flatMap(({ name, inputs }) => {
      // A claim's name is a sentence.
      if (name.length > room - 2) {
        return [...wrapWords(`  ${name}`, 4, width), ...indented(inputs, room + 2, width)];
      }
      return wrapWords(`  ${name.padEnd(room)}${inputs.join(' ')}`.trimEnd(), room + 2, width);
    });
    return [...(index > 0 ? [''] : []), layer, ...lines];
  });
}

function indented(words: readonly string[], indent: number, width: number): string[] {
  return wrapWords(`${' '.repeat(indent)}${words.join(' ')}`, indent, width);
}

/** What a table reads, all the way back, and what reads it, all the way forward; and the claims about it. */
export function describeTable(graph: readonly GraphNode[], table: string, width: number): string[] {
  const tables = graph.filter(({ isCheck }) => !isCheck);
  const claims = graph.filter((node) => node.isCheck && node.inputs.includes(table)).map(({ name }) => name);
  const checked = claims.length > 0 ? ['', ...drawTree('is checked by', leaves(claims), width)] : [];
  const section = (title: string, next: (name: string) => readonly string[]) => {
    const nearest = nearestTree(table, next);
    return nearest.length > 0
      ? ['', ...drawTree(`${title}, each table once, where it is nearest`, nearest, width)]
      : [];
  };
  return [
    ...section('reads', (name) => graph.find((node) => node.name === name)?.inputs ?? []),
    ...section('is read by', (name) => readersOf(tables, name)),
    ...checked,
  ];
}

/** What can be reached from a table, each once, below the one that the shortest way to it leads through. */
function nearestTree(table: string, next: (name: string) => readonly string[]): Branch[] {
  const found = new Set([table]);
  const below = new Map<string, string[]>();
  // Grows while it is gone through: breadth first.
  for (const name of found) {
    const others = next(name).filter((other) => !found.has(other));
    for (const other of others) found.add(other);
    below.set(name, others);
  }
  const branches = (name: string): Branch[] =>
    (below.get(name) ?? []).map((other) => ({ label: other, children: branches(other) }));
  return branches(table);
}

function leaves(names: readonly string[]): Branch[] {
  return names.map((label) => ({ label, children: [] }));
}

/** All tables that lead to a table, or with `forward` all that it leads to; without itself. */
export function reachOf(graph: readonly GraphNode[], table: string, forward = false): string[] {
  const found = new Set<string>();
  const walk = (name: string) => {
    const inputs = graph.find((node) => node.name === name)?.inputs ?? [];
    for (const next of forward ? readersOf(graph, name) : inputs) {
      if (found.has(next)) continue;
      found.add(next);
      walk(next);
    }
  };
  walk(table);
  return graph.map(({ name }) => name).filter((name) => found.has(name));
}

// Of a layer with more tables than this a picture names those that the warehouse gets.
const tablesInBox = 10;

/** The layers as a Mermaid flowchart, each with its main tables; claims read everything and are left out. */
export function mermaidOfLayers(graph: readonly GraphNode[]): string[] {
  const tables = graph.filter(({ isCheck }) => !isCheck);
  const layers = layersOf(tables);
  const main = Object.values(lakeTables);
  const boxes = layers.map((layer) => {
    const all = tables.filter((node) => node.layer === layer).map(({ name }) => name);
    const shown = all.length > tablesInBox ? all.filter((name) => main.includes(name)) : all;
    const names = shown.map((name) => name.slice(layer.length + 1));
    const lines = [`<b>${layer}</b>`, ...names, ...(shown.length < all.length ? ['…'] : [])];
    return `    ${layer}["${lines.join('<br>')}"]`;
  });
  const arrows = layers.flatMap((layer) => {
    const read = tables.filter((node) => node.layer === layer).flatMap(({ inputs }) => inputs.map(layerOf));
    const others = layers.filter((other) => other !== layer && read.includes(other));
    return others.map((other) => `    ${other} --> ${layer}`);
  });
  return ['flowchart LR', ...boxes, ...arrows];
}

/** A table with what it reads and what reads it, as a Mermaid flowchart; claims are left out. */
export function mermaidOfTable(graph: readonly GraphNode[], table: string): string[] {
  const tables = graph.filter(({ isCheck }) => !isCheck);
  const inputs = graph.find(({ name }) => name === table)?.inputs ?? [];
  const readers = readersOf(tables, table);
  return [
    'flowchart LR',
    ...[...inputs, table, ...readers].map((name) => `    ${idOf(name)}["${name}"]`),
    ...inputs.map((input) => `    ${idOf(input)} --> ${idOf(table)}`),
    ...readers.map((reader) => `    ${idOf(table)} --> ${idOf(reader)}`),
    `    style ${idOf(table)} stroke-width:3px`,
  ];
}

function idOf(table: string): string {
  return table.replace('.', '_');
}
