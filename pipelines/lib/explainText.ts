import { excerpt } from './excerpt.js';
import type { Explanation, SourceFile, Line as SourceLine } from './explanation.js';
import { amount } from './progress.js';
import type { Stage } from './rowOrigins.js';
import { type Part, sharedPlace } from './rowText.js';
import { cut, type Line, layOut } from './terminal.js';

const shownParts = 6;
/** Columns that keys must have to be shown at all. */
const leastKeyRoom = 24;
const shownRanges = 4;
const firstLines = 3;
const lastLines = 5;

/** An explanation for people, in lines of at most `width` characters; `isFull` shows every log line, and all of it. */
export function describeExplanation(
  explanation: Explanation,
  { width, isFull }: { readonly width: number; readonly isFull: boolean },
): Line[] {
  const { stages, files, lines } = explanation;
  return [
    ...describeRow(explanation, width),
    '',
    { text: 'Made from', tone: 'heading' },
    ...describeStages(stages, width),
    '',
    ...describeFiles(files, width),
    ...describeLines(explanation, width, isFull),
    ...describeGone(lines),
  ];
}

function describeRow({ table, id, about, parts, also }: Explanation, width: number): Line[] {
  const time = about.created_at ?? about.occurred_at ?? about.started_at ?? about.asked_at;
  const facts = [
    ['split', about.split],
    ['kind', about.kind ?? about.event_type ?? about.end_reason],
    ['score', about.score],
    ['session', about.session_id],
    ['project', about.project ?? about.project_path],
    ['by', [about.harness ?? about.agent, about.teacher_model ?? about.model].filter(Boolean).join(', ')],
    ['created', time?.slice(0, 16)],
    ['rule', about.rule],
    ['also in', also.length === 0 ? '' : `${also.join(', ')} (--table)`],
  ].filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '');
  const shown = chosenParts(parts);
  const names = [...facts.map(([name]) => name), ...shown.map(({ column }) => column)];
  const indent = Math.max(...names.map((name) => name.length), 0) + 4;
  const line = (name: string, text: string) =>
    cut(`  ${name.padEnd(indent - 2)}${excerpt(text, '', width - indent - 2)}`, width);
  return [
    { text: `${table}  ${id}`, tone: 'heading' },
    ...facts.map(([name, value]) => line(name, value)),
    ...(shown.length === 0 ? [] : ['']),
    ...shown.map(({ column, text }) => line(column, text)),
    ...(parts.length > shown.length
      ? [line('', `… ${amount(parts.length - shown.length, 'items')} more pieces of text`)]
      : []),
  ];
}

/** The first pieces and the last one: where a conversation ends is what it is about. */
function chosenParts(parts: readonly Part[]): readonly Part[] {
  return parts.length <= shownParts ? parts : [...parts.slice(0, shownParts - 2), ...parts.slice(-2)];
}

function describeStages(stages: readonly Stage[], width: number): string[] {
  const rows = stages.map(({ table, keys, beside, by }) => {
    const ways = by.map(({ table: reader, columns }) => `${columns.join(', ')} of ${reader}`);
    const more = ways.length > 1 ? ` and ${ways.length - 1} more` : '';
    const looked = beside === 0 ? '' : beside === keys.length ? 'looked up: ' : `${beside} looked up: `;
    return [table, amount(keys.length, 'items'), `${looked}${ways[0] ?? 'the row'}${more}`];
  });
  const aligned = layOut([{ header: ['table', 'rows', 'found by'], rows }]);
  const widest = Math.max(...aligned.map(({ length }) => length));
  // In a narrow terminal keys are left to --json.
  const room = width - widest - 4;
  const keys = room < leastKeyRoom ? [] : ['keys', ...stages.map((stage) => shownKeys(stage, room))];
  return aligned.map((line, index) =>
    cut(`  ${keys.length === 0 ? line : `${line.padEnd(widest)}  ${keys[index] ?? ''}`}`, width),
  );
}

/** As many keys as fit. Of a hash its first 12 digits, which stand for it in `explain`. */
function shownKeys({ keys }: Stage, room: number): string {
  let shown = '';
  for (const [index, key] of keys.entries()) {
    const text = key.map((value) => (/^[0-9a-f]{32,64}$/.test(value) ? value.slice(0, 12) : value)).join('/');
    const next = index === 0 ? text : `${shown}  ${text}`;
    if (index > 0 && next.length > room - 2) return `${shown} …`;
    shown = next;
  }
  return shown;
}

function describeFiles(files: readonly SourceFile[], width: number): string[] {
  return files.flatMap(({ source, path, lines, bytes, ranges }) => {
    const named = ranges
      .slice(0, shownRanges)
      .map(
        ({ byteOffset, byteLength }) =>
          `${amount(byteOffset, 'items')}–${amount(byteOffset + byteLength, 'items')}`,
      );
    const more = ranges.length > shownRanges ? ` and ${ranges.length - shownRanges} more ranges` : '';
    return [
      cut(`${source}  ${path}`, width),
      cut(`  ${counted(lines, 'line')}, ${amount(bytes, 'bytes')}: bytes ${named.join(', ')}${more}`, width),
    ];
  });
}

function describeLines(
  { lines, files, parts, isRedacted }: Explanation,
  width: number,
  isFull: boolean,
): Line[] {
  const rowText = parts.map(({ text }) => text).join('\n');
  const placed = lines
    .filter((line): line is SourceLine & { text: string } => line.text !== null)
    .map((line) => ({ line, place: isFull ? 0 : sharedPlace(line.text, rowText) }));
  const telling = placed.filter(({ place }) => place !== undefined);
  const wanted = isFull || telling.length === 0 ? placed : telling;
  const isAll = isFull || wanted.length <= firstLines + lastLines;
  // Where it begins and where it ends: what a row is about is said last.
  const first = isAll ? wanted : wanted.slice(0, firstLines);
  const last = isAll ? [] : wanted.slice(-lastLines);
  if (first.length === 0) return [];
  const some = first.length + last.length;
  const count =
    some === placed.length ? counted(some, 'line') : `${some} of ${counted(placed.length, 'line')}`;
  const which = wanted === telling && telling.length < placed.length ? ', with words of the row' : '';
  const ways = [...(isRedacted ? ['--raw'] : []), ...(isFull ? [] : ['--full'])];
  const more = ways.length === 0 ? '' : ` (see ${ways.join(', ')})`;
  const shown = ({ line, place = 0 }: (typeof placed)[number]): Line[] => [
    cut(
      `  ${files.length === 1 ? 'line ' : `${line.path.split('/').at(-1)}:`}${line.lineNo}, ${amount(line.byteLength, 'bytes')} at ${amount(line.byteOffset, 'items')}`,
      width,
    ),
    { text: `    ${isFull ? line.text : windowAt(line.text, place, width - 4)}`, verbatim: true },
  ];
  return [
    '',
    cut(`${count}${which}, ${isRedacted ? 'redacted' : 'as they are'}${more}`, width),
    ...first.flatMap(shown),
    ...(isAll ? [] : ['  …']),
    ...last.flatMap(shown),
  ];
}

/** So much of a line as fits, with what stands at a place in it, and a little of what leads there. */
function windowAt(line: string, place: number, width: number): string {
  if (cut(line, width) === line) return line;
  // The end of a line is shown whole where the place is near it.
  const start = Math.max(0, Math.min(place - Math.floor(width / 4), line.length - width + 1));
  // Not in the middle of a character.
  const isHalf = /^[\udc00-\udfff]/.test(line.slice(start));
  return cut(`${start > 0 ? '…' : ''}${line.slice(isHalf ? start + 1 : start, start + width + 1)}`, width);
}

function describeGone(lines: readonly SourceLine[]): string[] {
  const gone = (state: SourceLine['state']) => lines.filter((line) => line.state === state).length;
  const words = [
    ['purged', 'purged from raw; their bytes are gone'],
    ['forgotten', 'forgotten; `tracemill build` takes the row out'],
  ] as const;
  return words.flatMap(([state, what]) =>
    gone(state) === 0
      ? []
      : ['', `! ${counted(gone(state), 'line')} ${gone(state) === 1 ? 'is' : 'are'} ${what}`],
  );
}

function counted(count: number, what: string): string {
  return `${amount(count, 'items')} ${what}${count === 1 ? '' : 's'}`;
}
