import type { JsonObject } from './source.js';

/** Why a value is no JSON value: the path of the part, as `payload.spans[2].input`, and what is wrong with it. */
export class NotJsonError extends Error {
  readonly path: string;
  readonly problem: string;

  constructor(path: string, problem: string, options: { cause?: unknown } = {}) {
    super(`${path}: ${problem}`, options);
    this.name = 'NotJsonError';
    this.path = path;
    this.problem = problem;
  }
}

// Far above what programs nest, far below what the stack holds.
const deepest = 256;

/**
 * A deep copy of a value that JSON gives back unchanged, every part of it read once. Throws a NotJsonError where JSON would
 * lose or change a part: undefined, NaN, a bigint, a Date, a cycle, a getter that throws, more than `room` characters. One
 * thing is changed: half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD.
 */
export function copyJson(value: unknown, options: { name: string; room: number }): unknown {
  const keys: (string | number)[] = [];
  const above = new Set<object>();
  let room = options.room;
  const refuse = (problem: string, cause?: unknown): never => {
    throw new NotJsonError(pathText(options.name, keys), problem, { cause });
  };
  const take = (characters: number) => {
    room -= characters;
    if (room < 0) refuse(`is larger than ${options.room} characters`);
  };
  const copyText = (text: string) => {
    take(text.length);
    return wellFormed(text);
  };
  const copyList = (list: readonly unknown[]) => {
    const copy: unknown[] = [];
    for (let index = 0; index < list.length; index += 1) {
      keys.push(index);
      copy.push(visit(list[index]));
      keys.pop();
    }
    return copy;
  };
  const copyObject = (object: object) => {
    const prototype: unknown = Object.getPrototypeOf(object);
    // The prototype of plain objects has none itself, in every realm.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      refuse('is no plain object (a Date, a Map, an instance of a class); give its JSON form');
    if (Object.getOwnPropertySymbols(object).length > 0) refuse('has a symbol as a key');
    // Without a prototype, so that the key __proto__ is one like any other.
    const copy: Record<string, unknown> = Object.create(null);
    for (const key of Object.keys(object)) {
      keys.push(key);
      const name = copyText(key);
      if (name in copy) refuse('is there twice once half characters are replaced');
      copy[name] = visit((object as JsonObject)[key]);
      keys.pop();
    }
    return copy;
  };
  const visit = (part: unknown): unknown => {
    take(1);
    if (part === null || typeof part === 'boolean') return part;
    if (typeof part === 'string') return copyText(part);
    if (typeof part === 'number') return Number.isFinite(part) ? part : refuse(`is ${part}, no JSON number`);
    if (typeof part === 'undefined') return refuse('is undefined; leave the key out, or give null');
    if (typeof part === 'bigint') return refuse('is a bigint; give a number, or its digits as text');
    if (typeof part !== 'object') return refuse(`is a ${typeof part}, no JSON value`);
    if (above.has(part)) return refuse('holds itself');
    if (above.size === deepest) return refuse(`is nested deeper than ${deepest} levels`);
    above.add(part);
    try {
      return Array.isArray(part) ? copyList(part) : copyObject(part);
    } catch (error) {
      if (error instanceof NotJsonError) throw error;
      return refuse('throws when it is read', error);
    } finally {
      above.delete(part);
    }
  };
  return visit(value);
}

/** The text with U+FFFD for each half of a surrogate pair that stands alone. */
export function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** `payload.spans[2]["a key"]`; long keys are cut. */
export function pathText(name: string, keys: readonly PropertyKey[]): string {
  const part = (key: PropertyKey) => {
    if (typeof key === 'number') return `[${key}]`;
    const text = String(key);
    return /^\w{1,60}$/.test(text) ? `.${text}` : `[${JSON.stringify(text.slice(0, 60))}]`;
  };
  return name + keys.map(part).join('');
}

/**
 * The value of a JSON text. Throws a NotJsonError where it is none, or where a whole number has more digits than a JavaScript
 * number keeps.
 */
export function parseJsonText(text: string, name: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The parser's own words quote the text.
    throw new NotJsonError(name, 'is no JSON', { cause });
  }
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g)) {
    if (/^-?\d{16,}$/.test(token) && BigInt(Number(token)) !== BigInt(token))
      throw new NotJsonError(
        name,
        'holds a whole number above 2^53, whose last digits would be lost; give it as text',
      );
  }
  return value;
}
