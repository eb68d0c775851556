import { hash } from 'node:crypto';
import { exitCodes, UserError } from '../../errors.js';
import { amount } from '../progress.js';
import { findSecrets } from './findSecrets.js';
import { isJson, jsonStrings } from './jsonStrings.js';
import { type Policy, type PolicySettings, readPolicy } from './policy.js';
import { secretName } from './secretName.js';

/** Where a text is about to be written: a dataset or table, and its row there. */
export type Place = { readonly table: string; readonly row: string };

/** How many distinct texts a gate looked at; null where credentials are not redacted: then it stands open. */
export type GateResult = { readonly texts: number } | null;

/**
 * Looks at texts just before they leave, whatever redaction did with them earlier: with secretlint's engine, and with our
 * rules for credentials on each string as a reader will have it.
 */
export type Gate = {
  readonly isOpen: boolean;
  readonly text: (place: Place, text: string) => Promise<void>;
  /** JSON text, string by string. */
  readonly json: (place: Place, json: string) => Promise<void>;
  /** What was looked at. Throws (exit 65) where something was found: `kept` says what was not done for it. */
  readonly close: (kept: string) => Promise<GateResult>;
};

/** Characters that the engine gets at once. */
const batchChars = 1 << 20;
/** Texts that are remembered, so that each is looked at once: some 70 MB of them. */
const mostKnown = 300_000;
/** A shorter one is its own name in that memory. */
const hashedFrom = 40;
const deepest = 10;
const namedPlaces = 5;
/** A hash or a UUID that stands alone: half of all texts, and what no rule finds. */
const isId = /^(?:[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** No rule of ours or of the preset finds less. */
const shortestSecret = 6;

/** A gate under the policy of the settings. */
export async function openGate(settings: PolicySettings): Promise<Gate> {
  const policy = await readPolicy(settings);
  return policy.kinds.has('credential')
    ? closedGate({ ...policy, kinds: new Set(['credential']) })
    : openedGate;
}

const openedGate: Gate = {
  isOpen: true,
  text: async () => {},
  json: async () => {},
  close: async () => null,
};

type Found = { readonly place: Place; readonly rule: string; readonly value: string };

function closedGate(policy: Policy): Gate {
  const found: Found[] = [];
  const isNew = memory(policy.patterns.length > 0 ? 1 : shortestSecret);
  let pending: { place: Place; text: string }[] = [];
  let [chars, texts] = [0, 0];

  const lookAt = (place: Place, text: string, name: string | undefined) => {
    const telling = name !== undefined && tells(name) ? name : undefined;
    if (!isNew(text, telling ?? '')) return;
    texts += 1;
    if (telling === undefined && policy.patterns.length === 0 && isId.test(text)) return;
    for (const { start, end, rule } of findSecrets(text, policy, { name: telling })) {
      found.push({ place, rule, value: text.slice(start, end) });
    }
    pending.push({ place, text });
    chars += text.length;
  };
  const walk = (place: Place, text: string, name: string | undefined, depth: number) => {
    if (depth > deepest || !isJson(text)) lookAt(place, text, name);
    else for (const string of jsonStrings(text)) walk(place, string.value, string.name, depth + 1);
  };
  const lint = async () => {
    const batch = pending;
    [pending, chars] = [[], 0];
    // Loaded here, for only an export that has rows to look at needs secretlint.
    const { lintTexts } = await import('./engine.js');
    const linted = await lintTexts(
      batch.map(({ text }) => text),
      policy,
    );
    for (const { index, rule, value } of linted) {
      const place = batch[index]?.place;
      if (place !== undefined) found.push({ place, rule, value });
    }
  };
  return {
    isOpen: false,
    text: async (place, text) => {
      walk(place, text, undefined, 0);
      if (chars >= batchChars) await lint();
    },
    json: async (place, json) => {
      if (!isNew(json, 'json')) return;
      for (const string of jsonStrings(json)) walk(place, string.value, string.name, 1);
      if (chars >= batchChars) await lint();
    },
    close: async (kept) => {
      await lint();
      if (found.length > 0) throw refusal(found, kept);
      return { texts };
    },
  };
}

/** Tells whether a text, under a name, comes for the first time; what is shorter than `shortest` never is new. */
function memory(shortest: number): (text: string, name: string) => boolean {
  const known = new Set<string>();
  return (text, name) => {
    if (text.length < shortest) return false;
    if (known.size >= mostKnown) known.clear();
    const before = known.size;
    known.add(`${name}\0${text.length < hashedFrom ? text : hash('sha256', text, 'base64')}`);
    return known.size > before;
  };
}

/** A gate's words for the end of a verb's summary. */
export function describeGate(result: GateResult): string {
  return result === null
    ? 'no gate: TRACEMILL_REDACT leaves credentials as they are'
    : `gate: ${amount(result.texts, 'items')} texts scanned, no secret found`;
}

/** What was found where, never the value. */
function refusal(found: readonly Found[], kept: string): UserError {
  const values = [...new Set(found.map(({ value }) => value))];
  // A row whose id is, or holds, what was found has no name that could be told.
  const nameOf = (row: string) =>
    values.some((value) => row.includes(value)) ? '(its id holds it)' : shown(row);
  const places = new Set(found.map(({ place, rule }) => `${place.table}, row ${nameOf(place.row)}: ${rule}`));
  return new UserError(
    `${firstPlaces(places)}: what may be a secret stands there, ${kept}; ` +
      'name a pattern for it, or allow it, in the file of TRACEMILL_REDACT_FILE, build, and run this again',
    { exitCode: exitCodes.dataFailed },
  );
}

/** The first places of findings, and how many more there are. */
export function firstPlaces(places: ReadonlySet<string>): string {
  const more = places.size > namedPlaces ? ` and ${places.size - namedPlaces} more` : '';
  return `${[...places].slice(0, namedPlaces).join('; ')}${more}`;
}

/** A row's name on one line. */
function shown(row: string): string {
  const line = row.replace(/\p{C}+/gu, ' ');
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}

/** Whether a name says anything of the value under it. */
function tells(name: string): boolean {
  return /auth|cookie/i.test(name) || secretName(name.replace(/^-+/, '')) !== null;
}
