import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findSecrets } from '../pipelines/lib/redaction/findSecrets.js';
import { redactJson, redactWords } from '../pipelines/lib/redaction/redactJson.js';
import { redactText } from '../pipelines/lib/redaction/redactText.js';
import { unknownPresetRules } from '../pipelines/lib/redaction/secretlint.js';
import { wrapped } from './support/canaries.js';
import { searchFor } from './support/leaks.js';
import { plantedPeople, plantedSecrets } from './support/plantedSecrets.js';
import { openRedaction, redactionPolicy } from './support/redaction.js';

const policy = await redactionPolicy();
const planted = [...plantedSecrets, ...plantedPeople];

/** Places in a log that hold a text as it is. */
const places: Readonly<Record<string, (text: string) => string>> = {
  itself: (text) => text,
  'a comment': (text) => `// ${text}`,
  'a diff': (text) => `@@ -1 +1,2 @@\n+${text.replaceAll('\n', '\n+')}\n context`,
  'a colour': (text) => `\u001b[31m${text}\u001b[0m`,
  'a quoted line': (text) => `> ${text}`,
  'JSON that stands as it is': (text) => `Result: ${JSON.stringify(`x\n${text}`)}`,
  'beside a NUL and other letters': (text) => `\u0000é😀 ${text} 你好\u0000`,
};

test('at least sixty kinds of secrets are known, and each is gone from a text', () => {
  assert.ok(plantedSecrets.length >= 60, `${plantedSecrets.length} kinds`);
  assert.equal(new Set(planted.map(({ kind }) => kind)).size, planted.length);
  const left = planted.flatMap(({ kind, value, text }) =>
    Object.entries(places)
      .filter(([, place]) => (redactText(place(text), policy) ?? place(text)).includes(value))
      .map(([name]) => `${kind} in ${name}`),
  );
  assert.deepEqual(left, []);
});

test('each is gone from lines that were wrapped, also where it is cut in two', () => {
  const find = searchFor(plantedSecrets.map(({ kind, value, text }) => ({ name: kind, value, text })));
  const left: string[] = [];
  for (const width of [64, 76, 80]) {
    for (const { kind, value, text } of plantedSecrets.filter((planted) => planted.value.length >= 12)) {
      // The middle of the value, or of its first line, stands where a line ends.
      const middle = text.indexOf(value) + Math.min(value.length, width) / 2;
      const column = middle - (text.lastIndexOf('\n', middle) + 1);
      const before = `${'-'.repeat(Math.max(0, width - Math.floor(column) - 1))} `;
      const shown = wrapped(
        text.replace(/^.*$/gm, (line) =>
          text.startsWith(line) || line.includes(value) ? before + line : line,
        ),
        width,
      );
      const together = (redactText(shown, policy) ?? shown).replaceAll('\n', '');
      if (find(together).length > 0) left.push(`${kind} at ${width}`);
    }
  }
  assert.deepEqual(left, []);
  // As a dataset shows the arguments of a call that was redacted: an escape before a placeholder is no secret.
  const shown = redactText(
    wrapped(`${'-'.repeat(40)} docker login -u svc -p Tr0ub4dor9!z registry.internal`),
    policy,
  );
  assert.match(shown ?? '', /-p\s+<SECRET:[^>]+> registry/);
  assert.deepEqual(findSecrets(JSON.stringify(shown), policy), []);
  const ordinary = `${'x'.repeat(58)} sk-ant-api03-${'a1B2'.repeat(16)}`.slice(-80);
  assert.match(redactText(`${ordinary}\nand more`, policy) ?? '', /<SECRET:[^>]+>\nand more$/);
});

test('each is gone from JSON, nested and with JSON in its strings, and the JSON stays JSON', () => {
  const left: string[] = [];
  for (const { kind, value, text } of planted) {
    const inner = JSON.stringify({ output: text });
    const json = JSON.stringify({ a: [1, { b: { c: text } }], nested: JSON.stringify({ inner }), n: 1 });
    const redacted = redactJson(json, policy) ?? json;
    const parsed = JSON.parse(redacted);
    const deepest = JSON.parse(JSON.parse(parsed.nested).inner).output;
    if ([parsed.a[1].b.c, deepest, redacted].some((place) => place.includes(value))) left.push(kind);
  }
  assert.deepEqual(left, []);
});

test('each is gone from a text that goes through DuckDB', async () => {
  const { redacted, close } = await openRedaction(policy);
  const texts = planted.flatMap(({ text }) => Object.values(places).map((place) => place(text)));
  const expected = texts.map((text) => redactWords(text, policy));
  assert.deepEqual(await redacted('redacted', texts), expected);
  const jsons = await redacted(
    'redacted_json',
    planted.map(({ text }) => JSON.stringify({ a: JSON.stringify([text]) })),
  );
  const left = planted.filter(({ value }, place) => jsons[place]?.includes(value) !== false);
  assert.deepEqual(left, []);
  close();
});

test('every rule of the preset is known with what a text must hold for it', () => {
  assert.deepEqual(unknownPresetRules, []);
});
