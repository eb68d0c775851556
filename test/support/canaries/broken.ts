import type { Planter } from '../canaries.js';

const json = (value: unknown) => JSON.stringify(value);

/**
 * Lines that need repair, or are none: two records glued, half a surrogate pair, NULs in the text and behind the line, a
 * byte order mark, a record cut off, no JSON at all. `record` makes a record that holds a text.
 */
export function brokenLines(
  agent: string,
  { text, line }: Planter,
  record: (words: string) => unknown,
): string[] {
  const at = (place: string) => `${agent}.broken-${place}`;
  const lone = json(record(`${text(at('surrogate'))} SPLIT`)).replace('SPLIT', '\\ud83d');
  return [
    `${json(record(text(at('glued-first'))))}${json(record(text(at('glued-second'))))}`,
    lone,
    json(record(`a\u0000b\n${text(at('nul'))}\n\u0000`)),
    `${json(record(text(at('padded'))))}\u0000\u0000`,
    `\ufeff${json(record(text(at('mark'))))}`,
    `${json(record(text(at('leftover'))))}{"type":"user","message":{"content":"${line(at('leftover-rest'))}`,
    json(record(text(at('torn')))).slice(0, -3),
    `Error: ${line(at('no-json'))}`,
    json([line(at('list'))]),
  ];
}
