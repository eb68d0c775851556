import type { Line, LogFile } from './claudeSpecs.js';
import type { Mutation } from './mutations.js';

export type Log = { path: string; lines: Line[] };

/** Changes which lines a file has, and in what order. */
export function changeLines(
  logs: Log[],
  log: Log,
  place: number,
  one: Extract<Mutation, { level: 'line' }>,
  foreign: LogFile | undefined,
): Log[] {
  const { lines } = log;
  const to = one.other % lines.length;
  const line = lines[place];
  const other = lines[to];
  if (line === undefined || other === undefined) return logs;
  if (one.how === 'drop') lines.splice(place, 1);
  if (one.how === 'drop many') lines.splice(place, 1 + (one.other % 8));
  if (one.how === 'only') lines.splice(0, lines.length, line);
  if (one.how === 'twice') lines.splice(to, 0, structuredClone(line));
  if (one.how === 'swap') [lines[place], lines[to]] = [other, line];
  if (one.how === 'move') lines.splice(to, 0, ...lines.splice(place, 1));
  if (one.how === 'reverse') lines.reverse();
  if (one.how === 'from another' && foreign !== undefined) {
    const start = one.other % (foreign.lines.length + 1);
    lines.splice(place, 0, ...structuredClone(foreign.lines.slice(start, start + 1 + (one.other % 4))));
  }
  if (one.how === 'file twice') {
    const path = log.path.replace(/([^/]+)$/, (name) =>
      name.startsWith('rollout-') ? name.replace('T09', 'T11').replace('T10', 'T12') : `copy-${name}`,
    );
    return [...logs, { path, lines: structuredClone(lines.slice(0, 1 + to)) }];
  }
  return logs;
}

/** Changes bytes of a file, lines or not. */
export function changeBytes(bytes: Buffer, one: Extract<Mutation, { level: 'byte' }>): Buffer {
  if (bytes.length === 0) return bytes;
  const place = one.at % bytes.length;
  const newline = bytes.indexOf(10, place);
  const cut = (from: number, to: number, middle = Buffer.alloc(0)) =>
    Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);
  switch (one.how) {
    case 'flip':
      return cut(place, place + 1, Buffer.from([(bytes[place] ?? 0) ^ (1 << (one.at % 8))]));
    case 'delete':
      return cut(place, Math.min(bytes.length, place + one.count));
    case 'insert':
      return cut(place, place, Buffer.from(one.value));
    case 'glue':
      return newline === -1 ? bytes : cut(newline, newline + 1);
    case 'glue all':
      return Buffer.from(bytes.filter((value) => value !== 10));
    case 'truncate':
      return bytes.subarray(0, place);
    case 'no last newline':
      return bytes.subarray(0, -1);
    case 'crlf':
      return Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
    case 'mark':
      return cut(0, 0, Buffer.from('\ufeff'));
    default:
      return Buffer.alloc(0);
  }
}
