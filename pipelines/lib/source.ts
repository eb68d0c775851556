import type { Config, Root } from '../config.js';

/** A kind of log: where its files are, and how its lines tell session and day. */
export type Source = {
  /** Names its raw folder and the table raw.<name>. */
  readonly name: string;
  readonly roots: (config: Config) => readonly Root[];
  /** fast-glob patterns below a root. */
  readonly globs: (config: Config) => readonly string[];
  /** True where each line should be a JSON object. */
  readonly isJsonLines: boolean;
  /** For sources whose files are sessions: a file has one day, its session's. */
  readonly sessions?: SessionRules;
  /** For the others: each line has its own day. */
  readonly dayOfLine?: (line: Buffer) => string;
};

/** How a file tells the session it belongs to; each rule gives null where it knows none. */
export type SessionRules = {
  /** The session that the path alone names, surer than the lines. */
  readonly ofPath: (path: string) => string | null;
  /** The session that one parsed line names; asked from the first line on until one does. */
  readonly ofRecord: (record: JsonObject, index: number) => string | null;
  /** The session that the path hints at where no line names one. */
  readonly ofName: (path: string) => string | null;
  /** The session whose folder the file lies in, and whose day it takes. */
  readonly parentOfPath: (path: string) => string | null;
  /** True for a file that goes with a session and never decides its day. */
  readonly isSubordinate: (path: string) => boolean;
};

export type JsonObject = Readonly<Record<string, unknown>>;

/** A line as a JSON object, a byte-order mark before it or not; null where it is none. */
export function parseObject(line: Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(line.toString('utf8', hasMark(line) ? 3 : 0));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : null;
  } catch {
    return null;
  }
}

/** True where bytes begin with the byte-order mark of UTF-8. */
export function hasMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

export const unknownDay = 'unknown';

/** `2026-01-31` of an ISO 8601 timestamp, in UTC; null where it is none. A time without a zone counts as UTC. */
export function dayOfTimestamp(value: unknown): string | null {
  const milliseconds = millisecondsOfTimestamp(value);
  return milliseconds === null ? null : dayOfMilliseconds(milliseconds);
}

/** Unix milliseconds of an ISO 8601 timestamp; null where it is none. */
export function millisecondsOfTimestamp(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/i.exec(value);
  if (parts === null) return null;
  const [, date = '', time = '', zone = 'Z'] = parts;
  // Date.parse takes 30 February for 2 March.
  if (new Date(`${date}T00:00Z`).getUTCDate() !== Number(date.slice(8))) return null;
  const offset = zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase();
  const milliseconds = Date.parse(`${date}T${time}${offset}`);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

/** The UTC day of Unix milliseconds between the years 1970 and 9999; null for anything else. */
export function dayOfMilliseconds(value: unknown): string | null {
  if (typeof value !== 'number' || !(value >= 0 && value < 253_402_300_800_000)) return null;
  return new Date(value).toISOString().slice(0, 10);
}

/** The first date written in a file name, if it is one of the calendar. */
export function dayOfName(path: string): string | null {
  const date = /(?<!\d)(\d{4}-\d\d-\d\d)(?!\d)/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1];
  return date === undefined ? null : dayOfTimestamp(`${date}T00:00Z`);
}
