import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { profiles } from '../pipelines/formats/all.js';
import type { ExportResult } from '../pipelines/lib/exportSummary.js';
import type { Message } from '../pipelines/lib/rowRules.js';
import { readParquet, rowsOf, run } from './support/exported.js';
import type { TestLake } from './support/lake.js';
import { assistant, awkward, call, sampleSets, tool, user } from './support/sampleSets.js';
import { lakeOfSets, type Row, rowOf } from './support/trainingSets.js';

let lake: TestLake;
const exports = new Map<string, ExportResult>();
const exportIn = (profile: string) => exports.get(profile) as ExportResult;

before(async () => {
  lake = await lakeOfSets(sampleSets());
  for (const { name } of profiles) exports.set(name, await run(lake, { profile: name }));
});
after(() => lake.remove());

/** The canonical rows of a dataset by id. */
async function canonical(dataset: string): Promise<Map<unknown, Row>> {
  const rows = await rowsOf(exportIn('trl'), dataset);
  return new Map(rows.map((row) => [row.id, row]));
}

type Turn = { readonly role: string; readonly content: string };
type Call = { readonly name: string; readonly arguments: unknown };

/** The calls in a text as a Hermes parser finds them. */
function hermesCalls(text: string): Call[] {
  return [...text.matchAll(/<tool_call>\n(\{.*?\})\n<\/tool_call>/g)].map(([, json]) =>
    JSON.parse(json ?? ''),
  );
}

function calls(message: Message): Call[] {
  return (message.tool_calls ?? []).map((made) => ({
    name: made.function.name,
    arguments: made.function.arguments,
  }));
}

/** That turns say what the canonical messages say, in their order. */
function assertSaid(turns: readonly Turn[], messages: readonly Message[]): void {
  const said = turns.map(({ content }) => content).join('\n');
  let place = 0;
  for (const { content, reasoning_content: reasoning = '' } of messages) {
    for (const text of [reasoning, content]) {
      const found = said.indexOf(text, place);
      assert.ok(found >= place, `${JSON.stringify(text)} is not said, or too late`);
      place = found + text.length;
    }
  }
  const spoken = turns
    .filter(({ role }) => role === 'assistant')
    .flatMap(({ content }) => hermesCalls(content));
  assert.deepEqual(spoken, messages.flatMap(calls));
}

test('text says every content, reasoning, call and result of the canonical row, and names its tools', async () => {
  const rows = await canonical('sft');
  const texts = await rowsOf(exportIn('text'), 'sft');
  assert.equal(texts.length, rows.size - 1, 'all but the row with context');
  for (const text of texts) {
    const { messages, tools } = rows.get(text.id) ?? {};
    const turns = text.messages as Turn[];
    const listed = /<tools>\n([\s\S]*)\n<\/tools>/.exec(turns[0]?.content ?? '')?.[1];
    const own = tools === null ? [] : (listed ?? '').split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(own, JSON.parse(String(tools ?? '[]')));
    const told = turns.map((turn, index) =>
      index === 0
        ? { ...turn, content: turn.content.replace(/\n\nYou can call functions[\s\S]*$/, '') }
        : turn,
    );
    assertSaid(told, messages as Message[]);
  }
});

test('text joins what the user and the tools say one after the other; the assistant stands alone', async () => {
  const texts = await rowsOf(exportIn('text'), 'sft');
  const turns = texts.find(({ num_tool_calls: count }) => count === 2)?.messages as Turn[];
  const topic = /about (\S+)\./.exec(turns[0]?.content ?? '')?.[1];
  assert.deepEqual(
    turns.map(({ role }) => role),
    ['system', 'user', 'assistant', 'user', 'assistant'],
  );
  assert.equal(
    turns[3]?.content,
    `<tool_response>\ncontent of b of ${topic}\n</tool_response>\n<tool_response>\n\n</tool_response>\n\nAnd shorter, for ${topic}.`,
  );
  assert.ok(
    turns[2]?.content.startsWith(`<think>\nI read ${topic} first.\n</think>\n\n<tool_call>\n{"name": `),
  );
});

test('wire keeps every message, arguments as JSON text', async () => {
  const rows = await canonical('sft');
  for (const row of await rowsOf(exportIn('wire'), 'sft')) {
    const messages = (row.messages as Row[]).map((message) => {
      const kept = Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null));
      const made = (message.tool_calls as Row[] | null)?.map((each) => {
        const { name, arguments: text } = each.function as Row;
        return { ...each, function: { name, arguments: JSON.parse(String(text)) } };
      });
      return made === undefined ? kept : { ...kept, tool_calls: made };
    });
    assert.deepEqual(messages, rows.get(row.id)?.messages);
    assert.deepEqual(JSON.parse(String(row.metadata)), rows.get(row.id)?.metadata);
  }
});

test('openai keeps every message but reasoning; context weighs nothing', async () => {
  const rows = [...(await canonical('sft')).values()];
  const lines = await rowsOf(exportIn('openai'), 'sft');
  const expected = rows.map(({ messages, tools }) => ({
    messages: (messages as Message[]).map((message) => {
      const { role, content, tool_calls: made, tool_call_id: id, train } = message;
      return {
        role,
        content,
        ...(made && {
          tool_calls: made.map((each) => ({
            ...each,
            function: { ...each.function, arguments: JSON.stringify(each.function.arguments) },
          })),
        }),
        ...(id !== undefined && { tool_call_id: id }),
        ...(role === 'assistant' && { weight: train === false ? 0 : 1 }),
      };
    }),
    ...(tools !== null && { tools: JSON.parse(String(tools)) }),
  }));
  const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();
  assert.deepEqual(sorted(lines), sorted(expected));
  const weights = lines.flatMap(({ messages }) => (messages as Row[]).map(({ weight }) => weight));
  assert.equal(weights.filter((weight) => weight === 0).length, 1);
});

test('sharegpt says in turn what text says', async () => {
  const names: Record<string, string> = { user: 'human', assistant: 'gpt', system: 'system' };
  const texts = new Map(
    (await rowsOf(exportIn('text'), 'sft')).map((row) => [row.id, row.messages as Turn[]]),
  );
  const lines = await rowsOf(exportIn('sharegpt'), 'sft');
  assert.equal(lines.length, texts.size);
  for (const { id, conversations } of lines) {
    const expected = texts.get(id)?.map(({ role, content }) => ({ from: names[role], value: content }));
    assert.deepEqual(conversations, expected);
  }
});

test('numbers, nulls and key order of arguments survive every encoding', async () => {
  const json = '{"z":12345678901234567890123,"a":1e400,"none":null,"deep":[{"k":0.1}]}';
  const messages = [
    user('go'),
    `{"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":${json}}}]}`,
    tool('c', 'f', 'ok'),
    assistant('done'),
  ].map((message) => (typeof message === 'string' ? message : JSON.stringify(message)));
  const row = rowOf('sft', {
    messages: [],
    tools: null,
    num_assistant_turns: 2,
    num_tool_calls: 1,
    weight: 1,
  });
  const other = await lakeOfSets({ sft: [row] });
  const model = await readFile(join(other.config.sql, 'datasets/sft.sql'), 'utf8');
  const list = `[${messages.map((message) => `'${message}'::json`).join(', ')}]`;
  await other.sql({ 'datasets/sft': model.replace('literal.messages::JSON[]', list) });
  await other.build();
  const bytes = async (profile: string) => {
    const { folder, datasets } = await run(other, { profile, jsonl: true });
    const files = Object.values(datasets.sft?.splits ?? {}).flatMap((split) => split.files);
    return readFile(join(folder ?? '', files.at(-1) ?? ''), 'utf8');
  };
  const quoted = JSON.stringify(json).slice(1, -1);
  assert.ok((await bytes('trl')).includes(json));
  for (const profile of ['openai', 'wire', 'text', 'sharegpt'])
    assert.ok((await bytes(profile)).includes(quoted), profile);
  await other.remove();
});

test('every Parquet file tells Arrow its schema; wire and text hold no JSON type', async () => {
  for (const { name, extension } of profiles.filter((profile) => profile.extension === 'parquet')) {
    const exported = exportIn(name);
    const files = Object.values(exported.datasets).flatMap(({ splits }) =>
      Object.values(splits).flatMap((split) => split.files),
    );
    assert.ok(files.length > 0 && files.every((file) => file.endsWith(extension)));
    for (const file of files) {
      const { metadata } = await readParquet(join(exported.folder ?? '', file));
      const keys = (metadata.key_value_metadata ?? []).map(({ key }) => key);
      assert.ok(keys.includes('ARROW:schema'), `${name} ${file}`);
      const isJson = metadata.schema.some(({ converted_type: type }) => type === 'JSON');
      assert.equal(isJson, ['trl', 'axolotl'].includes(name), `${name} ${file}`);
    }
  }
});

test('no column has a name that trainers keep for themselves, but the labels of stepwise', async () => {
  const reserved =
    'labels input_ids attention_mask assistant_masks completion_mask seq_lengths prompt_ids chosen_ids rejected_ids completion_ids text conversations image images source model system_prompt'.split(
      ' ',
    );
  const allowed = ['stepwise labels', 'qa_documents text'];
  for (const { name } of profiles.filter(({ extension }) => extension === 'parquet')) {
    for (const dataset of Object.keys(exportIn(name).datasets)) {
      const [row = {}] = await rowsOf(exportIn(name), dataset);
      const taken = Object.keys(row).filter((column) => reserved.includes(column));
      assert.deepEqual(
        taken.filter((column) => !allowed.includes(`${dataset} ${column}`)),
        [],
        `${name} ${dataset}`,
      );
    }
  }
});

test('two exports are the same bytes in every profile', async () => {
  const twin = await lakeOfSets(sampleSets());
  const files = async (folder: string) => {
    const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
    const texts = await Promise.all(paths.map((path) => readFile(path, 'base64')));
    return Object.fromEntries(paths.map((path, index) => [path.slice(folder.length), texts[index]]));
  };
  for (const { name } of profiles) {
    const other = await run(twin, {
      profile: name,
      now: new Date('2030-01-01'),
      // Rows are judged alike in every profile: one shows that the number of threads changes nothing.
      config: { ...twin.config, workers: name === 'trl' ? 2 : 1 },
    });
    assert.equal(other.version, exportIn(name).version, name);
    assert.deepEqual(await files(other.folder ?? ''), await files(exportIn(name).folder ?? ''), name);
  }
  await twin.remove();
});

test('a call without words, a prompt of a system message and an open call go through text', async () => {
  const rows = [
    rowOf('preference', {
      prompt: [{ role: 'system', content: 'Be brief.' }, user(awkward)],
      chosen: [assistant('', { tool_calls: [call('c1', 'f', { x: 1 })] })],
      rejected: [assistant('No.')],
      tools: '[{"type":"function","function":{"name":"f","description":"","parameters":{}}}]',
      margin: 0,
      pair_weight: 1,
      pair_source: 'lock',
    }),
  ];
  const other = await lakeOfSets({ preference: rows });
  const [row] = await rowsOf(await run(other, { profile: 'text' }), 'preference');
  const [system] = (row?.prompt ?? []) as Turn[];
  assert.match(system?.content ?? '', /^Be brief\.\n\nYou can call functions/);
  assert.deepEqual(row?.chosen, [
    { role: 'assistant', content: '<tool_call>\n{"name": "f", "arguments": {"x":1}}\n</tool_call>' },
  ]);
  await other.remove();
});

test('llama-factory and axolotl are told of every file, each split apart', async () => {
  const factory = exportIn('llama-factory');
  const info = JSON.parse(await readFile(join(factory.folder ?? '', 'dataset_info.json'), 'utf8'));
  const files = Object.values(factory.datasets).flatMap(({ splits }) =>
    Object.values(splits).flatMap((split) => split.files),
  );
  const named = Object.values(info as Record<string, { file_name: string }>).map(
    ({ file_name: file }) => file,
  );
  assert.deepEqual(named.toSorted(), files.toSorted());
  assert.deepEqual(info.preference_train, {
    file_name: 'preference/train-00000-of-00001.parquet',
    formatting: 'sharegpt',
    ranking: true,
    columns: { messages: 'prompt', chosen: 'chosen', rejected: 'rejected' },
    tags: {
      role_tag: 'role',
      content_tag: 'content',
      user_tag: 'user',
      assistant_tag: 'assistant',
      system_tag: 'system',
    },
  });
  assert.deepEqual(info.unpaired_train.columns, { messages: 'messages', kto_tag: 'label' });
  const yaml = await readFile(join(exportIn('axolotl').folder ?? '', 'sft/axolotl.yaml'), 'utf8');
  for (const line of [
    '  - path: sft/train-00000-of-00001.parquet',
    '    type: chat_template',
    '    field_messages: messages',
    '    field_tools: tools',
    '    message_field_training: train',
    'sequence_len: 1024',
  ])
    assert.ok(yaml.split('\n').includes(line), line);
});
