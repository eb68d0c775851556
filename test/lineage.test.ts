import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '../pipelines/config.js';
import { describeTrace, traceBack } from '../pipelines/lib/columnText.js';
import { describeGraph, describeTable, type GraphNode, mermaidOfTable } from '../pipelines/lib/modelGraph.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { readTables, tableOf } from '../pipelines/lib/tables.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { identifier, openWarehouse } from '../pipelines/lib/warehouse.js';
import { command } from '../pipelines/lineage.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';

const empty = await mkdtemp(join(tmpdir(), 'lineage-'));
after(() => rm(empty, { recursive: true }));
const config = readConfig({ TRACEMILL_DATA: empty });
const { project, tables } = await readTables(config);

async function lineage(name?: string, format = 'text') {
  const context = { config, log: () => {}, progress: silentProgress, now: () => new Date(0) };
  return command.run({ name, format }, context);
}

test('the picture in the README is what the command prints', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const block = /```mermaid\n([\s\S]*?)\n```/.exec(readme)?.[1];
  const { summary } = await lineage(undefined, 'mermaid');
  // On a narrow terminal too: it is there to be copied.
  assert.equal(block, layOut(summary, { width: 12, color: false }).join('\n'));
});

test('every column of the models is traced to columns that its inputs have; none is unknown', () => {
  const columns = new Set([...tables].flatMap(([table, all]) => all.map(({ name }) => `${table}.${name}`)));
  const unknown: string[] = [];
  for (const { name: table, inputs } of project.nodes) {
    for (const { name, sources, conditions, isUnknown } of tables.get(table) ?? []) {
      for (const source of [...sources, ...conditions]) {
        assert.ok(columns.has(source) && inputs.includes(tableOf(source)), `${table}.${name}: ${source}`);
      }
      if (isUnknown) unknown.push(`${table}.${name}`);
    }
  }
  assert.ok(columns.size > 1200);
  assert.deepEqual(unknown, []);
});

test('a column that is passed on holds no value that its sources do not hold', async () => {
  const warehouse = await openWarehouse({ config: sampleConfig(await sampleLake()) });
  let looked = 0;
  for (const { name: table } of project.nodes) {
    const passed = (tables.get(table) ?? []).filter(
      ({ isPassedOn, sources }) => isPassedOn && sources.every((source) => !source.startsWith('raw.')),
    );
    const counts = passed.map(({ name, sources }) => {
      const held = sources.map((source) => {
        const from = tableOf(source);
        const column = identifier(source.slice(from.length + 1));
        return `select to_json(${column})::varchar from ${from}`;
      });
      return `(select count(*) from (select to_json(${identifier(name)})::varchar as held from ${table}) as made
        where held is not null and held not in (select * from (${held.join(' union all ')}) as t(v) where v is not null))`;
    });
    if (counts.length === 0) continue;
    const reader = await warehouse.connection.runAndReadAll(`select ${counts.join(', ')}`);
    const others = reader.getRows()[0]?.map(Number) ?? [];
    assert.deepEqual(
      passed.map(({ name }) => name).filter((_, index) => others[index] !== 0),
      [],
      table,
    );
    looked += counts.length;
  }
  warehouse.close();
  assert.ok(looked > 300, `${looked} columns`);
});

test('a column is followed back to raw, each step once', async () => {
  const trace = traceBack(tables, 'core.turns.final_answer');
  assert.deepEqual(trace[0], {
    column: 'core.turns.final_answer',
    sources: ['core.steps.text'],
    conditions: ['core.steps.is_final', 'core.steps.position'],
    isPassedOn: false,
    isUnknown: false,
  });
  const steps = trace.map(({ column }) => column);
  assert.equal(new Set(steps).size, steps.length);
  for (const raw of ['raw.claude.line', 'raw.codex.line']) assert.ok(steps.includes(raw));
  for (const { column, sources, conditions } of trace) {
    assert.ok(column.startsWith('raw.') || sources.length + conditions.length > 0, column);
  }
  const lines = describeTrace(tables, 'core.turns.final_answer', 80);
  const labels = lines.map((line) => line.replace(/^.*─ \w+ /, ''));
  const isAbove = (label: string) => label.endsWith('  (see above)');
  assert.ok(labels.some(isAbove));
  for (const [index, label] of labels.entries()) {
    if (isAbove(label)) assert.ok(labels.indexOf(label.replace('  (see above)', '')) < index, label);
  }
  assert.deepEqual(lines.slice(0, 3), [
    'core.turns.final_answer  (by core.steps.{is_final, position})',
    '└─ from core.steps.text',
    '   ├─ is core.claude_steps.text  (by 16 columns of staging.claude_records)',
  ]);
});

const graph: GraphNode[] = [
  { name: 'raw.claude', layer: 'raw', inputs: [], isCheck: false },
  { name: 'core.a', layer: 'core', inputs: ['raw.claude'], isCheck: false },
  { name: 'core.b', layer: 'core', inputs: ['core.a'], isCheck: false },
  { name: 'core.c', layer: 'core', inputs: ['core.a', 'core.b'], isCheck: false },
  { name: 'checks.all_is_well', layer: 'checks', inputs: ['core.a'], isCheck: true },
];

test('a table shows what it reads and what reads it, each once where it is nearest, and the claims about it', () => {
  assert.deepEqual(describeTable(graph, 'core.a', 80), [
    '',
    'reads, each table once, where it is nearest',
    '└─ raw.claude',
    '',
    'is read by, each table once, where it is nearest',
    '├─ core.b',
    '└─ core.c',
    '',
    'is checked by',
    '└─ checks.all_is_well',
  ]);
  assert.deepEqual(describeTable(graph, 'checks.all_is_well', 80).slice(2), [
    '└─ core.a',
    '   └─ raw.claude',
  ]);
  assert.deepEqual(describeTable(graph, 'core.c', 80).slice(2), [
    '├─ core.a',
    '│  └─ raw.claude',
    '└─ core.b',
  ]);
});

test('all models stand by layer, in lines that fit a terminal', async () => {
  assert.deepEqual(describeGraph(graph, 80), [
    'raw',
    '  raw.claude',
    '',
    'core',
    '  core.a      raw.claude',
    '  core.b      core.a',
    '  core.c      core.a core.b',
    '',
    'checks',
    '  checks.all_is_well',
    '              core.a',
  ]);
  for (const name of [undefined, 'core.sessions']) {
    const { summary } = await lineage(name);
    assert.ok(summary.length > 50);
    assert.deepEqual(
      layOut(summary).filter((line) => line.length > 80),
      [],
    );
  }
});

test('what is not there is named, with exit code 2', async () => {
  await assert.rejects(lineage('core.turnz'), {
    message: 'core.turnz: no such table or column; `tracemill lineage` lists the tables',
    exitCode: 2,
  });
  await assert.rejects(lineage('core.turns.model', 'mermaid'), { exitCode: 2 });
  assert.deepEqual(describeTrace(tables, 'core.turns.step_count', 80), ['core.turns.step_count']);
});

test('a picture of one table has what it reads and what reads it', () => {
  assert.deepEqual(mermaidOfTable(graph, 'core.b'), [
    'flowchart LR',
    '    core_a["core.a"]',
    '    core_b["core.b"]',
    '    core_c["core.c"]',
    '    core_a --> core_b',
    '    core_b --> core_c',
    '    style core_b stroke-width:3px',
  ]);
});
