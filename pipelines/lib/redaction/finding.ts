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

/** The text that detectors read, and which of their words it holds, in either case. */
export type Scanned = { readonly text: string; readonly held: ReadonlySet<string> };

/** Looks for one group of credentials; pure and synchronous. */
export type Detector = {
  /** All words, in lower case, that it asks `held` for: every text is looked through for those of all detectors at once. */
  readonly words: readonly string[];
  readonly detect: (scanned: Scanned, report: Report) => void;
};

/** A rule for tokens of one service, which begin with or hold letters of their own. */
export type TokenRule = {
  readonly rule: string;
  /** Where the form of the token is described. */
  readonly source: string;
  /** A text that holds none of these (in lower case) holds no such token. */
  readonly hints: readonly string[];
  readonly pattern: RegExp;
  /** What every such token holds and is found sooner than the pattern, where hints are in most texts. */
  readonly core: RegExp | undefined;
};

// A token begins where no letter or digit goes before it, but for the end of an escape (\n in JSON text that stands as it
// is, %3D in a URL).
const begin = '(?<![A-Za-z0-9](?<!\\\\[nrtbf]|%[0-9A-Fa-f]{2}))';

/** Token rules of a table of rule, source, hints (separated by spaces), pattern and, for few, core. */
export function tokenRules(
  table: readonly (readonly [string, string, string, string, RegExp?])[],
): TokenRule[] {
  return table.map(([rule, source, hints, pattern, core]) => ({
    rule,
    source,
    hints: hints.toLowerCase().split(' '),
    pattern: new RegExp(`${begin}(?:${pattern})`, 'g'),
    core,
  }));
}

/** Reports every match of the rules whose hints the text holds. */
export function detectTokens(rules: readonly TokenRule[]): Detector {
  const places = new Map<string, number[]>();
  for (const [place, { hints }] of rules.entries()) {
    for (const hint of hints) places.set(hint, [...(places.get(hint) ?? []), place]);
  }
  return {
    words: [...places.keys()],
    detect: ({ text, held }, report) => {
      const asked = new Set([...held].flatMap((word) => places.get(word) ?? []));
      for (const place of [...asked].sort((a, b) => a - b)) {
        const { rule, pattern, core } = rules[place] as TokenRule;
        if (core !== undefined && !core.test(text)) continue;
        for (const match of text.matchAll(pattern)) report(match.index, match.index + match[0].length, rule);
      }
    },
  };
}
