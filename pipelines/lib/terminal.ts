import { styleText } from 'node:util';
import stringWidth from 'string-width';
import { printable } from './printable.js';
import { isFigure } from './progress.js';

/** What a text is, for its colour on a terminal. */
export type Tone = 'heading' | 'quiet' | 'warning' | 'failure';

/** A text with its tone. `verbatim`: one to copy, as a command or a line of a log, that is broken nowhere. */
export type Words = { readonly text: string; readonly tone?: Tone; readonly verbatim?: boolean };
type Cell = string | Words;

/**
 * Rows under a header, which may be empty. Numbers stand right; `-` is none. On a terminal that is too narrow the widest
 * columns of text are cut, or the last one is broken into lines where it `wraps`.
 */
export type Table = {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly wraps?: boolean;
};

/** What a verb says: a text, which on a terminal is broken between words where it is too long, or a table. */
export type Line = string | Words | Table;

/** What stands at the other end: its width in characters (null: any), and whether it shows colours. */
export type Terminal = { readonly width: number | null; readonly color: boolean };

const plain: Terminal = { width: null, color: false };
const styles = { heading: 'bold', quiet: 'dim', warning: 'yellow', failure: 'red' } as const;
const gap = '  ';
// A column of text is not cut below this, nor are words broken into less.
const leastWidth = 8;
const leastWords = 24;
// What is never broken: a word, a short command in backquotes, a number with its unit. Chinese and Japanese know no spaces, so
// each of their characters is a word.
const wide = '\\u2e80-\\u9fff\\uac00-\\ud7af\\uff00-\\uffef';
const words = new RegExp(
  ` *(?:[${wide}]|(?:\`[^\`]{1,40}\`|[^\\s${wide}])+(?:(?<=\\d) (?:[kMGT]?B|%)(?!\\w)[;,.:)]*)?)`,
  'g',
);

/** The lines as they are printed, without newlines at their ends; control characters are written out. */
export function layOut(lines: readonly Line[], terminal: Terminal = plain): string[] {
  return lines.flatMap((line) => {
    if (typeof line === 'object' && 'header' in line) return layOutTable(line, terminal);
    const { text, tone, verbatim = false }: Words = typeof line === 'string' ? { text: line } : line;
    const width = verbatim ? null : terminal.width;
    return printable(text)
      .split('\n')
      .flatMap((part) => wrap(part, width, `${/^ */.exec(part)?.[0]}  `))
      .map((part) => paint(part, tone ?? toneOf(text), terminal));
  });
}

/** An error: what it is about, before the first colon, is red. */
export function layOutError(message: string, terminal: Terminal): string[] {
  const [first = '', ...rest] = layOut([message], { ...terminal, color: false });
  const place = /^.*?:(?= )/.exec(first)?.[0] ?? '';
  return [`${paint(place, 'failure', terminal)}${first.slice(place.length)}`, ...rest];
}

// Every verb begins a warning with this mark.
function toneOf(text: string): Tone | undefined {
  return text.startsWith('! ') ? 'warning' : undefined;
}

function paint(text: string, tone: Tone | undefined, { color }: Terminal): string {
  if (!color || tone === undefined || text === '') return text;
  // What a terminal shows was decided before: the environment is read in one place.
  return styleText(styles[tone], text, { validateStream: false });
}

function layOutTable({ header, rows, wraps = false }: Table, terminal: Terminal): string[] {
  const cells = rows.map((row) => row.map(oneLine));
  const head = header.map((text) => oneLine({ text, tone: 'heading' }));
  const all = header.length > 0 ? [head, ...cells] : cells;
  const columns = Math.max(0, ...all.map((row) => row.length));
  const kinds = Array.from({ length: columns }, (_, column) =>
    kindOf(cells.map((row) => row[column]?.text ?? '')),
  );
  const natural = kinds.map((_, column) =>
    Math.max(...all.map((row) => stringWidth(row[column]?.text ?? ''))),
  );
  const widths = fitted(natural, kinds, terminal, wraps);
  return all.flatMap((row) => {
    const last = columns - 1;
    const parts = widths.map((width, column) => {
      const { text, tone } = row[column] ?? { text: '' };
      if (wraps && column === last) return wrap(text, width, '').map((part) => ({ part, tone }));
      return [{ part: cut(text, width), tone }];
    });
    const height = Math.max(1, ...parts.map((part) => part.length));
    return Array.from({ length: height }, (_, line) => {
      const ends = parts.findLastIndex((part) => (part[line]?.part ?? '') !== '');
      return parts
        .slice(0, ends + 1)
        .map((lines, column) => {
          const { part, tone } = lines[line] ?? { part: '', tone: undefined };
          const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(part)));
          const shown = paint(part, tone, terminal);
          if (kinds[column] === 'number') return `${space}${shown}`;
          return column === ends ? shown : `${shown}${space}`;
        })
        .join(gap);
    });
  });
}

type Kind = 'number' | 'bar' | 'text';

/** Numbers, sizes and shares among them; or shares drawn as bars. */
function kindOf(texts: readonly string[]): Kind {
  if (texts.every(isFigure)) return 'number';
  return texts.every((text) => /^[▇·]*$/.test(text)) ? 'bar' : 'text';
}

/** Widths that fit, where there are such: bars give first, then the widest column of text; a last one that wraps before all. */
function fitted(
  natural: readonly number[],
  kinds: readonly Kind[],
  terminal: Terminal,
  wraps: boolean,
): number[] {
  const widths = [...natural];
  const last = widths.length - 1;
  const over = () => (terminal.width === null ? 0 : sum(widths) + gap.length * last - terminal.width);
  if (wraps && over() > 0) widths[last] = Math.max(leastWords, (widths[last] ?? 0) - over());
  const given = (width: number, column: number) => {
    if (kinds[column] === 'number' || (wraps && column === last) || width <= leastWidth) return 0;
    return kinds[column] === 'bar' ? Number.MAX_SAFE_INTEGER : width;
  };
  while (over() > 0) {
    const room = widths.map(given);
    const most = Math.max(...room);
    if (most === 0) return widths;
    const column = room.lastIndexOf(most);
    widths[column] = (widths[column] ?? 0) - 1;
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function oneLine(cell: Cell): Words {
  const { text, ...rest } = typeof cell === 'string' ? { text: cell } : cell;
  return { ...rest, text: printable(text).replaceAll(/[\n\t]+/g, ' ') };
}

/** A text in at most so many columns, with … for what is cut off. */
export function cut(text: string, width: number): string {
  let kept = '';
  let used = 0;
  // A line of a log may be megabytes long: no more of it is looked at than fits.
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += stringWidth(segment);
    if (used > width) return `${kept}…`;
    if (used < width) kept += segment;
  }
  return text;
}

/** A text in lines of at most so many columns, where its words allow it; `indent` stands before all but the first. */
function wrap(text: string, width: number | null, indent: string): string[] {
  if (width === null || stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const [word] of text.matchAll(words)) {
    if (line.trim() === '' || stringWidth(`${line}${word}`) <= width) {
      line += word;
      continue;
    }
    lines.push(line);
    line = `${indent}${word.trimStart()}`;
  }
  return [...lines, line];
}
