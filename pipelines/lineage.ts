import { UserError } from './errors.js';
import { describeColumnSources, describeTrace, traceBack } from './lib/columnText.js';
import type { Command, Outcome } from './lib/command.js';
import {
  describeGraph,
  describeTable,
  type GraphNode,
  graphOf,
  mermaidOfLayers,
  mermaidOfTable,
  reachOf,
  readersOf,
} from './lib/modelGraph.js';
import { readTables, type Tables } from './lib/tables.js';
import type { Words } from './lib/terminal.js';
import { wrapWords } from './lib/tree.js';

/** `tracemill lineage`. */
export const command: Command = {
  describe: 'What each table and column comes from, and what reads it',
  example: 'tracemill lineage core.turns.final_answer',
  positionals: {
    name: {
      type: 'string',
      describe: 'A table as core.turns, or a column as core.turns.model; all tables without',
    },
  },
  options: {
    format: { choices: ['text', 'mermaid'], default: 'text', describe: 'Text, or a flowchart for Markdown' },
  },
  run: async ({ name, format }, { config, width: columns }) => {
    const { project, tables } = await readTables(config);
    const graph = graphOf(project);
    const isPicture = format === 'mermaid';
    const width = columns ?? 80;
    if (name === undefined) {
      return {
        summary: asTheyAre(isPicture ? mermaidOfLayers(graph) : describeGraph(graph, width)),
        json: graph,
      };
    }
    const node = graph.find((one) => one.name === name);
    if (node === undefined) return columnOutcome(tables, String(name), isPicture, width);
    if (isPicture) return { summary: asTheyAre(mermaidOfTable(graph, node.name)), json: node };
    const grain = project.nodes.find((one) => one.name === name)?.grain ?? 'One row per line of a log.';
    return tableOutcome(graph, node, grain, tables, width);
  },
};

function tableOutcome(
  graph: readonly GraphNode[],
  node: GraphNode,
  grain: string,
  tables: Tables,
  width: number,
): Outcome {
  const columns = tables.get(node.name) ?? [];
  const json = {
    ...node,
    grain,
    readers: readersOf(graph, node.name),
    before: reachOf(graph, node.name),
    after: reachOf(graph, node.name, true),
    columns,
  };
  const traced = node.inputs.length > 0 && columns.length > 0;
  const listed = traced ? ['', 'columns', ...describeColumnSources(columns, width)] : [];
  return {
    summary: asTheyAre([
      ...wrapWords(`${node.name}: ${grain}`, 0, width),
      ...describeTable(graph, node.name, width),
      ...listed,
    ]),
    json,
  };
}

function columnOutcome(tables: Tables, name: string, isPicture: boolean, width: number): Outcome {
  const trace = traceBack(tables, name);
  if (trace.length === 0) {
    throw new UserError(`${name}: no such table or column; \`tracemill lineage\` lists the tables`, {
      exitCode: 2,
    });
  }
  if (!isPicture) return { summary: asTheyAre(describeTrace(tables, name, width)), json: trace };
  throw new UserError(`--format mermaid: draws tables, not columns; leave it out`, { exitCode: 2 });
}

/** Trees and pictures are broken here, if at all: a line broken elsewhere would lose its branches. */
function asTheyAre(lines: readonly string[]): Words[] {
  return lines.map((text) => ({ text, verbatim: true }));
}
