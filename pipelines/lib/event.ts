import { v7 } from 'uuid';
import type { z } from 'zod';
import { exitCodes, UserError } from '../errors.js';
import { eventTypes, refNames, schemaVersion } from './eventSchemas.js';
import { copyJson, NotJsonError, pathText } from './jsonValue.js';
import { longestLine } from './lines.js';
import { dayOfMilliseconds } from './source.js';

/** The types of event this version knows. Others are recorded too, with any JSON object as payload. */
export type EventType = keyof typeof eventTypes;

/** What an event is about, by id. */
export type Refs = { readonly [Name in (typeof refNames)[number]]?: string | undefined };

/** The payload of a known type; a JSON object for any other. */
export type EventPayload<T extends string> = T extends EventType
  ? z.input<(typeof eventTypes)[T]['payload']>
  : Readonly<Record<string, unknown>>;

/** The refs of a type, those it cannot do without required. */
export type EventRefs<T extends string> = T extends EventType
  ? Refs & { readonly [Name in (typeof eventTypes)[T]['refs'][number]]: string }
  : Refs;

/** An event ready to be written: its line without newline, its id and its UTC day. */
export type EventLine = { readonly id: string; readonly day: string; readonly line: string };

/** True for a type whose payload is checked, false for one that is recorded as it is. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(eventTypes, type);
}

/**
 * The line of one event. Throws a UserError (exit 65) that names each field that is wrong, by its path; what it is given is
 * read once and may be anything.
 */
export function eventLine(event: {
  type: unknown;
  payload: unknown;
  refs?: unknown;
  tags?: unknown;
  /** Unix milliseconds. */
  at: number;
}): EventLine {
  const day = dayOfMilliseconds(event.at);
  if (day === null) throw refusal('clock', ['must be a time from 1970 to 9999']);
  if (typeof event.type !== 'string' || !/^[^\s\p{C}][^\p{C}]{0,199}$/u.test(event.type))
    throw refusal('event_type', ['must be text of 1 to 200 characters, as artifact.scored']);
  const { type } = event;
  const payload = copyPart(type, 'payload', event.payload);
  const refs = readRefs(type, event.refs);
  const tags = readTags(type, event.tags);
  const problems = [...payloadProblems(type, payload), ...refProblems(type, refs)];
  // A decision names its session in the payload.
  const inPayload = type === 'flow.router.decision.v1' ? fieldOf(payload, 'session_id') : undefined;
  if (inPayload !== undefined && inPayload !== (refs.session_id ?? inPayload))
    problems.push('payload.session_id: must be the one of refs.session_id');
  if (problems.length > 0) throw refusal(type, problems);
  const id = nextId(event.at);
  const line = JSON.stringify({
    id,
    timestamp: new Date(event.at).toISOString(),
    event_type: type,
    schema_version: schemaVersion,
    ...(typeof inPayload === 'string' ? { session_id: inPayload } : {}),
    ...refs,
    ...(tags.length > 0 ? { tags } : {}),
    payload,
  });
  if (Buffer.byteLength(line) >= longestLine)
    throw refusal(type, [`payload: is larger than the ${longestLine} bytes of the longest line`]);
  return { id, day, line };
}

function refusal(type: string, problems: readonly string[], cause?: unknown): UserError {
  const text = `${type}: ${problems.join(', ')}; correct it, nothing was recorded`;
  return new UserError(text, { cause, exitCode: exitCodes.dataFailed });
}

function copyPart(type: string, name: string, value: unknown): unknown {
  try {
    return copyJson(value, { name, room: longestLine });
  } catch (error) {
    if (error instanceof NotJsonError) throw refusal(type, [error.message], error.cause);
    throw error;
  }
}

function payloadProblems(type: string, payload: unknown): string[] {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return ['payload: must be an object'];
  if (!isEventType(type)) return [];
  const issues = eventTypes[type].payload.safeParse(payload).error?.issues ?? [];
  return issues.map((issue) => `${pathText('payload', issue.path)}: ${issue.message}`);
}

/** The refs that are given; one that is undefined counts as not given. */
function readRefs(type: string, refs: unknown): Readonly<Record<string, unknown>> {
  if (refs === undefined || refs === null) return {};
  if (typeof refs !== 'object' || Array.isArray(refs)) throw refusal(type, ['refs: must be an object']);
  const given = Object.entries(refs).filter(([, value]) => value !== undefined);
  return copyPart(type, 'refs', Object.fromEntries(given)) as Record<string, unknown>;
}

function refProblems(type: string, refs: Readonly<Record<string, unknown>>): string[] {
  const required = isEventType(type) ? eventTypes[type].refs : [];
  const names: readonly string[] = refNames;
  return [
    ...required.filter((name) => refs[name] === undefined).map((name) => `refs.${name}: is missing`),
    ...Object.entries(refs).flatMap(([name, value]) => {
      const path = pathText('refs', [name]);
      if (!names.includes(name)) return [`${path}: is none of ${refNames.join(', ')}`];
      return typeof value === 'string' && value !== '' ? [] : [`${path}: must be text that is not empty`];
    }),
  ];
}

function readTags(type: string, tags: unknown): readonly string[] {
  const copy = tags === undefined || tags === null ? [] : copyPart(type, 'tags', tags);
  if (Array.isArray(copy) && copy.every((tag) => typeof tag === 'string' && tag !== '')) return copy;
  throw refusal(type, ['tags: must be a list of texts that are not empty']);
}

function fieldOf(payload: unknown, name: string): unknown {
  return typeof payload === 'object' && payload !== null
    ? (payload as Record<string, unknown>)[name]
    : undefined;
}

let last = { at: -1, seq: 0 };

// Events of one millisecond keep the order they were recorded in: readers sort by timestamp, then id.
function nextId(at: number): string {
  const seq = at === last.at ? last.seq + 1 : Math.floor(Math.random() * 2 ** 31);
  last = { at, seq };
  return v7({ msecs: at, seq });
}
