import fc from 'fast-check';
import type { SessionSpec, StepSpec, TurnSpec } from './core.js';

const texts = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('Yes.', 'add two numbers', 'Write a line.', 'sum', 'Implement the plan.'),
  },
  fc.constantFrom('', ' ', '\n\t\u00a0', ' sum\n', 'Sum '),
  fc.constantFrom(
    'a "quoted" \\ back/slash </tag> \b\f\v\x1f\x7f',
    'line\u2028separator \\u2028 \u2029',
    '{"a": "\\/"}',
  ),
  fc.constantFrom('한국어 😀 ﬁ e\u0301', 'see ~/notes/a.md and toolu_01ABCDEFGHJK', 'plan:\nadd two numbers'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);

/** JSON text as a model may write it: with white space, escapes that nobody needs, and numbers of all kinds. */
const jsonText = fc.oneof(
  fc.constantFrom('{}', '[]', '{ }', 'null', 'true', '"text"', '12', '{"a":', '*** Begin Patch'),
  fc
    .array(
      fc.tuple(
        fc.constantFrom('path', 'n', 'a b', '\\u00e9\\/', 'ünï', '"q\\"'.slice(1, 4), ''),
        fc.constantFrom(
          ...['0', '-0', '-0.0', '1.0', '1.50', '1e5', '1E+21', '2.5e-9', '1e400', '12345678901234567890123'],
          ...['18446744073709551615', '18446744073709551616', '-9223372036854775808', '-9223372036854775809'],
          ...[
            'null',
            'true',
            '[ 1 , {"b" : [ ] } ]',
            '{"x":{"y":1}}',
            '"\\u001f\\/\\u0041\\ud83d\\ude00"',
            '"\\u2028\\\\u2028"',
          ],
        ),
      ),
      { maxLength: 4 },
    )
    .map((pairs) => {
      const members = [...new Map(pairs)].map(([key, value]) => ` "${key}" : ${value}`);
      return `{${members.join(' ,')}\n}`;
    }),
);

const argumentsOf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    5,
    ['a'],
    {},
    { path: 'a' },
    { path: 1, n: null },
    { path: 1.5 },
    { path: [] },
  ),
  fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
  { weight: 3, arbitrary: jsonText },
);

const callId = fc.constantFrom('c1', 'c2', 'c3');
const messageId = fc.constantFrom({}, { message_id: 'm1' }, { message_id: 'm2' });
const outcome = fc.constantFrom('ok', 'ok', 'error', 'rejected');
const toolName = fc.constantFrom('Bash', 'Read', 'mcp::a.b/ü', 'x'.repeat(70), '', null);

const step: fc.Arbitrary<StepSpec> = fc.oneof(
  fc.tuple(texts, messageId).map(([text, more]) => ({ kind: 'text', text, ...more })),
  fc.tuple(texts, messageId).map(([text, more]) => ({ kind: 'reasoning', text, ...more })),
  {
    weight: 2,
    arbitrary: fc.tuple(callId, toolName, argumentsOf, messageId).map(([id, name, args, more]) => ({
      ...{ kind: 'tool_call', tool_call_id: id, tool_name: name, arguments: args },
      ...more,
    })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(callId, texts, outcome).map(([id, text, how]) => ({
      ...{ kind: 'tool_result', author: 'machine', tool_call_id: id, text, outcome: how },
    })),
  },
  fc.tuple(callId, texts).map(([id, text]) => ({
    ...{ kind: 'rejection', author: 'human', tool_call_id: id, text },
    label: text === '' ? 'plain_rejection' : 'reasoned_rejection',
  })),
  fc.constantFrom<StepSpec>(
    { kind: 'steer', author: 'human', text: 'and b' },
    { kind: 'steer', author: 'machine', text: 'a hook' },
    { kind: 'interrupt', author: 'human' },
    { kind: 'compaction', author: 'machine', text: 'summary' },
    { kind: 'tool_result', author: 'machine', text: 'User has approved your plan', tool_call_id: 'c1' },
  ),
);

const steered: StepSpec[] = ['one', 'two'].map((text) => ({ kind: 'text', text }));

/** A step, a call with what it gave back, a refused call, or words on both sides of a steer. */
const steps: fc.Arbitrary<StepSpec[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: step.map((one) => [one]) },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.nat(), toolName, argumentsOf, texts).map(([id, name, args, text]) => [
          { kind: 'tool_call', tool_call_id: `c${id}`, tool_name: name, arguments: args },
          { kind: 'tool_result', author: 'machine', tool_call_id: `c${id}`, text, outcome: 'ok' },
        ]),
      },
      fc.tuple(fc.nat(), texts).map(([id, text]) => [
        { kind: 'tool_call', tool_call_id: `r${id}`, tool_name: 'Bash', arguments: {} },
        { kind: 'tool_result', author: 'machine', tool_call_id: `r${id}`, text, outcome: 'rejected' },
        { kind: 'rejection', author: 'human', tool_call_id: `r${id}`, text, label: 'reasoned_rejection' },
      ]),
      fc.constant([
        ...steered.slice(0, 1),
        { kind: 'steer', author: 'human', text: 'or b' },
        ...steered.slice(1),
      ]),
    ),
    { maxLength: 7 },
  )
  .map((parts) => parts.flat());

const turn: fc.Arbitrary<TurnSpec> = fc
  .record({
    question: fc.constantFrom(
      'Name it.',
      'Name it.',
      'What is it for?',
      ' ',
      'plan:\nSum',
      'Implement the plan.',
    ),
    steps,
    last: texts,
    end: fc.constantFrom('answered', 'answered', 'answered', 'interrupted', 'tool', 'rolled_back', 'open'),
    prompt_kind: fc.constantFrom('human', 'human', 'human', 'human', 'plan', 'command', 'agent'),
    is_ended: fc.constantFrom(true, true, false),
    segment_no: fc.constantFrom(0, 0, 0, 1),
    voided_by: fc.constantFrom(undefined, undefined, undefined, 2, 3),
  })
  .map(({ steps: before, last, ...more }) => ({ ...more, steps: [...before, { kind: 'text', text: last }] }));

/** The same words again, once or twice, after answers that a person undid. */
const again: fc.Arbitrary<TurnSpec[]> = fc
  .tuple(fc.constantFrom('Name it.', 'Sum!'), fc.array(texts, { minLength: 1, maxLength: 2 }), steps, texts)
  .map(([question, undone, before, last]) => [
    ...undone.map((text, index) => ({ question, steps: [{ kind: 'text', text }], voided_by: index + 2 })),
    { question, steps: [...before, { kind: 'text', text: last }] },
  ]);

/** Sessions in which the steps of turns come in any order, with odd texts and arguments. */
export function oddSessions(count: number, seed: number): SessionSpec[] {
  const session = fc.record({
    turns: fc.oneof({ weight: 2, arbitrary: fc.array(turn, { minLength: 1, maxLength: 4 }) }, again),
    agent: fc.constantFrom('claude', 'codex'),
    kind: fc.constantFrom('main', 'main', 'main', 'subagent', 'exec'),
    is_replay: fc.constantFrom(false, false, false, false, true),
    day: fc.constantFrom('2026-01-01', 'unknown'),
  });
  const sessions = fc.sample(session, { numRuns: count, seed });
  return [
    longResults,
    unspoken,
    ...cutTurns,
    ...copies,
    mixedNumbers,
    ...sessions.map((one, index) => onceRejected({ ...one, id: `s${index}` })),
  ];
}

/** Results at the length that messages cut them at, and over it. */
const longResults: SessionSpec = {
  id: 'long',
  turns: ['ä'.repeat(32_000), 'ä😀'.repeat(16_001)].map((text) => ({
    question: 'Read it.',
    steps: [
      { kind: 'tool_call', tool_call_id: 'c1', tool_name: 'Read', arguments: {} },
      { kind: 'tool_result', author: 'machine', tool_call_id: 'c1', text },
      { kind: 'text', text: 'Done.' },
    ],
  })),
};

/** Reasoning that led to nothing is no message. */
const unspoken: SessionSpec = {
  id: 'unspoken',
  turns: [{ question: 'Think.', end: 'open', steps: [{ kind: 'reasoning', text: 'Hm.' }] }],
};

/** An argument that is a whole number once and a fraction once. */
const mixedNumbers: SessionSpec = {
  id: 'numbers',
  turns: [1, 1.5].map((n, index) => ({
    question: 'Wait.',
    steps: [
      { kind: 'tool_call', tool_call_id: `c${index}`, tool_name: 'sleep', arguments: { n } },
      { kind: 'tool_result', author: 'machine', tool_call_id: `c${index}`, text: '' },
      { kind: 'text', text: 'Done.' },
    ],
  })),
};

/** Turns that a compaction cuts through, last in their segment and first. */
const cutTurns: SessionSpec[] = [
  {
    id: 'cut last',
    turns: [
      { question: 'One.', steps: [{ kind: 'text', text: 'a' }] },
      { question: 'Two.', end: 'open', steps: [{ kind: 'text', text: 'b' }] },
      {
        question: 'Three.',
        steps: [
          { kind: 'compaction', author: 'machine' },
          { kind: 'text', text: 'c' },
        ],
      },
    ],
  },
  {
    id: 'cut first',
    turns: [
      {
        question: 'One.',
        steps: [
          { kind: 'compaction', author: 'machine' },
          { kind: 'text', text: 'a' },
        ],
      },
      { question: 'Two.', steps: [{ kind: 'text', text: 'b' }] },
    ],
  },
];

/** The same words in two sessions of a day, the older one named last. */
const copies: SessionSpec[] = ['10:00:00', '09:00:00'].map((time, index) => ({
  id: `copy ${index}`,
  turns: [{ question: 'Copy it.', steps: [{ kind: 'text', text: 'ok' }], started_at: `2026-01-01 ${time}` }],
}));

/** Of a call that was refused twice the lake does not say which words come first. */
function onceRejected(session: SessionSpec): SessionSpec {
  const refused = new Set<unknown>();
  const isFirst = (one: StepSpec): boolean => {
    if (one.kind !== 'rejection') return true;
    if (refused.has(one.tool_call_id)) return false;
    refused.add(one.tool_call_id);
    return true;
  };
  return { ...session, turns: session.turns.map((one) => ({ ...one, steps: one.steps.filter(isFirst) })) };
}
