/** The words of a list that a text holds, in either case. */
export type WordFinder = (text: string) => ReadonlySet<string>;

// More texts than one process sees.
const never = 2 ** 32 - 1;

/**
 * Looks for many words, given in lower case ASCII, in one pass over a text: the automaton of Aho and Corasick ("Efficient
 * string matching", 1975), as a table of the state that follows each one on each of the 128 characters of ASCII.
 */
export function wordFinder(words: readonly string[]): WordFinder {
  const rows = 1 + words.join('').length;
  const next = new Uint16Array(rows << 7);
  const found: string[][] = Array.from({ length: rows }, () => []);
  let states = 1;
  for (const word of words) {
    let state = 0;
    for (const letter of word) {
      const cell = (state << 7) | letter.charCodeAt(0);
      if (next[cell] === 0) next[cell] = states++;
      state = next[cell] as number;
    }
    found[state]?.push(word);
  }
  // Breadth first, so that the longest suffix of a state that begins a word is complete before the state itself.
  const suffixes = new Uint16Array(rows);
  const queue = [0];
  for (const state of queue) {
    const suffix = suffixes[state] as number;
    if (state !== 0) found[state]?.push(...(found[suffix] ?? []));
    for (let code = 0; code < 128; code++) {
      const beside = state === 0 ? 0 : (next[(suffix << 7) | code] as number);
      const child = next[(state << 7) | code] as number;
      if (child === 0) next[(state << 7) | code] = beside;
      else {
        suffixes[child] = beside;
        queue.push(child);
      }
    }
  }
  for (const row of queue) {
    // A to Z as a to z.
    for (let code = 65; code <= 90; code++)
      next[(row << 7) | code] = next[(row << 7) | (code + 32)] as number;
  }
  // When a state was last told of: before any text, and never again for one in which no word ends.
  const told = Uint32Array.from(found, (those) => (those.length > 0 ? 0 : never));
  let texts = 0;
  return (text) => {
    texts += 1;
    const held = new Set<string>();
    for (let index = 0, state = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      state = code < 128 ? (next[(state << 7) | code] as number) : 0;
      if ((told[state] as number) >= texts) continue;
      told[state] = texts;
      for (const word of found[state] ?? []) held.add(word);
    }
    return held;
  };
}
