/** What may be looked for: keys and passwords; and what leads to a person or a place. */
export const kinds = ['credential', 'email', 'ip', 'home'] as const;
export type Kind = (typeof kinds)[number];

/** A place in a text, in UTF-16 units, and which rule found it. */
export type Finding = {
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
  readonly rule: string;
};

/** Tells of a place; the rule's name stands in the placeholder. */
export type Report = (start: number, end: number, rule: string) => void;

/** The text that detectors read: as it stands, in lower case for words that are written either way, and whether it may hold
 * tokens of services. */
export type Scanned = { readonly text: string; readonly lower: string; readonly tokens: boolean };

/** Looks for one group of credentials; pure and synchronous. */
export type Detector = (scanned: Scanned, report: Report) => void;

/** A rule for tokens of one service, which begin with or hold letters of their own. */
export type TokenRule = {
  readonly rule: string;
  /** Where the form of the token is described. */
  readonly source: string;
  /** A text that holds none of these (in lower case) holds no such token. */
  readonly hints: readonly string[];
  readonly pattern: RegExp;
};

// A token begins where no letter or digit goes before it, but for the end of an escape (\n in JSON text that stands as it
// is, %3D in a URL).
const begin = '(?<![A-Za-z0-9](?<!\\\\[nrtbf]|%[0-9A-Fa-f]{2}))';

/** Token rules of a table of rule, source, hints (separated by spaces) and pattern. */
export function tokenRules(table: readonly (readonly [string, string, string, string])[]): TokenRule[] {
  return table.map(([rule, source, hints, pattern]) => ({
    rule,
    source,
    hints: hints.toLowerCase().split(' '),
    pattern: new RegExp(`${begin}(?:${pattern})`, 'g'),
  }));
}

/** Reports every match of the rules whose hints the text holds. */
export function detectTokens(rules: readonly TokenRule[]): Detector {
  // One look for all tokens that begin with letters of their own costs far less than a search for each rule's hints.
  const led = rules.filter(({ pattern }) => !/(?:^|\|)(?:\(\?:)?(?:\[|\\d)/.test(form(pattern)));
  const anyLed = new RegExp(`${begin}(?:${led.map(({ pattern }) => form(pattern)).join('|')})`);
  const others = rules.filter((rule) => !led.includes(rule));
  return ({ text, lower, tokens }, report) => {
    if (!tokens) return;
    for (const { rule, hints, pattern } of anyLed.test(text) ? rules : others) {
      if (!hints.some((hint) => lower.includes(hint))) continue;
      for (const match of text.matchAll(pattern)) report(match.index, match.index + match[0].length, rule);
    }
  };
}

/** A token rule's pattern without what may stand before a token. */
function form(pattern: RegExp): string {
  return pattern.source.slice(begin.length);
}
