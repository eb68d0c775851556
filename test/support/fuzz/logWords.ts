import fc from 'fast-check';

/** Words as people, models and tools write them, odd ones among them; mostly short, for a lake holds thousands. */
export const words = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'Add two numbers.',
      'Write a line, please.',
      'Why does the test fail?',
      'Done: the test passes.',
      'I will look at the file first.',
      'no, that is wrong',
      'see /home/mia/bees/hive.ts',
      'Fix the build of the importer and tell me what it was.',
    ),
  },
  fc.constantFrom(
    ...[
      '',
      ' ',
      '\n\t\u00a0',
      '.',
      'yes',
      '{',
      '}{',
      '{"type":"user"}',
      '[1,2]',
      'null',
      '\u001e\u001f',
      'a\0b',
    ],
    ...[
      'line\u2028separator\u2029',
      'a "quoted" \\ back/slash \b\f\v\u007f',
      'e\u0301 ﬁ 😀 한국어',
      'x'.repeat(40_000),
    ],
    ...[
      'half \ud83d of a pair',
      '\ufeffmarked',
      '</tool_call>',
      '- a\r\n- b',
      '@user, <b>bold</b>',
      '\\u0000 \\ud800',
    ],
  ),
  // What the harnesses write themselves, pasted or real.
  fc.constantFrom(
    '[Request interrupted by user]',
    '<command-name>/clear</command-name>',
    '<system-reminder>Mind the time.</system-reminder>',
    '# Context from my IDE setup:\n\n## My request for Codex:\nSort the list.',
    '## User Input\n\n```text\nsort it\n```\n\nYou **MUST** consider it.',
    '<environment_context><cwd>/home/mia/moss</cwd></environment_context>',
    '<proposed_plan>\nFirst this, then that, and then all of the rest.\n</proposed_plan>',
    'PLEASE IMPLEMENT THIS PLAN:\nFirst this, then that, and then all of the rest.',
    'User has approved your plan. You can now start coding.',
    '<oai-mem-citation>a</oai-mem-citation>Twelve.',
    'This session is being continued from a previous conversation that ran out of context.',
    "The user doesn't want to proceed with this tool use. The tool use was rejected.",
    'aborted by user after 0.2s',
    'exec command rejected by user',
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

/** Words that say something. */
export const saying = words.filter((text) => text.trim() !== '');

/** Values of tool arguments. */
export const argumentValue: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.constantFrom<Record<string, unknown>>(
    { command: 'ls' },
    { file_path: '/home/mia/bees/a.ts', limit: 10 },
    { n: 1.5, all: [1, { deep: null }] },
    {},
    { '': 1, 'a "b"': '\0', é: -0 },
  ),
  fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
);

/** Seconds between one line and the next: mostly a few, now and then backwards. */
export const pause = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 0.001, 0.4, 2, 31) },
  { weight: 1, arbitrary: fc.constantFrom(-5, 4000) },
);

/** A UUID that says where it is from: the same words for the same session and place. */
export function uuidOf(session: number, place: number): string {
  const hex = (value: number, length: number) => value.toString(16).padStart(length, '0').slice(-length);
  return `${hex(session * 40_503, 8)}-${hex(session, 4)}-4000-8000-${hex(place, 12)}`;
}

/** The days that sessions begin on: few, as each costs a build of its own. */
export const days = ['2026-02-20', '2026-02-21', '2026-03-09'];
