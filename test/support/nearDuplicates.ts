import { seeded } from '../bench/corpus.js';

/** A question with its answer; `original` is the index of the document it was edited from, `jaccard` what is left of it. */
export type Document = {
  readonly question: string;
  readonly answer: string;
  readonly original?: number;
  readonly jaccard?: number;
};

/** Five words in a row of a document, each once. Shares no code with the models: the texts hold no ids and no paths. */
export function shinglesOf({ question, answer }: { question: string; answer: string }): Set<string> {
  const words = `${question} ${answer}`.toLowerCase().split(/\s+/);
  if (words.length < 5) return new Set([words.join(' ')]);
  return new Set(words.slice(4).map((_, index) => words.slice(index, index + 5).join(' ')));
}

/** What two sets have in common, over what any of them has. */
export function jaccardOf(left: Set<string>, right: Set<string>): number {
  let shared = 0;
  for (const shingle of left) if (right.has(shingle)) shared += 1;
  return shared / (left.size + right.size - shared);
}

/**
 * `others` documents of their own and `injected` edits of as many of them, whose similarity is measured and lies between
 * 0.80 and 0.95, spread evenly. The same seed gives the same documents, in a mixed order.
 */
export function makeDocuments(options: { others: number; injected: number; seed?: number }): Document[] {
  const random = seeded(options.seed ?? 11);
  const vocabulary = Array.from({ length: 20_000 }, (_, index) => wordOf(index, random));
  const word = () => vocabulary[Math.floor(vocabulary.length * random() ** 3)] ?? 'a';
  const originals = Array.from({ length: options.others }, () => newDocument(random, word));
  const edited: Document[] = [];
  for (let index = 0; edited.length < options.injected; index = (index + 1) % originals.length) {
    const original = originals[index];
    const copy = original && edit(original, 0.8 + 0.15 * random(), random, word);
    if (copy) edited.push({ ...copy, original: index });
  }
  // Originals keep their places, so that `original` names them; the edits stand after them, as later documents do.
  return [...originals, ...edited];
}

const endings = [
  'Let me know if you want me to change anything else.',
  'All tests pass now, and the linter has nothing to say about it.',
  'I have not committed anything yet, so that you can look at the changes first.',
];

/** Most have 150 to 400 words, one in ten is short (20 to 60 words); many end with the same words. */
function newDocument(random: () => number, word: () => string): Document {
  const count = Math.floor(random() < 0.1 ? 20 + 40 * random() : 150 + 250 * random());
  const asked = Math.floor(count * (0.1 + 0.2 * random()));
  const ending = random() < 0.4 ? ` ${endings[Math.floor(endings.length * random())]}` : '';
  return { question: prose(asked, random, word), answer: prose(count - asked, random, word) + ending };
}

function prose(count: number, random: () => number, word: () => string): string {
  let text = '';
  for (let index = 0; index < count; index += 1) {
    const mark = random() < 0.08 ? '.' : random() < 0.05 ? ',' : '';
    const space = index === 0 ? '' : random() < 0.03 ? '\n\n' : random() < 0.05 ? '\n' : ' ';
    text += space + word() + mark;
  }
  return text;
}

/** Edits as people and models make them, until no more than `target` is left; null where one edit takes too much. */
function edit(original: Document, target: number, random: () => number, word: () => string): Document | null {
  const before = shinglesOf(original);
  const question = original.question.split(' ');
  const answer = original.answer.split(' ');
  for (let step = 0; step < 200; step += 1) {
    const words = random() < 0.2 ? question : answer;
    const place = Math.floor(words.length * random());
    const kind = random();
    if (kind < 0.4) words[place] = word();
    else if (kind < 0.6) words.splice(place, 0, word());
    else if (kind < 0.75) words.splice(place, 1);
    else if (kind < 0.9) words.push(word());
    else words.splice(place, 3, word(), word(), word());
    const copy = { question: question.join(' '), answer: answer.join(' ') };
    const jaccard = jaccardOf(before, shinglesOf(copy));
    if (jaccard < 0.8) return null;
    if (jaccard <= target) return { ...copy, jaccard };
  }
  return null;
}

function wordOf(index: number, random: () => number): string {
  const syllables = [
    'ba',
    'ter',
    'lo',
    'min',
    'sto',
    'ra',
    'fin',
    'que',
    'del',
    'ix',
    'on',
    'pla',
    'gu',
    'ent',
    'wor',
  ];
  const count = 1 + Math.floor(3 * random());
  const text = Array.from({ length: count }, () => syllables[Math.floor(syllables.length * random())]).join(
    '',
  );
  return index % 50 === 0 ? `${text}_${index.toString(36)}()` : text + index.toString(36).slice(-2);
}
