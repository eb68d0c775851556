import type { Line } from './claudeSpecs.js';
import { type Mutation, pick } from './mutations.js';
import { again } from './oddValues.js';

export type Holder = Record<string, unknown>;

/** Changes a field of a line, or its time. */
export function changeField(lines: Line[], place: number, one: Extract<Mutation, { level: 'field' }>): void {
  const line = lines[place];
  if (line === undefined) return;
  if (one.how === 'time') line.timestamp = one.time;
  if (one.how === 'time all') for (const each of lines) each.timestamp = one.time;
  if (one.how === 'time' || one.how === 'time all') return;
  const [holder, key] = placeOf(line, one.name) ?? pick(placesIn(line), one.node) ?? [line, 'type'];
  // Of two of one key JSON.parse takes the last and DuckDB the first: ingest would place the session by another word than
  // the models.
  const tellsPlace = holder === line && ['payload', 'sessionId', 'timestamp', 'id', 'type'].includes(key);
  if (one.how === 'remove') delete holder[key];
  else if (one.how === 'again' && !tellsPlace && !Array.isArray(holder)) holder[`${key}${again}`] = one.value;
  else if (one.how === 'wrap') holder[key] = [holder[key]];
  else holder[key] = one.value;
}

function placeOf(line: Line, name: string): [Holder, string] | undefined {
  if (name === '') return undefined;
  const keys = name.split('.');
  let holder: unknown = line;
  for (const key of keys.slice(0, -1)) holder = isHolder(holder) ? holder[key] : undefined;
  const last = keys.at(-1) ?? '';
  return isHolder(holder) && last in holder ? [holder, last] : undefined;
}

function placesIn(value: unknown): [Holder, string][] {
  if (!isHolder(value)) return [];
  return Object.keys(value).flatMap((key) => [[value, key] as [Holder, string], ...placesIn(value[key])]);
}

export function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null;
}
