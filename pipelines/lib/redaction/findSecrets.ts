import { detectAddresses } from './addresses.js';
import { detectAssignments, secretUnder } from './assignments.js';
import { cloudTokens } from './cloudTokens.js';
import {
  type Detector,
  detectTokens,
  type Finding,
  type Kind,
  type Report,
  type Scanned,
} from './finding.js';
import { detectHeaders, isLogin } from './headers.js';
import { modelTokens } from './modelTokens.js';
import {
  detectAddressesOfMachines,
  detectEmails,
  detectNames,
  type Home,
  homesIn,
  homeWords,
} from './people.js';
import type { Policy } from './policy.js';
import { detectPrivateKeys } from './privateKeys.js';
import { readings } from './readings.js';
import { detectWithPreset, presetRules } from './secretlint.js';
import { serviceTokens } from './serviceTokens.js';
import { wordFinder } from './words.js';

const ownTokens = [...modelTokens, ...cloudTokens, ...serviceTokens];

/** Every rule by name and form, for the policy's version: a rule that is added or changed makes another one. */
export const ruleNames: readonly string[] = [
  ...presetRules,
  ...ownTokens.map(({ rule, pattern }) => `${rule} ${pattern.source}`),
];

// The most specific first: of two that found the same place, the earlier one names it.
const credentials: readonly Detector[] = [
  detectPrivateKeys,
  detectTokens(ownTokens),
  detectAddresses,
  detectWithPreset,
  detectHeaders,
  detectAssignments,
];

/** A placeholder as redactText writes them: nothing in it is ever found again. */
export const placeholder = /<(?:SECRET:[a-z][a-z0-9-]*|EMAIL|IP|USER):[0-9a-f]{12}>/g;

/** What is known about a text from around it. */
export type Around = {
  /** The key or flag that the whole text stands under: `password` of `{"password": "…"}`. */
  readonly name?: string | undefined;
  /** Names of people whose homes were seen beside it. */
  readonly names?: ReadonlySet<string>;
  /** A key of a JSON object, of which two must not become one: its home keeps its place, the name in it goes. */
  readonly isKey?: boolean;
};

const wordsIn = wordFinder([...new Set([...credentials.flatMap(({ words }) => words), ...homeWords])]);

/** A text as detectors read it. */
export function scan(text: string): Scanned {
  return { text, held: wordsIn(text) };
}

/** All that the policy looks for, in the order of the text, without overlaps. */
export function findSecrets(text: string, policy: Policy, around: Around = {}): Finding[] {
  const found: Finding[] = [];
  for (const { text: read, place, isNews } of readings(text)) {
    const isWhole = isNews === undefined;
    const scanned = scan(read);
    const about = isWhole ? around : { ...around, name: undefined };
    const there = [...credentialsIn(scanned, policy, about), ...peopleIn(scanned, policy, about)];
    found.push(...(isWhole ? there : there.filter((finding) => isNews(finding, found))).map(place));
  }
  if (found.length === 0) return [];
  const free = outsidePlaceholders(text, found);
  return apart(free.map((finding) => onWholeCharacters(text, finding))).filter(
    ({ start, end }) => !policy.allows(text.slice(start, end)),
  );
}

function credentialsIn(scanned: Scanned, policy: Policy, { name }: Around): Finding[] {
  const found: Finding[] = [];
  const report: Report = (start, end, rule) => found.push({ start, end, rule, kind: 'credential' });
  for (const { name: rule, pattern } of policy.patterns) {
    for (const { index, 0: match } of scanned.text.matchAll(pattern)) {
      if (match !== '') report(index, index + match.length, rule);
    }
  }
  if (!policy.kinds.has('credential')) return found;
  for (const { detect } of credentials) detect(scanned, report);
  if (name !== undefined) detectUnder(name, scanned, report);
  return [...found, ...repeated(scanned.text, found)];
}

/** What the whole text is under its name: a member of an object, a header, the argument of a flag. */
function detectUnder(name: string, { text }: Scanned, report: Report): void {
  const whole = secretUnder(name, text);
  if (whole !== null) report(whole.start, whole.end, 'assignment');
  if (name === 'auth' && isLogin(text)) report(0, text.length, 'docker-auth');
  if (!/^[\w-]*(?:authorization|cookie)$/i.test(name)) return;
  const line = `${name}: ${text}`;
  const shift = line.length - text.length;
  detectHeaders.detect(scan(line), (start, end, rule) => {
    if (start >= shift) report(start - shift, end - shift, rule);
  });
}

/** The other places where a value stands that was found by what stands around it (`TOKEN=x; curl -H "T: x"`). */
function repeated(text: string, found: readonly Finding[]): Finding[] {
  const known = new Map<string, Finding>();
  for (const finding of found) {
    const value = text.slice(finding.start, finding.end);
    // A short one could be a word.
    if (value.length >= 10 && value.length <= 512 && !known.has(value)) known.set(value, finding);
  }
  const more: Finding[] = [];
  for (const [value, finding] of known) {
    for (let start = text.indexOf(value); start >= 0; start = text.indexOf(value, start + value.length)) {
      more.push({ ...finding, start, end: start + value.length });
    }
  }
  return more;
}

function peopleIn(scanned: Scanned, policy: Policy, around: Around): Finding[] {
  const found: Finding[] = [];
  const report =
    (kind: Kind): Report =>
    (start, end, rule) =>
      found.push({ start, end, rule, kind });
  if (policy.kinds.has('email')) detectEmails(scanned, report('email'));
  if (policy.kinds.has('ip')) detectAddressesOfMachines(scanned, report('ip'));
  if (policy.kinds.has('home')) {
    const homes = homesIn(scanned);
    if (around.isKey !== true) for (const { start, end } of homes) report('home')(start, end, 'home');
    detectNames(scanned, namesOf(homes, around.names), report('home'));
  }
  return found;
}

/** The people's names in homes, with others that are known. */
export function namesOf(homes: readonly Home[], others: ReadonlySet<string> = new Set()): Set<string> {
  return new Set([...others, ...homes.flatMap(({ name }) => name ?? [])]);
}

/** Findings with the placeholders in them cut out. */
function outsidePlaceholders(text: string, found: readonly Finding[]): readonly Finding[] {
  const written = [...text.matchAll(placeholder)].map(
    ({ index, 0: mark }) => [index, index + mark.length] as const,
  );
  if (written.length === 0) return found;
  return found.flatMap((finding) => {
    const parts: Finding[] = [];
    let { start } = finding;
    for (const [from, to] of [...written, [finding.end, finding.end] as const]) {
      if (to <= start || from > finding.end) continue;
      if (from > start) parts.push({ ...finding, start, end: from });
      start = Math.max(start, to);
    }
    // White space is none, nor is an escape of it in JSON text that stands as it is.
    const rest = parts.filter((part) => /\S/.test(text.slice(part.start, part.end).replace(/\\[nrt]/g, '')));
    return parts.length === 1 && rest[0]?.start === finding.start && rest[0].end === finding.end
      ? [finding]
      : rest;
  });
}

/** No half of a surrogate pair is left behind. */
function onWholeCharacters(text: string, finding: Finding): Finding {
  const isLow = (index: number) => (text.charCodeAt(index) & 0xfc00) === 0xdc00 && index > 0;
  const isPair = (index: number) => isLow(index) && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800;
  const start = isPair(finding.start) ? finding.start - 1 : finding.start;
  const end = isPair(finding.end) ? finding.end + 1 : finding.end;
  return start === finding.start && end === finding.end ? finding : { ...finding, start, end };
}

/**
 * Findings without overlaps: a longer one takes in what lies within it, two that cross become one, and of people only
 * what no credential covers is left.
 */
function apart(found: readonly Finding[]): Finding[] {
  const byPlace = (a: Finding, b: Finding) => a.start - b.start || b.end - a.end;
  const result: Finding[] = [];
  for (const finding of found.filter(({ kind }) => kind === 'credential').sort(byPlace)) {
    const last = result.at(-1);
    if (last === undefined || finding.start >= last.end) result.push(finding);
    else if (finding.end > last.end) result[result.length - 1] = { ...last, end: finding.end };
  }
  for (const finding of found
    .filter(({ kind }) => kind !== 'credential')
    .sort((a, b) => length(b) - length(a))) {
    const isFree = result.every(({ start, end }) => finding.end <= start || finding.start >= end);
    if (isFree) result.push(finding);
  }
  return result.sort(byPlace);
}

function length({ start, end }: Finding): number {
  return end - start;
}
