import fc from 'fast-check';
import { argumentValue, days, pause, saying, words } from './logWords.js';

/** A record of a log line, and a log: its path below a home of both agents. */
export type Line = Record<string, unknown>;
export type LogFile = { readonly path: string; readonly lines: readonly Line[] };

// Versions and what is new with each (session-formats 1.2 to 1.8).
const eras = [
  { version: '0.2.100', isWhole: true, subagents: 'inline', resumes: 'copy' },
  { version: '1.0.6', isWhole: true, subagents: 'inline', resumes: 'copy' },
  { version: '1.0.60', isWhole: false, subagents: 'inline', resumes: 'copy' },
  { version: '2.0.20', isWhole: false, subagents: 'beside', resumes: 'append' },
  { version: '2.0.76', isWhole: false, subagents: 'beside', resumes: 'append' },
  { version: '2.1.20', isWhole: false, subagents: 'below', resumes: 'append' },
  { version: '2.1.90', isWhole: false, subagents: 'below', resumes: 'append' },
  { version: '2.1.222', isWhole: false, subagents: 'below', resumes: 'append' },
] as const;

const promptKinds = [
  ...[
    'typed',
    'typed',
    'typed',
    'typed',
    'blocks',
    'ide',
    'reminded',
    'command',
    'bash',
    'meta',
    'notification',
  ],
  ...['plan', 'suggestion', 'image', 'again', 'again', 'peer', 'scheduled', 'compaction', 'local', 'queued'],
] as const;
const actKinds = [
  ...[
    'text',
    'text',
    'thinking',
    'call',
    'call',
    'call',
    'parallel',
    'task',
    'steer',
    'pop',
    'compaction',
    'hook',
  ],
  ...['edited', 'progress', 'title', 'snapshot', 'question', 'unknown', 'api error', 'server tool'],
] as const;
const outcomes = [
  ...[
    'ok',
    'ok',
    'ok',
    'error',
    'refused',
    'refused for',
    'interrupted',
    'none',
    'twice',
    'denied',
    'image',
    'clarified',
  ],
] as const;
const ends = [
  ...['answer', 'answer', 'answer', 'duration', 'interrupt', 'nothing', 'synthetic', 'limit', 'aborted'],
] as const;

const act = fc.record({
  how: fc.constantFrom(...actKinds),
  text: words,
  tool: fc.constantFrom('Bash', 'Read', 'Edit', 'ExitPlanMode', 'mcp__a__b', 'x'.repeat(70), ''),
  input: argumentValue,
  outcome: fc.constantFrom(...outcomes),
});
export type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
const turn = fc.record({
  how: fc.constantFrom(...promptKinds),
  text: fc.oneof({ weight: 3, arbitrary: saying }, { weight: 1, arbitrary: words }),
  acts: fc.array(act, { maxLength: 5 }),
  end: fc.constantFrom(...ends),
  answer: saying,
});
export type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

export const claudeSession = fc.record({
  era: fc.constantFrom(...eras),
  day: fc.constantFrom(...days),
  seconds: fc.nat(80_000),
  pauses: fc.array(pause, { minLength: 4, maxLength: 9 }),
  project: fc.constantFrom('-home-mia-bees', '-home-mia-moss', 'C--Users-mia-x'),
  entrypoint: fc.constantFrom(undefined, 'cli', 'cli', 'cli', 'claude-vscode', 'sdk-cli'),
  mode: fc.constantFrom(undefined, 'default', 'acceptEdits', 'bypassPermissions', 'plan'),
  turns: fc.array(turn, { minLength: 1, maxLength: 5 }),
  resumed: fc.option(fc.record({ keep: fc.nat(99), turns: fc.array(turn, { minLength: 1, maxLength: 2 }) }), {
    freq: 4,
  }),
  errand: fc.constantFrom(undefined, undefined, 'acompact', 'aprompt_suggestion', 'aside_question'),
});
export type ClaudeSession = typeof claudeSession extends fc.Arbitrary<infer T> ? T : never;
