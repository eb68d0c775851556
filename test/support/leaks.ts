import { isUtf8 } from 'node:buffer';

/** Something that must not be found, a name to tell of it, and what may stay around it. */
export type Wanted = { readonly name: string; readonly value: string; readonly text?: string };
/** A trace of something wanted: which, in which form, and where in the text. */
export type Leak = { readonly name: string; readonly form: string; readonly around: string };
/** The leaks of a text: of its characters, and of what it says where it is JSON, with JSON in its strings. */
export type FindLeaks = (text: string) => Leak[];

// So many characters in a row are enough to know a secret by; what is shorter is looked for as a whole.
const width = 12;
const hashBits = 22;

/** How a value may be written: as it is, escaped in JSON (in JSON), in a URL, in base64 wherever it begins there. */
export function formsOf(value: string): [form: string, text: string][] {
  const escaped = JSON.stringify(value).slice(1, -1);
  const forms: [string, string][] = [
    ['plain', value],
    ['JSON', escaped],
    ['JSON in JSON', JSON.stringify(escaped).slice(1, -1)],
    ['URL', encodeURIComponent(value)],
    ['form', encodeURIComponent(value).replaceAll('%20', '+')],
  ];
  for (const [shift, cut] of [0, 2, 3].entries()) {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
    const end = Math.floor((bytes.length * 8) / 6);
    const middle = bytes.toString('base64').slice(cut, end);
    forms.push(
      [`base64 ${shift}`, middle],
      [`base64url ${shift}`, middle.replaceAll('+', '-').replaceAll('/', '_')],
    );
  }
  return forms;
}

/** A search for values, and for any 12 characters in a row of them, in all their forms. */
export function searchFor(wanted: readonly Wanted[]): FindLeaks {
  const pieces = new Map<string, readonly [name: string, form: string]>();
  const short = new Map<string, readonly [name: string, form: string]>();
  // Much larger than the number of pieces, so that few places of a text need a closer look.
  const known = new Uint8Array(1 << hashBits);
  // `access_token` begins a token, and names others.
  const ordinary = wanted.map(({ value, text = '' }) => text.replaceAll(value, '\n')).join('\n');
  for (const { name, value } of wanted) {
    for (const [form, text] of formsOf(value)) {
      if (text.length < width) {
        // A few letters of base64 stand in anything.
        if (!form.startsWith('base64') && !short.has(text)) short.set(text, [name, form]);
        continue;
      }
      for (let at = 0; at + width <= text.length; at++) {
        const piece = text.slice(at, at + width);
        if (ordinary.includes(piece)) continue;
        if (!pieces.has(piece)) pieces.set(piece, [name, form]);
        known[hashAt(piece, 0)] = 1;
      }
    }
  }
  const inText = (text: string): Leak[] => {
    const found = new Map<string, Leak>();
    const tell = ([name, form]: readonly [string, string], at: number) => {
      const key = `${name} ${form}`;
      const around = text.slice(Math.max(0, at - 60), at + 60);
      if (!found.has(key)) found.set(key, { name, form, around });
    };
    for (let at = 0; at + width <= text.length; at++) {
      if (known[hashAt(text, at)] !== 1) continue;
      const piece = pieces.get(text.slice(at, at + width));
      if (piece !== undefined) tell(piece, at);
    }
    for (const [word, what] of short) {
      const at = text.indexOf(word);
      if (at >= 0) tell(what, at);
    }
    return [...found.values()];
  };
  // Rows repeat each other's texts: each is looked at once.
  const seen = new Map<string, Leak[]>();
  return (text) => {
    const before = seen.get(text);
    if (before !== undefined) return before;
    const leaks = [...inText(text), ...jsonTexts(text).flatMap(inText)];
    seen.set(text, leaks);
    return leaks;
  };
}

function hashAt(text: string, at: number): number {
  const code = (offset: number) => text.charCodeAt(at + offset);
  return (
    (code(0) * 31 + code(3) * 961 + code(6) * 7919 + code(9) * 104729 + code(11)) & ((1 << hashBits) - 1)
  );
}

/** The strings in a JSON text, keys too, and in JSON texts among them. */
export function jsonTexts(text: string): string[] {
  if (!/^\s*["[{]/.test(text)) return [];
  try {
    const strings = textsOf(JSON.parse(text));
    return [...strings, ...strings.flatMap(jsonTexts)];
  } catch {
    return [];
  }
}

/** Every text in a value: of lists, objects with their keys, maps and bytes. */
export function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    // Of UTF-8 the other reading says nothing new.
    return isUtf8(bytes) ? [bytes.toString()] : [bytes.toString(), bytes.toString('latin1')];
  }
  if (value === null || typeof value !== 'object' || value instanceof Date) return [];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (value instanceof Map) return [...value].flatMap(textsOf);
  return Object.entries(value).flatMap(([key, entry]) => [key, ...textsOf(entry)]);
}
