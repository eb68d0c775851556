import type { Detector, Report, Scanned } from './finding.js';
import { nameHints, secretName } from './secretName.js';
import { type Form, isSecretValue } from './secretValue.js';

// Where a name may stand: the words that secretName knows. Each is looked at from both sides.
const named =
  /passw|passphrase|passcode|pwd|secret|token|api.?key|apikey|access.?key|(?:private|auth|signing|encryption|license|account) key|key|cred|jwt|bearer|sess(?:ion)?.?id|\bsid\b|[-_]pat\b|_dsn|[-_]pass?\b|\bpass\b|\bPASS|[-_]pw\b|[-_]auth\b|[-_]otp\b|[-_]sas\b/gi;
const nameCharacter = /[\w.$-]/;

// From the name's end to the value's begin: `=`, `:`, `=>`, `:=`, a type between (`password: string = '…'`), and what
// closes the name when it is quoted or an index (`["token"] = `).
const separator =
  /\\*["'`]?\]?(?:[ \t]*(?::[ \t]*[A-Za-z][\w.<>[\]| ]{0,40}=[ \t]*(?=[bfru]{0,2}\\*["'`])|:=|=>|=(?![=~>])|:(?![:=]))[ \t]*|[ \t]+(?:is|was)[ \t]*:?[ \t]+|[ \t]+(?=\\*["'`]))/y;
const flagSeparator = /[ \t]+(?!-)|=/y;
const opening = /[bfruBFRU]{0,2}(\\*["'`])/y;
const bareValue = /(?:[^\s"'`\\<>\0]|\\(?![nrtu"'\\]))+/y;
const scheme = /^(?:Bearer|Basic|Token|ApiKey|Key)\s+/i;

/** Values assigned to a name that promises a secret, where the value keeps that promise (entropy, no stand-in, no code). */
export const detectAssignments: Detector = { words: nameHints, detect };

function detect({ text, held }: Scanned, report: Report): void {
  if (!nameHints.some((hint) => held.has(hint))) return;
  named.lastIndex = 0;
  for (let found = named.exec(text); found !== null; found = named.exec(text)) {
    const { start, end } = nameAround(text, found.index, named.lastIndex);
    named.lastIndex = Math.max(end, named.lastIndex);
    const name = text.slice(start, end);
    const value = secretName(name.replace(/^-+/, '')) === null ? null : valueAfter(text, start, end, name);
    if (value !== null) {
      report(value.start, value.end, 'assignment');
      named.lastIndex = Math.max(named.lastIndex, value.end);
    }
  }
}

/** The part of a whole string that is a secret when it stands under a name (`{"password": …}`); null where it is none. */
export function secretUnder(name: string, value: string): { start: number; end: number } | null {
  const meaning = secretName(name.replace(/^-+/, ''));
  if (meaning === null) return null;
  const start = scheme.exec(value)?.[0].length ?? 0;
  const trimmed = value.trimEnd();
  const form = name.startsWith('-') || /^[A-Z][A-Z\d_]*$/.test(name) ? 'environment' : 'quoted';
  if (!isSecretValue(trimmed.slice(start), form, meaning.isPassword)) return null;
  return { start, end: trimmed.length };
}

function nameAround(text: string, from: number, to: number): { start: number; end: number } {
  let start = from;
  while (start > 0 && from - start < 60 && nameCharacter.test(text[start - 1] ?? '')) start--;
  // `\nPASSWORD=` in JSON text that stands as it is: the n belongs to the escape.
  if (/^[nrt]/.test(text.slice(start, start + 1)) && text[start - 1] === '\\') start++;
  let end = to;
  while (end < text.length && end - to < 40 && nameCharacter.test(text[end] ?? '')) end++;
  while (end > to && /[.$-]/.test(text[end - 1] ?? '')) end--;
  return { start: Math.min(start, from), end };
}

function valueAfter(text: string, start: number, end: number, name: string) {
  const isFlag = /^--?[a-z]/i.test(name);
  const between = isFlag ? flagSeparator : separator;
  between.lastIndex = end;
  const gap = between.exec(text)?.[0];
  // `pass 'x'` is what code and sentences say of anything.
  if (gap === undefined || (/^pass$/i.test(name) && !/[:=]/.test(gap))) return null;
  const begin = end + gap.length;
  const meaning = secretName(name.replace(/^-+/, ''));
  if (meaning === null) return null;
  const quoted = quotedValue(text, begin);
  if (quoted !== null) {
    const shift = scheme.exec(text.slice(quoted.start, quoted.end))?.[0].length ?? 0;
    const value = { start: quoted.start + shift, end: quoted.end };
    const isShell = isFlag || isEnvironment(text, start, name, gap);
    const form: Form = isShell ? 'environment' : 'quoted';
    return isSecretValue(text.slice(value.start, value.end), form, meaning.isPassword) ? value : null;
  }
  bareValue.lastIndex = begin + (scheme.exec(text.slice(begin, begin + 12))?.[0].length ?? 0);
  const from = bareValue.lastIndex;
  const run = bareValue.exec(text)?.[0];
  if (run === undefined || run.length > 4096) return null;
  const form: Form = isFlag || isEnvironment(text, start, name, gap) ? 'environment' : 'bare';
  const value = cut(run);
  return isSecretValue(value, form, meaning.isPassword) ? { start: from, end: from + value.length } : null;
}

/** What stands between quotes on one line; the quotes may be escaped, as in JSON inside JSON. */
function quotedValue(text: string, begin: number): { start: number; end: number } | null {
  opening.lastIndex = begin;
  const found = opening.exec(text);
  const mark = found?.[1];
  if (found === null || mark === undefined) return null;
  const start = begin + found[0].length;
  for (let end = text.indexOf(mark, start); end >= 0; end = text.indexOf(mark, end + 1)) {
    if (end - start > 4096 || text.slice(start, end).includes('\n')) return null;
    // A quote that is escaped more deeply than the one that opened belongs to the value.
    if (text[end - 1] !== '\\' || text[end - 2] === '\\') return { start, end };
  }
  return null;
}

function isEnvironment(text: string, start: number, name: string, gap: string): boolean {
  return gap === '=' && /^[A-Z][A-Z\d_]*$/.test(name) && !/[\w.$]/.test(text[start - 1] ?? '');
}

/** A bare value without what ends a statement or begins the next field (`a;`, `a, b`, `a&c=d`). */
function cut(run: string): string {
  const next = /[,;&|](?=$|[A-Za-z_ -]+[=:])|[;|](?=[^\w])/.exec(run);
  return run.slice(0, next?.index ?? run.length).replace(/[,;.:!?)\]}]+$/, '');
}
