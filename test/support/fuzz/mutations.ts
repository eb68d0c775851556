import fc from 'fast-check';
import { changeField } from './changedFields.js';
import { changeBytes, changeLines, type Log } from './changedLines.js';
import { changeLink } from './changedLinks.js';
import type { LogFile } from './claudeSpecs.js';
import { namedFields, oddTimes, textOf, wrongValues } from './oddValues.js';

/** A file as bytes. */
export type Bytes = { readonly path: string; readonly bytes: Buffer };

const at = fc.nat(1 << 28);
const spot = { file: at, line: at };
const insertions: readonly Buffer[] = [
  ...[
    Buffer.from([0]),
    Buffer.alloc(3000),
    Buffer.from('\ufeff'),
    Buffer.from('\r'),
    Buffer.from([0xff, 0xfe]),
  ],
  ...[
    Buffer.from([0xc3]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from('\\ud83d'),
    Buffer.from('\n'),
    Buffer.from('\r\n'),
  ],
  ...[
    Buffer.from('\\'),
    Buffer.from('"'),
    Buffer.from('}{'),
    Buffer.from('{'),
    Buffer.from('}'),
    Buffer.from(' \t'),
  ],
  ...[
    Buffer.from('\u2028'),
    Buffer.from(','),
    Buffer.from('/* a */'),
    Buffer.from('NaN'),
    Buffer.from('\v'),
    Buffer.from('\u00a0'),
  ],
];

const field = fc.record({
  level: fc.constant('field' as const),
  ...spot,
  name: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...namedFields) }, fc.constant('')),
  node: at,
  how: fc.constantFrom('remove', 'replace', 'replace', 'replace', 'again', 'wrap', 'time', 'time all'),
  value: fc.constantFrom(...wrongValues),
  time: fc.constantFrom(...oddTimes),
});
const link = fc.record({
  level: fc.constant('link' as const),
  ...spot,
  other: at,
  session: at,
  how: fc.constantFrom(
    ...([
      'self',
      'cycle',
      'dangling',
      'backwards',
      'one uuid',
      'one message',
      'session',
      'session all',
      'renamed call',
    ] as const),
    ...([
      'one call',
      'later call',
      'one agent',
      'one turn',
      'forked',
      'forked from itself',
      'many rolled back',
    ] as const),
  ),
});
const line = fc.record({
  level: fc.constant('line' as const),
  ...spot,
  other: at,
  session: at,
  how: fc.constantFrom(
    'drop',
    'twice',
    'swap',
    'move',
    'reverse',
    'from another',
    'drop many',
    'only',
    'file twice',
  ),
});
const byte = fc.record({
  level: fc.constant('byte' as const),
  file: at,
  at,
  count: fc.constantFrom(1, 1, 1, 5, 70_000),
  how: fc.constantFrom(
    'flip',
    'delete',
    'insert',
    'insert',
    'insert',
    'glue',
    'glue all',
    'truncate',
    'no last newline',
    'crlf',
    'mark',
    'empty',
  ),
  value: fc.constantFrom(...insertions),
});

/** A change to one session's files; places are taken modulo what there is, so that it fits any. */
export const mutation = fc.oneof(
  { weight: 3, arbitrary: field },
  { weight: 3, arbitrary: link },
  { weight: 2, arbitrary: line },
  { weight: 3, arbitrary: byte },
);
export type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** The bytes of files after their changes; `others` are the files of other sessions, as they were before any change. */
export function mutated(
  files: readonly LogFile[],
  mutations: readonly Mutation[],
  others: readonly LogFile[],
): Bytes[] {
  let logs: Log[] = structuredClone(files.map(({ path, lines }) => ({ path, lines: [...lines] })));
  for (const one of mutations) {
    if (one.level === 'byte') continue;
    const log = pick(logs, one.file);
    if (log === undefined || log.lines.length === 0) continue;
    const place = one.line % log.lines.length;
    if (one.level === 'field') changeField(log.lines, place, one);
    else if (one.level === 'link') changeLink(log.lines, place, one, pick(others, one.session));
    else logs = changeLines(logs, log, place, one, pick(others, one.session));
  }
  const written = logs.map(({ path, lines }): { path: string; bytes: Buffer } => ({
    path,
    bytes: Buffer.from(lines.map(textOf).join('')),
  }));
  for (const one of mutations) {
    if (one.level !== 'byte') continue;
    const file = pick(written, one.file);
    if (file !== undefined) file.bytes = changeBytes(file.bytes, one);
  }
  return written;
}

/** An item of a list, its place taken modulo the list's length. */
export function pick<T>(list: readonly T[], place: number): T | undefined {
  return list[place % list.length];
}
