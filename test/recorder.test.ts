import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { createRecorder, type EventType, type Recorded } from 'tracemill/recorder';
import { eventTypes, refNames } from '../pipelines/lib/eventSchemas.js';
import { recordRun } from './examples/recordRun.js';
import { fullEvents } from './support/fullEvents.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const types = Object.keys(eventTypes) as EventType[];
const allRefs = Object.fromEntries(refNames.map((name) => [name, `${name.replace('_id', '')}-1`]));
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tracemill's spool-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Events below a folder, in the order they were written. */
async function recordedIn(path: string): Promise<Record<string, unknown>[]> {
  const files = await readdir(path).catch(() => []);
  const texts = await Promise.all(files.sort().map((file) => readFile(join(path, file), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').slice(0, -1));
  return lines.map((line) => JSON.parse(line));
}

/** A recorder of a fresh folder, called with whatever it is given, as untyped programs do. */
function looseRecorder(name: string) {
  const errors: string[] = [];
  const path = join(folder, name);
  const recorder = createRecorder({ folder: path, onError: (error) => errors.push(error.message) });
  const record = recorder.recordEvent as (...words: unknown[]) => Recorded;
  /** The words of the refusal. */
  const refused = (...words: unknown[]): string => {
    const recorded = record(...words);
    assert.ok(!recorded.ok, String(words[0]));
    assert.equal(errors.pop(), recorded.error.message);
    return recorded.error.message;
  };
  return { path, errors, record, refused };
}

test('each type keeps a whole payload as it is, and does without every field that is optional', async () => {
  const { path, errors, record } = looseRecorder('full');
  const given: unknown[] = [];
  for (const type of types) {
    const { payload, required } = fullEvents[type];
    const slim = Object.fromEntries(Object.entries(payload).filter(([field]) => required.includes(field)));
    // A tombstone with a misspelt key would forget less than was meant.
    const own = type === 'data.forgotten' ? {} : { of_my_own: [{ kept: null }] };
    for (const kept of [{ ...payload, ...own }, slim]) {
      assert.ok(record(type, kept, allRefs, ['mine']).ok, `${type}: ${errors.at(-1)}`);
      given.push({ event_type: type, schema_version: 1, ...allRefs, tags: ['mine'], payload: kept });
    }
  }
  const found = await recordedIn(path);
  assert.deepEqual(
    found.map(({ id, timestamp, ...event }) => event),
    given,
  );
  for (const { id, timestamp } of found) {
    assert.match(String(id), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(new Date(String(timestamp)).toISOString(), timestamp);
    assert.equal(
      Number.parseInt(String(id).replace('-', '').slice(0, 12), 16),
      Date.parse(String(timestamp)),
    );
  }
});

test('each type refuses each field that does not fit, by name, and writes nothing', async () => {
  const { path, refused } = looseRecorder('refused');
  const anything = ['input', 'output', 'partial_output', 'context'];
  for (const type of types) {
    const { payload, required, wrong } = fullEvents[type];
    const ending = '; correct it, nothing was recorded';
    for (const [field, [value, message]] of Object.entries(wrong)) {
      assert.equal(
        refused(type, { ...payload, [field]: value }, allRefs),
        `${type}: payload.${message}${ending}`,
      );
    }
    // The table leaves out no field but those that may hold anything.
    const unnamed = Object.keys(payload).filter((field) => wrong[field] === undefined);
    assert.deepEqual(
      unnamed.filter((field) => !anything.includes(field)),
      [],
    );
    for (const field of required) {
      const { [field]: _, ...rest } = payload as Record<string, unknown>;
      assert.equal(refused(type, rest, allRefs), `${type}: payload.${field}: is missing${ending}`);
    }
    for (const ref of eventTypes[type].refs) {
      const { [ref]: _, ...rest } = allRefs;
      const message = refused(type, payload, rest);
      assert.equal(message, `${type}: refs.${ref}: is missing${ending}`);
    }
  }
  const tombstone = (payload: object) => refused('data.forgotten', { reason: 'r', ...payload }, allRefs);
  assert.match(tombstone({ sessions: ['s1'], text_hash: ['a'] }), /text_hash/);
  assert.match(tombstone({ sessions: [] }), /must name sessions or places/);
  assert.deepEqual(await recordedIn(path), []);
});

test('what JSON would lose or change is refused by its path', async () => {
  const { path, record, refused } = looseRecorder('json');
  const own: Record<string, unknown> = {};
  own.again = [own];
  let deep: unknown = 1;
  for (let level = 0; level < 300; level += 1) deep = [deep];
  const throwing = Object.defineProperty({}, 'a', {
    enumerable: true,
    get: () => {
      throw new Error('never');
    },
  });
  const revoked = Proxy.revocable([], {});
  revoked.revoke();
  const cases: [payload: unknown, message: RegExp][] = [
    [{ a: [{ b: undefined }] }, /: payload\.a\[0\]\.b: is undefined; leave the key out/],
    [{ a: Object.assign([1], { 2: 2 }) }, /: payload\.a\[1\]: is undefined/],
    [{ 'a b': Number.NaN }, /: payload\["a b"\]: is NaN/],
    [{ a: -Infinity }, /: payload\.a: is -Infinity/],
    [{ a: 1n }, /: payload\.a: is a bigint/],
    [{ a: new Date() }, /: payload\.a: is no plain object/],
    [{ a: new Map([[1, 2]]) }, /: payload\.a: is no plain object/],
    [{ a: { toJSON: () => 1 } }, /: payload\.a\.toJSON: is a function/],
    [{ [Symbol('s')]: 1 }, /: payload: has a symbol/],
    [own, /: payload\.again\[0\]: holds itself/],
    [{ deep }, /: payload\.deep(\[0\])+: is nested deeper than 256 levels/],
    [throwing, /: payload\.a?: ?throws|: payload\.a: throws when it is read/],
    [{ a: revoked.proxy }, /: payload\.a: throws when it is read/],
    [[1], /: payload: must be an object/],
    ['text', /: payload: must be an object/],
    [null, /: payload: must be an object/],
    [undefined, /: payload: is undefined/],
  ];
  for (const [payload, message] of cases) assert.match(refused('my.type', payload), message);
  assert.match(refused('my.type', {}, { session: 's' }), /refs\.session: is none of session_id, lineage_id/);
  assert.match(refused('my.type', {}, { session_id: 7 }), /refs\.session_id: must be text/);
  assert.match(refused('my.type', {}, { session_id: '' }), /refs\.session_id: must be text/);
  assert.match(refused('my.type', {}, {}, ['a', '']), /tags: must be a list of texts/);
  assert.match(refused('my.type', {}, {}, 'a'), /tags: must be a list of texts/);
  for (const type of ['', ' a', 'a\nb', 'x'.repeat(201), undefined, 7]) {
    assert.match(refused(type, {}), /^event_type: must be text of 1 to 200 characters/);
  }
  const half = { text: '\ud83d!', __proto__x: 1, ...JSON.parse('{"__proto__": {"polluted": true}}') };
  assert.ok(record('my.typo', half, { lineage_id: undefined }, []).ok);
  const [{ id, timestamp, ...event } = {}, ...others] = await recordedIn(path);
  assert.deepEqual(others, []);
  assert.deepEqual(event, {
    event_type: 'my.typo',
    schema_version: 1,
    payload: { ...half, text: '\ufffd!' },
  });
});

test('an event says what is wrong with all its fields at once, and quotes no text of theirs', () => {
  const { refused } = looseRecorder('several');
  const message = refused('artifact.scored', { score: 'secret', comment: ['secret'] }, { artifact_id: 'a' });
  assert.equal(
    message,
    'artifact.scored: payload.score: must be a number from 1 to 10, payload.comment: must be text; correct it, nothing was recorded',
  );
});

/** What JSON makes of a value; it asks for toJSON even where there is no field, and a trap on that is no fault of recording. */
function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return { ...(value as object) };
  }
}

test('nothing that a program hands over makes recording throw or write anything but what was given', async () => {
  const { path, errors, record } = looseRecorder('arbitrary');
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  });
  const traps = fc.constantFrom('get', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'has');
  // Made when it is recorded: fast-check looks into the values that it makes itself.
  const hostile = fc.tuple(anything, traps).map(([value, trap]) => () => {
    const target = typeof value === 'object' && value !== null ? value : { value };
    return new Proxy(target, {
      [trap]: () => {
        throw value;
      },
    });
  });
  const plain = anything.map((value) => () => value);
  const part = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: hostile });
  const parts = fc.dictionary(fc.string(), part).map((made) => () => {
    return Object.fromEntries(Object.entries(made).map(([key, make]) => [key, make()]));
  });
  const json = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => () => value);
  const fixed = (...values: unknown[]) => fc.constantFrom(...values.map((value) => () => value));
  const mostly = (arbitrary: fc.Arbitrary<() => unknown>) => fc.oneof(part, { weight: 6, arbitrary });
  const payload = fc.oneof(part, parts, { weight: 4, arbitrary: json });
  const type = mostly(fixed(...types, 'my.type', 'x', 'notes.published'));
  const refs = mostly(fixed(allRefs, {}, undefined));
  const tags = mostly(fixed(['a'], [], undefined));
  const given: unknown[] = [];
  let calls = 0;
  fc.assert(
    fc.property(type, payload, refs, tags, (...made) => {
      calls += 1;
      const words = made.map((make) => make());
      const recorded = record(...words);
      if (recorded.ok) given.push([recorded.id, words[0], asJson(words[1])]);
      else assert.equal(errors.at(-1), recorded.error.message);
    }),
    { numRuns: 3000 },
  );
  const found = await recordedIn(path);
  assert.deepEqual(
    found.map((event) => [event.id, event.event_type, event.payload]),
    given,
  );
  assert.equal(given.length + errors.length, calls);
  assert.ok(given.length > 100 && errors.length > 100, `${given.length} recorded, ${errors.length} refused`);
});

test('one event is one line, whatever ends a line in its texts, keys and ids, and whoever changed what JSON calls', async () => {
  const { path, record, errors } = looseRecorder('lines');
  const end = fc.constantFrom(
    '\n',
    '\r\n',
    '\r',
    '\u2028',
    '\u2029',
    '\u0085',
    '\v',
    '\f',
    '\0',
    '"',
    '\\',
    '\\n',
    '{"id":1}',
    '\ud800',
  );
  const text = fc
    .array(fc.oneof(end, fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 6 })
    .map((parts) => `x${parts.join('')}`);
  const event = fc.tuple(
    fc.dictionary(text, fc.oneof(text, fc.array(text), fc.dictionary(text, text))),
    text,
    text,
  );
  const given: string[] = [];
  const take = ([payload, id, tag]: [object, string, string]) => {
    const recorded = record('my.type', payload, { session_id: id, lineage_id: id }, [tag, tag]);
    if (recorded.ok) given.push(recorded.id);
    // Two keys that differ in half a character alone.
    else assert.match(errors.at(-1) ?? '', /is there twice once half characters are replaced/);
  };
  fc.assert(fc.property(event, take), { numRuns: 500, seed: 5 });
  // As old libraries did, and as a program may do to see its JSON better.
  const prototypes = [String.prototype, Array.prototype, Object.prototype, Number.prototype];
  const stringify = JSON.stringify;
  try {
    for (const prototype of prototypes) {
      Object.defineProperty(prototype, 'toJSON', { value: () => 'a\n{"id":"forged"}', configurable: true });
      fc.sample(event, { numRuns: 5, seed: 6 }).forEach(take);
      Reflect.deleteProperty(prototype, 'toJSON');
    }
    JSON.stringify = ((value: unknown) => stringify(value, null, 2)) as typeof JSON.stringify;
    const recorded = record('my.type', { a: 1 });
    assert.match(
      recorded.ok ? '' : recorded.error.message,
      /^event: it is more than one line, nothing was recorded/,
    );
  } finally {
    JSON.stringify = stringify;
    for (const prototype of prototypes) Reflect.deleteProperty(prototype, 'toJSON');
  }
  const [file = '', ...others] = await readdir(path);
  assert.deepEqual(others, []);
  const bytes = await readFile(join(path, file));
  assert.equal(bytes.filter((byte) => byte === 10).length, given.length);
  assert.equal(bytes.includes(13), false);
  const lines = bytes.toString().split('\n').slice(0, -1);
  assert.deepEqual(
    lines.slice(0, 400).map((line) => JSON.parse(line).id),
    given.slice(0, 400),
  );
  assert.ok(given.length > 500);
  const large = 'x'.repeat(30 << 20);
  const refused = record('my.type', { a: Array.from({ length: 8 }, () => large) });
  assert.match(
    refused.ok ? '' : refused.error.message,
    /is larger than \d+ characters; correct it, nothing was recorded$/,
  );
  assert.deepEqual((await readFile(join(path, file))).length, bytes.length);
  for (const name of ['../out', 'a/b', 'a\nb', 'a\\b', '\0']) {
    const result = createRecorder({ folder: path, name, onError: () => {} }).recordEvent('my.type', {});
    assert.match(result.ok ? '' : result.error.message, /^event: the name of its file holds a slash/, name);
  }
});

test('a hook that throws or fails later does no harm; without one a refusal is a warning of the process', async (t) => {
  const warnings: string[] = [];
  t.mock.method(process, 'emitWarning', (message: string, options: { code: string }) => {
    warnings.push(`${options.code} ${message}`);
    // So may one that a program put in its place.
    throw new Error('emitWarning');
  });
  const hooks = [
    () => {
      throw new Error('hook');
    },
    () => Promise.reject(new Error('later')),
    undefined,
  ];
  const expected = 'artifact.scored: payload.score: must be 1 to 10; correct it, nothing was recorded';
  for (const onError of hooks) {
    const options = { folder: join(folder, 'hooks'), ...(onError === undefined ? {} : { onError }) };
    const recorded = createRecorder(options).artifactScored({ score: 0 }, { artifact_id: 'a' });
    assert.equal(recorded.ok ? '' : recorded.error.message, expected);
    await new Promise(setImmediate);
    assert.deepEqual(warnings.splice(0), [`TRACEMILL_NOT_RECORDED ${expected}`]);
  }
});

test('a clock that is wrong is refused as well', () => {
  const clocks = [() => new Date(Number.NaN), () => 7 as unknown as Date, () => new Date(-1)];
  const words = clocks.map((clock) => {
    const recorded = createRecorder({ folder, clock, onError: () => {} }).recordEvent('my.type', {});
    return recorded.ok ? '' : recorded.error.message.slice(0, 6);
  });
  assert.deepEqual(words, ['clock:', 'event:', 'clock:']);
});

test('types tell at compile time what a payload and its refs must be', () => {
  const recorder = createRecorder({ folder: join(folder, 'types'), onError: () => {} });
  const refused = [
    // @ts-expect-error the score is a number
    recorder.artifactScored({ score: '8' }, { artifact_id: 'a' }),
    // @ts-expect-error the artifact must be named
    recorder.artifactScored({ score: 8 }, { session_id: 's' }),
    // @ts-expect-error the refs cannot be left out
    recorder.artifactScored({ score: 8 }),
    // @ts-expect-error a known type is checked here too
    recorder.recordEvent('directive.added', { kind: 'always', text: 't' }, { lineage_id: 'l' }),
    // @ts-expect-error a field that is not there is left out
    recorder.lineageUnlocked({ reason: undefined }, { lineage_id: 'l' }),
  ];
  assert.deepEqual(
    refused.map(({ ok }) => ok),
    refused.map(() => false),
  );
});

test('the example records a whole run, in order, with every type there is', async () => {
  const path = join(folder, 'example');
  const ids = recordRun(path).map((recorded) => (recorded.ok ? recorded.id : recorded.error.message));
  const found = await recordedIn(path);
  assert.deepEqual(
    found.map(({ id }) => id),
    ids,
  );
  assert.deepEqual(ids, ids.toSorted());
  // A routing decision names its session in the payload only.
  const decision = found.find((event) => event.event_type === 'flow.router.decision.v1');
  assert.equal(decision?.session_id, 'session-1');
  const seen = new Set(found.map((event) => event.event_type));
  assert.deepEqual([...seen].sort(), [...types, 'notes.published'].sort());
});

test('the example of the README runs, with the functions of the default spool folder', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const code = /```ts\n(import [^`]*'tracemill\/recorder'[^`]*)```/.exec(readme)?.[1] ?? '';
  const path = join(folder, 'readme');
  const env = { ...process.env, TRACEMILL_SPOOL: path };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], { cwd: root, env });
  const found = (await recordedIn(path)).map((event) => event.event_type);
  assert.deepEqual(found, ['attempt.started', 'attempt.completed', 'artifact.created', 'artifact.scored']);
});
