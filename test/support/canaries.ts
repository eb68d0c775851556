import { type Planted, plantedPeople, plantedSecrets } from './plantedSecrets.js';

/** Every kind of secret, of credentials and of people; a canary is named by its place here. */
export const canaryKinds: readonly Planted[] = [...plantedSecrets, ...plantedPeople];

/**
 * How many sessions of each sort share the kinds out: few in each, so that one text does not give another's secret away.
 * Each place has every second kind, more than sixty.
 */
export const groupCount = 24;

/** Puts canaries between marks that name place and kind, which stay when the canary itself goes. */
export type Planter = {
  readonly group: number;
  /** All kinds of the group, each on lines of its own. */
  readonly text: (place: string) => string;
  /** Those of one line, on one line. */
  readonly line: (place: string) => string;
  /** One of one line, another one at each call. */
  readonly one: (place: string) => string;
  /** A token alone that can stand in a name of a file. */
  readonly name: (place: string) => string;
};

/** Which kinds stand at which place: `place` -> numbers of kinds. */
export type Plants = Map<string, Set<number>>;

const mark = (place: string, kind: number) => `[[${place} ${kind}]]`;
const end = '[[.]]';
const marked = /\[\[([a-z][\w.-]*) (\d+)\]\]([\s\S]*?)\[\[\.\]\]/g;
const isOneLine = (kind: number) => !/[\r\n]/.test(canaryKinds[kind]?.text ?? '');
const isName = (kind: number) => {
  const { value = '', text = '' } = canaryKinds[kind] ?? {};
  return text === `found ${value} there` && !/[/\\]/.test(value) && value.length <= 190;
};
const ofNames = canaryKinds.map((_, kind) => kind).filter(isName);

/** What is planted is noted in `plants`. */
export function planter(group: number, plants: Plants): Planter {
  const kinds = canaryKinds.map((_, kind) => kind).filter((kind) => kind % groupCount === group);
  const half = (place: string) => kinds.filter((_, index) => (index + group + checksum(place)) % 2 === 0);
  const oneLine = kinds.filter(isOneLine);
  const calls = new Map<string, number>();
  const textOf = (kind: number) => canaryKinds[kind]?.text ?? '';
  const note = (place: string, kind: number) => {
    plants.set(place, (plants.get(place) ?? new Set()).add(kind));
    return mark(place, kind);
  };
  const inLine = (place: string, kind: number) => `${note(place, kind)} ${textOf(kind)} ${end}`;
  const next = (place: string) => {
    const call = calls.get(place) ?? 0;
    calls.set(place, call + 1);
    return call;
  };
  return {
    group,
    text: (place) =>
      half(place)
        .map((kind) =>
          isOneLine(kind) ? inLine(place, kind) : `${note(place, kind)}\n${textOf(kind)}\n${end}`,
        )
        .join('\n'),
    line: (place) =>
      half(place)
        .filter(isOneLine)
        .map((kind) => inLine(place, kind))
        .join(' '),
    one: (place) => inLine(place, oneLine[next(place) % oneLine.length] ?? 0),
    name: (place) => {
      const kind = ofNames[(group + groupCount * next(place)) % ofNames.length] ?? 0;
      return `${note(place, kind)} ${canaryKinds[kind]?.value ?? ''} ${end}`;
    },
  };
}

function checksum(text: string): number {
  return [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
}

/** A place in a text where a canary stood or stands, and what is there. */
export type Marked = { readonly place: string; readonly kind: number; readonly content: string };

/** What stands between marks in a text, in its order; JSON around it may be as it is. */
export function markedIn(text: string): Marked[] {
  if (!text.includes(end)) return [];
  return [...text.matchAll(marked)].map(([, place = '', kind, content = '']) => ({
    place,
    kind: Number(kind),
    content,
  }));
}

/** Lines as `cat -n` numbers them, and as a diff adds and takes them away. */
export const numbered = (text: string) =>
  text
    .split('\n')
    .map((line, index) => `${String(index + 1).padStart(6)}\t${line}`)
    .join('\n');
export const patched = (text: string) => {
  const lines = text.split('\n');
  const sides = ['-', '+'].map((side) => lines.map((line) => `${side}${line}`).join('\n'));
  return `--- a/x.txt\n+++ b/x.txt\n@@ -1,${lines.length} +1,${lines.length} @@\n${sides.join('\n')}`;
};

/** Words as a narrow terminal wraps them. */
export const wrapped = (text: string, width = 64) =>
  text.replace(new RegExp(`[^\\n]{${width}}(?=[^\\n])`, 'g'), (line) => `${line}\n`);

/** The characters of a JSON text's strings as \u escapes where `words` stand, which it must hold as they are. */
export function escapedIn(json: string, words: string): string {
  const written = JSON.stringify(words).slice(1, -1);
  const escaped = [...words]
    .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
  if (!json.includes(written)) throw new Error(`${words}: does not stand in the JSON text`);
  return json.replaceAll(written, () => escaped);
}
