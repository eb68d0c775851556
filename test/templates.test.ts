import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Template } from '@huggingface/jinja';
import type { Message } from '../pipelines/lib/rowRules.js';
import { rowsOf, run } from './support/exported.js';
import type { TestLake } from './support/lake.js';
import { assistant, sampleSets, user } from './support/sampleSets.js';
import { lakeOfSets, type Row } from './support/trainingSets.js';

const folder = new URL('../../test/fixtures/templates/', import.meta.url);

let lake: TestLake;
let rows: Row[] = [];
const templates = new Map<string, Template>();

before(async () => {
  for (const file of (await readdir(folder)).sort())
    templates.set(file.replace('.jinja', ''), new Template(await readFile(new URL(file, folder), 'utf8')));
  lake = await lakeOfSets(sampleSets());
  const exported = await run(lake, { datasets: ['sft', 'chain_of_thought'] });
  rows = [...(await rowsOf(exported, 'sft')), ...(await rowsOf(exported, 'chain_of_thought'))];
});
after(() => lake.remove());

/** A row as a trainer renders it: messages as they are, tools decoded from their text. */
function render(template: Template, { messages, tools }: Row): string {
  return template.render({
    messages,
    tools: typeof tools === 'string' ? JSON.parse(tools) : null,
    bos_token: '<s>',
    eos_token: '</s>',
    add_generation_prompt: false,
  });
}

/** Each text of a JSON value: keys, strings, numbers. */
function leaves(value: unknown): string[] {
  if (value === null || typeof value === 'boolean') return [];
  if (typeof value !== 'object') return [JSON.stringify(value)];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(Array.isArray(value) ? [] : [JSON.stringify(key)]),
    ...leaves(inner),
  ]);
}

/** Whether a text stands in the output, as it is or as a JSON string: templates do either. */
function holds(output: string, text: string): boolean {
  return output.includes(text) || output.includes(JSON.stringify(text).slice(1, -1));
}

test('four shapes of chat template are there', () => {
  assert.deepEqual([...templates.keys()], ['chatml', 'hermes', 'llama', 'mistral']);
});

test('every template renders every row: contents, tool names, argument names and values, tools', () => {
  assert.ok(rows.length >= 10);
  for (const [name, template] of templates) {
    for (const row of rows) {
      const output = render(template, row);
      const told = (text: string, what: string) =>
        assert.ok(holds(output, text), `${name} lost ${what} ${JSON.stringify(text)}`);
      for (const message of row.messages as Message[]) {
        told(message.content.trim(), 'content');
        for (const call of message.tool_calls ?? []) {
          told(call.function.name, 'tool');
          for (const leaf of leaves(call.function.arguments)) told(leaf, 'argument');
        }
      }
      if (typeof row.tools !== 'string') continue;
      for (const tool of JSON.parse(row.tools)) {
        told(tool.function.name, 'a tool of the row');
        for (const property of Object.keys(tool.function.parameters.properties)) told(property, 'parameter');
      }
    }
  }
});

test('reasoning is rendered by the template that has a place for it', () => {
  const chatml = templates.get('chatml') as Template;
  const reasoned = rows.filter((row) =>
    (row.messages as Message[]).some((message) => message.reasoning_content),
  );
  assert.ok(reasoned.length > 0);
  for (const row of reasoned)
    assert.match(render(chatml, row), /<think>\nI read topic-\d first\.\n<\/think>/);
});

test('null-valued keys, which structs would bring, break a template: the reason why messages are JSON', () => {
  const messages = [user('x'), assistant('y')];
  const withNulls = messages.map((message) => ({ ...message, tool_calls: null }));
  const llama = templates.get('llama') as Template;
  assert.match(render(llama, { messages }), /assistant<\|end_header_id\|>\n\ny<\|eot_id\|>$/);
  assert.throws(() => render(llama, { messages: withNulls }));
});
