import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorPlaces, errorWords, UserError } from '../pipelines/errors.js';
import { printable } from '../pipelines/lib/printable.js';
import { bindFailure, queryFailure, rowKeys } from '../pipelines/lib/queryFailure.js';
import { openDuckDB } from '../pipelines/lib/warehouse.js';

const canary = 'CANARY) word';

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  assert.fail('nothing was thrown');
}

test('of an error only a UserError has words; any other its kind, its code and where it was thrown', () => {
  assert.equal(errorWords(new UserError('lake: is full; make room')), 'lake: is full; make room');
  const json = thrown(() => JSON.parse(`{"a": ${canary}}`));
  assert.match(String(json), /CANARY/);
  assert.equal(errorWords(json), 'SyntaxError');
  const places = errorPlaces(json);
  assert.match(places.join('\n'), /^ {4}at JSON\.parse <anonymous>|at .*errorWords\.test\.js:\d+:\d+/m);
  assert.ok(places.length > 1);
  // Words that look like a call, words that came later, names and codes made of data.
  const odd = new Error(`x\n    at ${canary} (/CANARY:1:1)\n    at /CANARY:1:1`);
  assert.ok(errorPlaces(odd).length > 1);
  const changed = new Error('before CANARY\n    at /CANARY:1:1');
  changed.message = 'after';
  const named = Object.assign(new Error(canary), { name: canary, code: canary });
  const system = thrown(() => process.kill(process.pid, 'CANARY' as NodeJS.Signals));
  const said = [json, odd, changed, named, system, canary, { message: canary }].map((error) =>
    [errorWords(error), ...errorPlaces(error)].join('\n'),
  );
  assert.doesNotMatch(said.join('\n'), /CANARY/);
  const refused = Object.assign(new Error('no'), { code: 'ENOSPC', syscall: 'write', path: '/x/y' });
  assert.equal(errorWords(refused), 'Error ENOSPC (write /x/y)');
});

test('a query that fails over rows says its kind and the SQL at fault, never a row', async () => {
  const { connection, close } = await openDuckDB();
  await connection.run(
    `create table rows as select '${canary}' as word, '{"a": ${canary}' as json, 77777777777 as number`,
  );
  const expressions = [
    'word::integer',
    'word::timestamp',
    'word::json',
    'word::uuid',
    'word::interval',
    `json_extract(json, '$.a')`,
    `json_array_length(json)`,
    `json_transform_strict('["' || word || '"]', '["INTEGER"]')`,
    `regexp_matches('x', word)`,
    `strptime(word, '%Y')`,
    `date_trunc(word, timestamp '2026-01-01')`,
    'from_base64(word)',
    'unhex(word)',
    'error(word)',
    `error(word || chr(10) || 'LINE 1: ' || word || chr(10) || 'x')`,
    'number::integer',
    'number * number * number',
    'map([word, word], [1, 2])',
  ];
  const said: string[] = [];
  for (const expression of expressions) {
    const sql = `select\n    ${expression} as value\nfrom rows`;
    const error = await connection.runAndReadAll(`copy (select * from (\n${sql}\n)) to '/dev/null'`).then(
      () => assert.fail(expression),
      (cause: unknown) => cause,
    );
    const words = queryFailure(error, sql);
    assert.match(words ?? '', / Error( at `.*`)?$/, `${expression}: ${error}`);
    said.push(words ?? '');
  }
  assert.doesNotMatch(said.join('\n'), /CANARY|77777/);
  assert.equal(said[0], 'Conversion Error at `word::integer as value`');
  assert.equal(queryFailure(new TypeError('x is undefined'), ''), null);
  assert.equal(queryFailure(new Error(`${canary} Error: x`), ''), null);
  const unbound = await connection.run('select nothing from rows').catch((error: unknown) => error);
  assert.match(bindFailure(unbound) ?? '', /^Binder Error: .*nothing/);
  close();
});

test('the keys of a row that broke a promise show ids that are no words, and the rest as hashes', () => {
  const row = {
    step_id: '3157e0cf-1579-4aa9-9595-d781239a5615#0',
    turn_id: '1da08371a263f2412ad13cda2c057da9',
    session_id: canary,
    lineage_id: null,
    byte_offset: 42n,
    day: '2026-03-01',
    source_path: 'p/x.jsonl',
    project_path: canary,
    question: canary,
    card_id: '4111111111111111x',
  };
  const words = rowKeys(row);
  assert.match(
    words,
    /^step_id=3157e0cf\S+ turn_id=1da0\w+ session_id=\(sha256 \w{12}\) lineage_id=null byte_offset=42 day=2026-03-01 source_path=p\/x.jsonl card_id=\(sha256 \w{12}\)$/,
  );
  assert.doesNotMatch(words, /CANARY|4111/);
});

test('a name cannot move the cursor, colour the terminal or turn what follows', () => {
  assert.equal(
    printable('a\u001b[31m\r\b\u0000\u009b\u202e\u2028é 😀\tb\nc'),
    'a\\u001b[31m\\u000d\\u0008\\u0000\\u009b\\u202e\\u2028é 😀\tb\nc',
  );
});
