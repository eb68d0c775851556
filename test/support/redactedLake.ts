import { type Marked, markedIn } from './canaries.js';

const placeholder = '<(?:SECRET:[a-z][a-z0-9-]*|EMAIL|IP|USER):[0-9a-f]{12}>';
// What stands for a secret: a placeholder with the line breaks that the secret had, or a home's ~.
const standIn = new RegExp(`(?:${placeholder}|~)(?:\\r\\n|\\r|\\n)*`);
const anyPlaceholder = new RegExp(placeholder);
type Row = Readonly<Record<string, unknown>>;

/** What stands between the marks of canaries in some texts. */
export const placesIn = (texts: readonly string[]): Marked[] => texts.flatMap(markedIn);

/** Whether something between the marks was taken away. */
export const isRedacted = ({ content }: Marked): boolean =>
  anyPlaceholder.test(content) || content.includes('~');

/** Whether a text is another one but for what placeholders stand for, and breaks its lines as that one does. */
export function fits(open: string, clean: string): boolean {
  if (open === clean) return true;
  const breaks = (text: string) => (text.match(/\r\n|\r|\n/g) ?? []).join('');
  if (breaks(open) !== breaks(clean)) return false;
  const parts = clean.split(standIn);
  const [first = '', ...rest] = parts;
  if (rest.length === 0 || !open.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest.slice(0, -1)) {
    const next = open.indexOf(part, at);
    if (next < 0) return false;
    at = next + part.length;
  }
  const last = rest.at(-1) ?? '';
  return open.endsWith(last) && open.length - last.length >= at;
}

/** Whether a value has the same structure as another, with the same keys and numbers, and texts that fit. */
export function valueFits(open: unknown, clean: unknown): boolean {
  if (typeof open === 'string' && typeof clean === 'string') return textFits(open, clean);
  if (Array.isArray(open) && Array.isArray(clean)) {
    return open.length === clean.length && open.every((entry, index) => valueFits(entry, clean[index]));
  }
  if (open instanceof Date && clean instanceof Date) return open.getTime() === clean.getTime();
  if (open === null || clean === null || typeof open !== 'object' || typeof clean !== 'object') {
    return Object.is(open, clean);
  }
  return valueFits(Object.entries(open), Object.entries(clean));
}

function textFits(open: string, clean: string): boolean {
  const [one, other] = [parsed(open), parsed(clean)];
  if (one === undefined || other === undefined) return one === other && fits(open, clean);
  return valueFits(one, other);
}

/** What a text says as JSON; undefined where it is none. */
function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// What is made of the words, so that it changes with them.
const derived = /_(?:hash|hashes|id|md5|chars|bytes|cluster|of|policy)$|^(?:id|payload_size|source_events)$/;

/** How rows differ from those of a lake without redaction other than by placeholders: table, row and column. */
export function differences(table: string, open: readonly Row[], clean: readonly Row[]): string[] {
  if (open.length !== clean.length) return [`${table}: ${open.length} rows are ${clean.length}`];
  return open.flatMap((row, index) =>
    Object.entries(row)
      .filter(([column, value]) => !derived.test(column) && !valueFits(value, clean[index]?.[column]))
      .map(
        ([column, value]) =>
          `${table} ${index} ${column}: ${String(value)} is ${String(clean[index]?.[column])}`,
      ),
  );
}
