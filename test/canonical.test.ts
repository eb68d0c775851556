import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { openDuckDB } from '../pipelines/lib/warehouse.js';
import { makeEventStore } from './support/events.js';

const macros = new URL('../../sql/macros/canonical.sql', import.meta.url);

/** JSON as a tree that keeps what JSON.parse would lose: how a number was written. */
type Tree = string | boolean | null | { number: string } | Tree[] | Map<string, Tree>;

const integer = fc
  .bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
  .map((value): Tree => ({ number: String(value) }));
const double = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((value): Tree => ({ number: Object.is(value, -0) ? '-0.0' : String(value) }));
// Control characters, quotes, what sorts otherwise in UTF-8 than in UTF-16, and an escape within an escape.
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme-ascii' }),
  fc
    .array(
      fc.constantFrom(
        '\u0000',
        '\u001b',
        '\u001F',
        '\\u001F',
        '\\',
        '"',
        '\n',
        'é',
        '\ue000',
        '\uffff',
        '😀',
        '\u{10ffff}',
      ),
    )
    .map((parts) => parts.join('')),
);
const { object: anyObject } = fc.letrec<{ value: Tree; object: Tree }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(text, fc.boolean(), fc.constant(null), integer, double),
    fc.array(tie('value'), { maxLength: 12 }),
    tie('object'),
  ),
  object: fc
    .uniqueArray(fc.tuple(text, tie('value')), { selector: ([key]) => key, maxLength: 8 })
    .map((entries): Tree => new Map(entries)),
}));

/** The tree as some writer might put it: keys as they come, white space, escapes where none is needed. */
function written(tree: Tree): string {
  const escaped = (value: string) =>
    JSON.stringify(value).replace(
      /[é/]|[\ud800-\udfff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`,
    );
  if (typeof tree === 'string') return escaped(tree);
  if (tree === null || typeof tree === 'boolean') return String(tree);
  if (Array.isArray(tree)) return `[ ${tree.map(written).join(' , ')}]`;
  if (tree instanceof Map)
    return `{ ${[...tree].map(([key, value]) => `${escaped(key)} :\t${written(value)}`).join(',')} }`;
  return tree.number;
}

/** RFC 8785, but that integers keep their digits. Written from the standard; JSON.stringify is ECMAScript's own. */
function canonical(tree: Tree): string {
  if (tree === null || typeof tree !== 'object') return JSON.stringify(tree);
  if (Array.isArray(tree)) return `[${tree.map(canonical).join(',')}]`;
  if (tree instanceof Map) {
    // The order of JavaScript's strings is that of UTF-16 units.
    const keys = [...tree.keys()].sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(tree.get(key) ?? null)}`).join(',')}}`;
  }
  return /^-?\d+$/.test(tree.number) ? tree.number : JSON.stringify(Number(tree.number));
}

test('the payload of an event is canonical JSON, whatever writer it came from', async () => {
  // What is drawn at random may look like a secret.
  const store = await makeEventStore({ TRACEMILL_REDACT: 'none' });
  const trees = fc.sample(anyObject, { numRuns: 2000, seed: 8785 });
  const line = (tree: Tree, index: number) =>
    `{"id":"${index}","timestamp":"2026-05-01T12:00:00.000Z","event_type":"test","payload":${written(tree)}}`;
  await store.record('a.jsonl', trees.map(line));
  const { failures } = await store.run(['staging.event_rows']);
  assert.deepEqual(failures, []);
  const rows = await store.query('select event_id, payload, payload_hash from staging.event_rows');
  assert.equal(rows.length, trees.length);
  for (const { event_id, payload, payload_hash } of rows) {
    const expected = canonical(trees[Number(event_id)] ?? null);
    assert.equal(payload, expected);
    assert.equal(payload_hash, createHash('sha256').update(expected).digest('hex'));
  }
  await store.remove();
});

test('a double is written as ECMAScript writes it', async () => {
  const { connection, close } = await openDuckDB();
  for (const statement of (await readFile(macros, 'utf8')).split(/^(?=create or replace macro)/m).slice(1)) {
    await connection.run(statement);
  }
  const edges = [
    0,
    -0,
    1e21,
    1e-7,
    123456789012345680000,
    5e-324,
    1.7976931348623157e308,
    0.1 + 0.2,
    1e16,
    1e20,
    1e-6,
    1e-5,
  ];
  const doubles = [
    ...edges,
    ...fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 20_000, seed: 1 }),
    ...fc.sample(fc.integer({ min: -400, max: 400 }), { numRuns: 1000, seed: 2 }).map((power) => 2 ** power),
    ...fc
      .sample(fc.tuple(fc.integer(), fc.integer({ min: -30, max: 30 })), { numRuns: 5000, seed: 3 })
      .map(([value, power]) => value * 10 ** power),
  ];
  // Seventeen digits name a double as surely as the shortest ones do, which are to be found again.
  const json = `[${doubles.map((value) => value.toExponential(17)).join(',')}]`;
  const reader = await connection.runAndReadAll(
    `select canonical_number(tree.atom::varchar) from json_tree('${json}') as tree where parent is not null order by id`,
  );
  assert.deepEqual(
    reader.getRows().map(([made]) => made),
    doubles.map((value) => JSON.stringify(value)),
  );
  close();
});

test('of a key given twice the first counts, at any depth', async () => {
  const store = await makeEventStore({ TRACEMILL_REDACT: 'none' });
  const payload = '{"b":{"y":1,"x":2,"y":[3]},"a":1,"b":{"z":4},"a":{"n":5}}';
  await store.record('a.jsonl', [
    `{"id":"e1","timestamp":"2026-05-01T12:00:00Z","event_type":"test","payload":${payload}}`,
  ]);
  assert.deepEqual((await store.run(['staging.event_rows'])).failures, []);
  const rows = await store.query('select payload from staging.event_rows');
  assert.deepEqual(rows, [{ payload: '{"a":1,"b":{"x":2,"y":1}}' }]);
  await store.remove();
});
