import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rawSources } from '../pipelines/lib/warehouse.js';
import { rawTable } from './support/rawLines.js';
import { openProject, type Project } from './support/traps.js';

const sql = fileURLToPath(new URL('../../sql', import.meta.url));
// Put together here, so that no scanner takes this file for a leak.
const token = `gh${'p_'}${'k7Qz2LmX9vB4nRt8'.repeat(3).slice(0, 36)}`;
const archive = ['staging.repaired_lines', 'staging.rejects'];
// Has no line for a line: test/drift.test.ts looks at it.
const names = 'staging.log_names';

let project: Project;
before(async () => {
  project = await openProject(sql);
});
after(() => project.close());

test('only staging reads raw and the odd lines of the archive', () => {
  const reads = project.nodes
    .filter(({ name }) => !name.startsWith('staging.'))
    .flatMap(({ name, inputs }) =>
      inputs
        .filter((input) => input.startsWith('raw.') || archive.includes(input))
        .map((input) => `${name} reads ${input}`),
    );
  assert.deepEqual(reads, []);
  const staging = project.nodes.filter(({ name }) => name.startsWith('staging.')).map(({ name }) => name);
  // A new table of staging needs its lines below.
  assert.deepEqual(
    staging.filter((name) => !archive.includes(name) && name !== names).sort(),
    logs.map(({ model }) => `staging.${model}`).sort(),
  );
});

/** The fields that a model reads out of JSON, as it names them to json_transform, with their types. */
async function schemasOf(model: string): Promise<unknown[]> {
  const text = await readFile(`${sql}/staging/${model}.sql`, 'utf8');
  return [...text.matchAll(/'([{[][^']*"VARCHAR"[^']*)'\)/g)].map(([, schema = '']) => JSON.parse(schema));
}

type Leaf = { readonly path: readonly string[]; readonly value: unknown };

/** Every text of a schema by its path, with a token in its place. */
function leavesOf(schema: unknown, path: readonly string[] = []): Leaf[] {
  if (schema === 'VARCHAR') return [{ path, value: token }];
  if (schema === 'JSON') {
    const deep = [{ type: 'text', text: token }, { [token]: { note: `it is ${token}` } }];
    return [token, deep, { a: [token] }, JSON.stringify({ a: token })].map((value) => ({ path, value }));
  }
  if (Array.isArray(schema)) return schema.flatMap((item) => leavesOf(item, [...path, '']));
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, field]) => leavesOf(field, [...path, key]));
}

/** The value at its path inside a record, with what else the record says. */
function placed({ path, value }: Leaf, record: Record<string, unknown>): Record<string, unknown> {
  const [first = '', ...rest] = path;
  const inner = rest.length === 0 ? value : nested(rest, value);
  const before = record[first];
  const isBoth = typeof inner === 'object' && !Array.isArray(inner) && typeof before === 'object';
  return { ...record, [first]: isBoth ? { ...before, ...inner } : inner };
}

function nested([key = '', ...rest]: readonly string[], value: unknown): unknown {
  const inner = rest.length === 0 ? value : nested(rest, value);
  return key === '' ? [inner] : { [key]: inner };
}

const timestamp = '2026-02-20T09:00:00.000Z';
const blockTypes = ['text', 'thinking', 'tool_use', 'tool_result', 'image', 'document'];
const itemTypes = ['message', 'user_message', 'function_call', 'reasoning', 'item_completed', 'token_count'];

/** What stands around the schemas of each model, the whole record first. */
const logs: readonly { model: string; source: string; around: ((leaf: Leaf) => unknown[])[] }[] = [
  {
    model: 'claude_records',
    source: 'claude',
    around: [
      (leaf) => [placed(leaf, { type: 'user', timestamp })],
      (leaf) =>
        blockTypes.map((type) => ({
          type: 'user',
          timestamp,
          message: { content: [placed({ ...leaf, path: leaf.path.slice(1) }, { type })] },
        })),
    ],
  },
  {
    model: 'codex_records',
    source: 'codex',
    around: [
      (leaf) => [placed(leaf, { type: 'event_msg', timestamp, payload: { type: 'user_message' } })],
      (leaf) => [
        ...itemTypes.map((type) => ({ type: 'response_item', timestamp, payload: placed(leaf, { type }) })),
        { type: 'session_meta', timestamp, payload: placed(leaf, {}) },
        placed(leaf, { type: 'message', role: 'user' }),
      ],
      (leaf) => [
        { type: 'response_item', timestamp, payload: { content: [nested(leaf.path.slice(1), token)] } },
      ],
      (leaf) => [
        { type: 'response_item', timestamp, payload: { summary: [nested(leaf.path.slice(1), token)] } },
      ],
      (leaf) => [
        { type: 'session_meta', timestamp, payload: { dynamic_tools: [nested(leaf.path.slice(1), token)] } },
      ],
    ],
  },
  {
    model: 'event_rows',
    source: 'events',
    around: [
      (leaf) => [placed(leaf, { id: 'e', timestamp, event_type: 'a.b', payload: {} })],
      (leaf) => [{ id: 'e', timestamp, event_type: 'a.b', payload: {}, tags: [leaf.value] }],
    ],
  },
  {
    model: 'seq_rows',
    source: 'seq',
    around: [(leaf) => [placed(leaf, { ts_ms: 1771588800000, name: 'a.b', event_id: 'e', subject: '{}' })]],
  },
];

// Read as times and numbers, or as lists and objects alone, or not at all: of a text nothing stays.
const unread = ['timestamp', 'ts_ms', 'schema_version', 'payload', 'dynamic_tools', 'author'];

for (const { model, source, around } of logs) {
  test(`whatever field of a log holds a secret, staging.${model} does not`, async () => {
    const { connection } = project;
    const schemas = await schemasOf(model);
    assert.equal(schemas.length, around.length, `the schemas of ${model}: say what stands around each`);
    const records = schemas.flatMap((schema, index) =>
      leavesOf(schema).flatMap((leaf) =>
        (around[index]?.(leaf) ?? []).map((record) => ({ field: leaf.path.join('.'), record })),
      ),
    );
    assert.ok(records.length > 0);
    const rows = records.map(({ record }, index) => {
      const line = JSON.stringify(record).replaceAll("'", "''");
      return `('${source}', 'p', 'k', ${index}, ${index}, 1, '${line}', null, 0, true, 'd')`;
    });
    for (const name of rawSources)
      await connection.run(rawTable(name, name === source ? [{ source, rows }] : []));
    const node = project.nodes.find(({ name }) => name === `staging.${model}`);
    const reader = await connection.runAndReadAll(
      `select line_no::integer as line_no, made::varchar as made from (${node?.sql}) as made`,
    );
    const made = new Map(reader.getRowsJS().map(([line, text]) => [Number(line), String(text)]));
    const leaks = records.filter((_, index) => made.get(index)?.includes(token) === true);
    assert.deepEqual([...new Set(leaks.map(({ field }) => field))], []);
    // And each is read at all: else this would hold for a field that nobody ever fills.
    const seen = new Set(
      records.filter((_, index) => made.get(index)?.includes('<SECRET:')).map(({ field }) => field),
    );
    const unseen = [...new Set(records.map(({ field }) => field))].filter((field) => !seen.has(field));
    assert.deepEqual(
      unseen.filter((field) => !unread.includes(field)),
      [],
    );
  });
}
