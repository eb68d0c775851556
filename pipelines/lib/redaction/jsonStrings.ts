/** A string of a JSON text: its place with the quotes, what it says, and under which name it stands. */
export type JsonString = {
  readonly start: number;
  readonly end: number;
  readonly value: string;
  readonly isKey: boolean;
  /** The key of a member; the `--flag` before it in an array; the `name` of `{"name": …, "value": …}`. */
  readonly name: string | undefined;
};

/** The strings of a valid JSON text, keys among them, in their order. */
export function jsonStrings(json: string): JsonString[] {
  const strings: JsonString[] = [];
  let [done, before, named]: [number, JsonString | undefined, string | undefined] = [0, undefined, undefined];
  for (let start = json.indexOf('"'); start >= 0; start = json.indexOf('"', done)) {
    const end = endOfString(json, start);
    const between = json.slice(done, start);
    if (/[{}]/.test(between)) named = undefined;
    const value = decoded(json.slice(start, end));
    const isKey = isFollowedByColon(json, end);
    const name: string | undefined = isKey ? undefined : nameOf(before, between, named);
    before = { start, end, value, isKey, name };
    strings.push(before);
    if (!isKey && /^(?:name|key|variable)$/i.test(name ?? '')) named = value;
    done = end;
  }
  return strings;
}

function nameOf(
  before: JsonString | undefined,
  between: string,
  named: string | undefined,
): string | undefined {
  if (before === undefined) return undefined;
  const gap = between.trim();
  if (before.isKey && gap === ':') return before.value === 'value' ? (named ?? before.value) : before.value;
  return !before.isKey && gap === ',' && /^--?[A-Za-z][\w-]*$/.test(before.value) ? before.value : undefined;
}

/** Behind the closing quote: the first one that no odd number of backslashes goes before. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return json.length;
}

function decoded(literal: string): string {
  return literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}

function isFollowedByColon(json: string, from: number): boolean {
  let index = from;
  while (/\s/.test(json[index] ?? '')) index++;
  return json[index] === ':';
}

/** Whether a text is JSON that begins as `opening` asks: an object or a list. */
export function isJson(text: string, opening: RegExp = /^\s*[[{]/): boolean {
  if (!opening.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
