import fc from 'fast-check';
import { argumentValue, days, pause, saying, words } from './logWords.js';

// The eras of rollouts and what is new with each (session-formats 2.2 to 2.8).
const eras = [
  { version: null, isBare: true, hasTasks: false, isPaginated: false },
  { version: '0.36.0', isBare: false, hasTasks: false, isPaginated: false },
  { version: '0.55.0', isBare: false, hasTasks: false, isPaginated: false },
  { version: '0.104.0', isBare: false, hasTasks: true, isPaginated: false },
  { version: '0.137.0', isBare: false, hasTasks: true, isPaginated: false },
  { version: '0.150.0', isBare: false, hasTasks: true, isPaginated: true },
] as const;

const actKinds = [
  ...[
    'commentary',
    'commentary',
    'reasoning',
    'call',
    'call',
    'call',
    'custom',
    'local',
    'search',
    'steer',
    'plan',
  ],
  ...[
    'compacted',
    'tokens',
    'context',
    'meta',
    'review',
    'unknown',
    'item only',
    'event only',
    'mail',
    'approved',
  ],
] as const;
const ends = [
  ...[
    'answer',
    'answer',
    'answer',
    'answer',
    'aborted',
    'nothing',
    'failed',
    'rolled back',
    'rolled back twice',
  ],
] as const;
const act = fc.record({
  how: fc.constantFrom(...actKinds),
  text: words,
  tool: fc.constantFrom('shell', 'exec_command', 'apply_patch', 'mcp::a.b/ü', 'request_user_input'),
  input: fc.oneof(
    argumentValue.map((value) => JSON.stringify(value)),
    words,
  ),
  output: fc.oneof(
    words,
    words.map((output) => JSON.stringify({ output, metadata: { exit_code: output.length % 2 } })),
    fc.constantFrom(
      'Exit code: 1\nno',
      'aborted by user after 0.2s',
      'exec command rejected by user',
      'Exit code: 99999999999',
    ),
  ),
  isAnswered: fc.constantFrom(true, true, true, false),
});
export type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
const turn = fc.record({
  how: fc.constantFrom(
    'typed',
    'typed',
    'typed',
    'editor',
    'custom',
    'injected',
    'two parts',
    'none',
    'same',
  ),
  text: saying,
  acts: fc.array(act, { maxLength: 5 }),
  end: fc.constantFrom(...ends),
  answer: saying,
});
export type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

export const codexSession = fc.record({
  era: fc.constantFrom(...eras),
  day: fc.constantFrom(...days),
  seconds: fc.nat(80_000),
  pauses: fc.array(pause, { minLength: 4, maxLength: 9 }),
  source: fc.constantFrom<unknown>(
    'cli',
    'cli',
    'cli',
    'vscode',
    'exec',
    { subagent: 'review' },
    { subagent: { other: 'guardian' } },
  ),
  policy: fc.constantFrom('on-request', 'never', 'untrusted'),
  turns: fc.array(turn, { minLength: 1, maxLength: 5 }),
  fork: fc.option(
    fc.record({
      how: fc.constantFrom('replay', 'replay named', 'named', 'thread', 'copy', 'continuation'),
      keep: fc.nat(99),
      turns: fc.array(turn, { minLength: 1, maxLength: 2 }),
    }),
    { freq: 4 },
  ),
});
export type CodexSession = typeof codexSession extends fc.Arbitrary<infer T> ? T : never;
