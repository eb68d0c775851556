import type { Finding } from './finding.js';

/** A text as a person would read it, and how to bring a finding back to its place in the text as it is. */
export type Reading = {
  readonly text: string;
  readonly place: (finding: Finding) => Finding;
  /** Of lines put together: whether a finding is more than what each line says alone, which `others` found. */
  readonly isNews?: (finding: Finding, others: readonly Finding[]) => boolean;
};

// ECMA-48: how a terminal's colours and cursor are written.
const introducer = '\u001b[';
const controls = new RegExp(`${introducer.replace('[', '\\[')}[0-9;?]*[A-Za-z]`, 'g');

/**
 * A text as it is, or where it holds colours: with each as white space, which parts words, and without them, as grep's
 * colours stand in the midst of a token. Then lines that were wrapped, put together.
 */
export function readings(text: string): Reading[] {
  const together = wrappedLines(text);
  if (!text.includes(introducer)) return [{ text, place: (finding) => finding }, ...together];
  const blank = text.replace(controls, (control) => ' '.repeat(control.length));
  return [{ text: blank, place: (finding) => finding }, withoutControls(text), ...together];
}

function withoutControls(text: string): Reading {
  const marks = [...text.matchAll(controls)];
  const { short, place } = without(
    text,
    marks.map(({ index, 0: control }) => ({ start: index, end: index + control.length })),
  );
  return { text: short, place };
}

type Part = { readonly start: number; readonly end: number };

/** A text without some parts of it, and the way back. */
function without(text: string, left: readonly Part[], from = 0, to = text.length) {
  // Where the kept parts begin: in the text without them, and in the text as it is.
  const kept: { readonly short: number; readonly long: number }[] = [];
  let [short, long] = ['', from];
  for (const { start, end } of left) {
    kept.push({ short: short.length, long });
    short += text.slice(long, start);
    long = end;
  }
  kept.push({ short: short.length, long });
  short += text.slice(long, to);
  const placeOf = (index: number) => {
    const part = kept.findLast((candidate) => candidate.short <= index) ?? { short: 0, long: from };
    return part.long + index - part.short;
  };
  const place = (finding: Finding): Finding => ({
    ...finding,
    start: placeOf(finding.start),
    end: placeOf(finding.end - 1) + 1,
  });
  return { short, place, joins: kept.slice(1).map((part) => part.short) };
}

// Widths that base64, mail, PEM and terminals are wrapped at.
const widths = new Set([64, 70, 72, 76, 78, 79, 80]);
const shortestLine = Math.min(...widths);
// Lines that stand so near are read together: a key has many.
const nearby = 200;

/** Lines that were cut at a width, not between words: each run of them as one line. */
function wrappedLines(text: string): Reading[] {
  if (text.length <= shortestLine) return [];
  const runs: { from: number; to: number; breaks: Part[] }[] = [];
  let next = text.indexOf('\n');
  for (let from = 0; next >= 0; ) {
    const [lineStart, end] = [from, next + 1];
    [from, next] = [end, text.indexOf('\n', end)];
    const start = text[end - 2] === '\r' ? end - 2 : end - 1;
    if (!widths.has(start - lineStart)) continue;
    // The next line goes on, at most with the space that stood there.
    if (!/^ ?\S/.test(text.slice(end, end + 2))) continue;
    const to = next < 0 ? text.length : next;
    const last = runs.at(-1);
    const part = { start, end };
    if (last !== undefined && lineStart - last.to <= nearby) {
      last.breaks.push(part);
      last.to = to;
    } else runs.push({ from: lineStart, to, breaks: [part] });
  }
  return runs.map(({ from, to, breaks }) => {
    const { short, place, joins } = without(text, breaks, from, to);
    const isNews = (finding: Finding, others: readonly Finding[]) => {
      const { start, end } = place(finding);
      if (others.some((other) => other.start <= start && other.end >= end)) return false;
      // A word that begins the next line is none of what ended this one.
      const join = joins.find((at) => finding.start < at && at < finding.end);
      const isWord = join !== undefined && /^(?:[a-z]+|[A-Z][a-z]+)$/.test(short.slice(join, finding.end));
      return !isWord || !others.some((other) => other.start === start);
    };
    return { text: short, place, isNews };
  });
}
