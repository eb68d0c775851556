import assert from 'node:assert/strict';
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../pipelines/config.js';
import { findSecrets, placeholder } from '../pipelines/lib/redaction/findSecrets.js';
import { redactionKey } from '../pipelines/lib/redaction/policy.js';
import { redactJson, redactWords } from '../pipelines/lib/redaction/redactJson.js';
import { redactText } from '../pipelines/lib/redaction/redactText.js';
import { wordFinder } from '../pipelines/lib/redaction/words.js';
import { plantedPeople, plantedSecrets } from './support/plantedSecrets.js';
import { openRedaction, redactionPolicy } from './support/redaction.js';

const policy = await redactionPolicy();
const planted = [...plantedSecrets, ...plantedPeople];
const redacted = (text: string) => redactText(text, policy) ?? text;

// Texts of secrets, of what stands around them, and of anything else, put together by chance.
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...planted.map(({ text }) => text)) },
  { weight: 2, arbitrary: fc.constantFrom(...planted.map(({ value }) => value)) },
  fc.constantFrom(
    ...[
      'password',
      '=',
      ': ',
      '"',
      "'",
      '\\n',
      '\n',
      '\r\n',
      '\r',
      '\\"',
      '@',
      '/home/',
      '://',
      'Bearer ',
      '-----BEGIN ',
    ],
    ...[
      '\u0000',
      '\u001b[31m',
      '\u001b[0m',
      '😀',
      'é',
      '\u00a0',
      '<SECRET:x:0123456789ab>',
      '<EMAIL:',
      '~/',
      '%40',
      '--',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const json = fc.jsonValue({ stringUnit: 'binary' });
const runs = { numRuns: 300 };
const wellFormed = (value: string) => Buffer.from(value).toString();

test('words are found wherever they stand, in either case, within and behind one another', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'A', 'é', '\u0000'), maxLength: 30 });
  const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 5 }));
  fc.assert(
    fc.property(words, fc.array(letters), (list, texts) => {
      const wordsIn = wordFinder(list);
      for (const value of texts) {
        const held = list.filter((word) => value.toLowerCase().includes(word));
        assert.deepEqual([...wordsIn(value)].sort(), [...new Set(held)].sort());
      }
    }),
    runs,
  );
});

test('redacting twice is redacting once', () => {
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(redactText(redacted(value), policy), null);
    }),
    runs,
  );
});

test('line breaks are as many as before, and each of its kind', () => {
  const breaks = (value: string) => (value.match(/\r\n|\r|\n/g) ?? []).join('');
  fc.assert(
    fc.property(text, (value) => assert.equal(breaks(redacted(value)), breaks(value))),
    runs,
  );
});

test('findings are in order and apart, and no half of a character is left', () => {
  fc.assert(
    fc.property(text, (value) => {
      let done = 0;
      for (const { start, end } of findSecrets(value, policy)) {
        assert.ok(start >= done && end > start && end <= value.length);
        done = end;
      }
      const result = redacted(value);
      if (wellFormed(value) === value) assert.equal(wellFormed(result), result);
    }),
    runs,
  );
});

test('nothing changes on the way through DuckDB', async () => {
  const { redacted: inDuckDB, close } = await openRedaction(policy);
  // DuckDB knows no half of a surrogate pair.
  const texts = fc.sample(text, 600).map(wellFormed);
  for (const [place, found] of (await inDuckDB('redacted', texts)).entries()) {
    assert.equal(found, redactWords(texts[place] ?? '', policy) ?? texts[place]);
  }
  const jsons = texts.map((value, place) => {
    return JSON.stringify({ a: [value], b: JSON.stringify([texts[place + 1] ?? '']) });
  });
  for (const [place, found] of (await inDuckDB('redacted_json', jsons)).entries()) {
    assert.equal(found, redactJson(jsons[place] ?? '', policy) ?? jsons[place]);
  }
  close();
});

/** JSON without what its strings say: keys by their number, strings by their place. */
function shape(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (Array.isArray(value)) return value.map(shape);
  return value !== null && typeof value === 'object' ? Object.values(value).map(shape) : value;
}

test('JSON keeps its structure, its numbers and its white space', () => {
  const withSecrets = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      json,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(withSecrets, fc.constantFrom(0, 1, 3), (value, indent) => {
      const before = JSON.stringify(value, null, indent);
      const after = redactJson(before, policy) ?? before;
      assert.deepEqual(shape(JSON.parse(after)), shape(JSON.parse(before)));
      const bare = (source: string) => source.replace(/"(?:[^"\\]|\\.)*"/g, '""');
      assert.equal(bare(after), bare(before));
    }),
    runs,
  );
});

test('numbers stay as they were written, and a name takes its value along', () => {
  const before = '{"a": 1e400, "password" :\n"Tr0ub4dor!9", "argv": ["--token", "abcd1234efgh5"], "b": 0.10}';
  const after = redactJson(before, policy) ?? '';
  assert.match(
    after,
    /^\{"a": 1e400, "password" :\n"<SECRET:[^"]+>", "argv": \["--token", "<SECRET:[^"]+>"\], "b": 0.10\}$/,
  );
  const environment = '[{"name":"DB_PASSWORD","value":"Tr0ub4dor!9"},{"name":"LANG","value":"Tr0ub4dor!9"}]';
  assert.match(
    redactJson(environment, policy) ?? '',
    /"value":"<SECRET:[^"]+>"\},\{"name":"LANG","value":"Tr0/,
  );
});

test('two homes as keys stay two keys', () => {
  const after = JSON.parse(redactJson('{"/home/carla/x":1,"/home/bruno/x":2,"~/x":3}', policy) ?? '');
  assert.equal(Object.keys(after).length, 3);
  assert.doesNotMatch(JSON.stringify(after), /carla|bruno/);
});

test('the same value has the same placeholder wherever it stands, another value another one', () => {
  const hash = (value: string) => /:([0-9a-f]{12})>/.exec(redacted(`DB_PASSWORD=${value}`))?.[1];
  const value = fc.stringMatching(/^[A-Z][a-z]{4,8}[0-9]{4}[a-z]{4,8}$/);
  fc.assert(
    fc.property(value, value, (one, other) => {
      assert.notEqual(hash(one), undefined);
      assert.equal(hash(one) === hash(other), one === other);
      const url = redacted(`https://svc:${one}@host.internal/x`);
      assert.equal(/:([0-9a-f]{12})>/.exec(url)?.[1], hash(one));
    }),
  );
});

test('another key makes other placeholders', async () => {
  const other = { ...policy, key: new Uint8Array(32).fill(1) };
  assert.notEqual(redactText('mail a.b@firm.example', policy), redactText('mail a.b@firm.example', other));
});

test('a value found by its name is gone from the rest of the text, too', () => {
  const after = redacted('TOKEN=q8Zr41xPpW0e\ncurl -H "t: q8Zr41xPpW0e" x');
  assert.equal(after.match(placeholder)?.length, 2);
  assert.doesNotMatch(after, /q8Zr41xPpW0e/);
});

test('kinds are chosen; none leaves everything', async () => {
  const mixed = 'DB_PASSWORD=Tr0ub4dor9 carla@firm.example 203.0.113.7 /home/carla/x';
  assert.equal(redactText(mixed, await redactionPolicy({ kinds: [] })), null);
  const emails = await redactionPolicy({ kinds: ['email'] });
  assert.match(
    redactText(mixed, emails) ?? '',
    /^DB_PASSWORD=Tr0ub4dor9 <EMAIL:\w{12}> 203\.0\.113\.7 \/home\/carla\/x$/,
  );
  assert.notEqual(emails.version, policy.version);
});

test('own patterns and the allow list come from a file', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'tracemill-redact-')), 'redact.json');
  await writeFile(
    file,
    JSON.stringify({
      patterns: [{ name: 'ticket', pattern: 'TICKET-\\d+' }],
      allow: ['team@firm.example', '/^203\\.0\\.113\\./'],
    }),
  );
  const own = await redactionPolicy({ file });
  const after =
    redactText('TICKET-77 team@firm.example carla@firm.example 203.0.113.7 198.51.100.3', own) ?? '';
  assert.match(
    after,
    /^<SECRET:ticket:\w{12}> team@firm\.example <EMAIL:\w{12}> 203\.0\.113\.7 <IP:\w{12}>$/,
  );
  assert.notEqual(own.version, policy.version);
  // In DuckDB, too.
  const { redacted: inDuckDB, close } = await openRedaction(own);
  assert.match((await inDuckDB('redacted', ['see TICKET-77']))[0] ?? '', /^see <SECRET:ticket:/);
  close();
});

test('a bad file is refused with what is wrong', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'tracemill-redact-')), 'redact.json');
  const refuses = async (content: unknown, why: RegExp) => {
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    await assert.rejects(redactionPolicy({ file }), why);
  };
  await refuses('{', /redact\.json: is no JSON; correct it or unset TRACEMILL_REDACT_FILE/);
  await refuses({ patterns: [{ name: 'x', pattern: '(' }] }, /pattern x is no regular expression/);
  await refuses({ patterns: [{ name: 'x', pattern: '(a+)+b' }] }, /repeats what is repeated already/);
  await refuses({ patterns: [{ name: 'x', pattern: 'a*' }] }, /matches an empty text/);
  await refuses({ patterns: [{ name: 'x', pattern: 'a'.repeat(501) }] }, /at most 500 characters/);
  await refuses({ patterns: [{ name: 'X y', pattern: 'a' }] }, /patterns\.0\.name: write a name/);
  await refuses({ deny: [] }, /Unrecognized key/);
});

test('the key is made once, of 32 bytes, for its owner alone', async () => {
  const lake = await mkdtemp(join(tmpdir(), 'tracemill-key-'));
  const [one, two] = await Promise.all([redactionKey(lake), redactionKey(lake)]);
  assert.equal(one.length, 32);
  assert.deepEqual(one, two);
  assert.deepEqual(await redactionKey(lake), one);
  assert.equal((await stat(join(lake, 'redaction.key'))).mode & 0o777, 0o600);
  assert.deepEqual(new Uint8Array(await readFile(join(lake, 'redaction.key'))), new Uint8Array(one));
  await writeFile(join(lake, 'redaction.key'), 'short');
  await assert.rejects(redactionKey(lake), /is not 32 bytes long/);
});

test('settings name the kinds', () => {
  assert.deepEqual(readConfig({}).redact, ['credential', 'email', 'ip', 'home']);
  assert.deepEqual(readConfig({ TRACEMILL_REDACT: 'none' }).redact, []);
  assert.deepEqual(readConfig({ TRACEMILL_REDACT: 'email, ip' }).redact, ['email', 'ip']);
  assert.throws(
    () => readConfig({ TRACEMILL_REDACT: 'credentials' }),
    /TRACEMILL_REDACT: write none, or some of/,
  );
});
