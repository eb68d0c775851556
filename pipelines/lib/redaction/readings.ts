import type { Finding } from './finding.js';

/** A text as a person would read it, and how to bring a finding back to its place in the text as it is. */
export type Reading = { readonly text: string; readonly place: (finding: Finding) => Finding };

// ECMA-48: how a terminal's colours and cursor are written.
const introducer = '\u001b[';
const controls = new RegExp(`${introducer.replace('[', '\\[')}[0-9;?]*[A-Za-z]`, 'g');

/**
 * A text as it is, or where it holds colours: with each as white space, which parts words, and without them, as grep's
 * colours stand in the midst of a token.
 */
export function readings(text: string): Reading[] {
  if (!text.includes(introducer)) return [{ text, place: (finding) => finding }];
  const blank = text.replace(controls, (control) => ' '.repeat(control.length));
  return [{ text: blank, place: (finding) => finding }, withoutControls(text)];
}

function withoutControls(text: string): Reading {
  // Where the kept parts begin: in the text without colours, and in the text as it is.
  const parts: { readonly short: number; readonly long: number }[] = [];
  let [short, long] = ['', 0];
  for (const { index, 0: control } of text.matchAll(controls)) {
    parts.push({ short: short.length, long });
    short += text.slice(long, index);
    long = index + control.length;
  }
  parts.push({ short: short.length, long });
  short += text.slice(long);
  const placeOf = (index: number) => {
    const part = parts.findLast((candidate) => candidate.short <= index) ?? { short: 0, long: 0 };
    return part.long + index - part.short;
  };
  return {
    text: short,
    place: (finding) => ({ ...finding, start: placeOf(finding.start), end: placeOf(finding.end - 1) + 1 }),
  };
}
