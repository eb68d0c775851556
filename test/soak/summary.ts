import { markdownTable } from '../bench/readmeTable.js';
import type { Soaked } from './soak.js';

/** What a soak that held leaves for the README: the command that repeats it, and the rows of `survived`. */
export type Results = {
  readonly command: string;
  readonly disk: string;
  readonly rows: readonly { readonly fault: string; readonly times: string; readonly held: string }[];
};

const heading = ['fault', 'times', 'what held'];

/** What stands between the marks of the README: made of the results alone. */
export function faultsTable({ command, disk, rows }: Results): string {
  const cells = rows.map(({ fault, times, held }) => [fault, times, held]);
  const lake = disk === 'tmpfs' ? 'the lake on a small disk of its own' : `disk: ${disk}`;
  return `\`${command}\`, ${lake}:\n\n${markdownTable(heading, cells)}`;
}

/** What was brought about, how often, and what had to hold: rows of a table, its heading first. */
export function survived({ runs, files, faults, reader, kept }: Soaked): string[][] {
  const file = (...names: string[]) => names.reduce((sum, name) => sum + (files[name] ?? 0), 0);
  const fault = (name: string) => faults[name] ?? 0;
  const killed = (verb: string) => runs.filter((run) => run.verb === verb && run.signal === 'SIGKILL');
  const kills = ['ingest', 'build', 'load', 'handoff', 'export', 'verify'].flatMap((verb) => {
    const all = killed(verb);
    const atPoints = new Set(
      all.flatMap(({ kill }) => (kill === null || kill === 'any' ? [] : kill.split(':')[0])),
    );
    if (all.length === 0) return [];
    const where = atPoints.size === 0 ? '' : `, some of them at ${[...atPoints].sort().join(', ')}`;
    return [[`SIGKILL of ${verb}`, all.length, `the next run goes on${where}`]];
  });
  const refused = (name: string) => runs.filter((run) => run.faults.includes(name) && run.code === 1).length;
  const locked = runs.filter(({ code }) => code === 75).length;
  const ended = runs.filter(({ code }) => code === 0).length;
  const rows: [string, number, string][] = [
    ...(kills as [string, number, string][]),
    [
      'disk full',
      fault('disk full'),
      `${refused('disk full')} runs said so and ended with 1, nothing is lost`,
    ],
    [
      'lake read-only',
      fault('read-only lake'),
      `${refused('read-only lake')} runs said so and ended with 1, readers go on`,
    ],
    ['clock set back', fault('clock set back'), 'nothing is read twice or left out'],
    ['clock ahead, then back', fault('clock set ahead, then back'), 'the same'],
    [
      'logs slow to open',
      fault('logs slow to open'),
      'a log that is replaced between two looks is not mixed up',
    ],
    [
      'three ingests at once',
      fault('two ingests at once'),
      `one works, others end with 75 (${locked} runs in all)`,
    ],
    [
      'last line torn',
      file('torn line flushed', 'first line torn'),
      'waits, or is read again once it is whole',
    ],
    ['log moved to archived_sessions', file('moved to archived_sessions'), 'goes on where it was'],
    ['and then compressed', file('compressed'), 'the same, read from the archive'],
    ['log shrunk', file('shrunk in the middle of a line'), 'a new generation, the old one stays'],
    [
      'log rewritten or replaced',
      file('rewritten in place', 'replaced by another file', 'rewritten to the same size, time set back'),
      'the same',
    ],
    ['time of a log set back or ahead', file('time set back', 'time set ahead'), 'nothing is read again'],
    ['log gone, for a moment or for good', file('not there for a moment', 'deleted'), 'what was read stays'],
    ['spool rotated', file('spool rotated'), 'every event once'],
  ];
  return [
    heading,
    ...rows.map(([name, times, held]) => [name, String(times), held]),
    [
      'runs that ended well',
      String(ended),
      `${kept.files} logs, ${kept.lines}, ${kept.generations} generations`,
    ],
    [
      'lakes a reader opened',
      String(reader.opened),
      `${reader.states} states, ${reader.tables} tables counted, each whole`,
    ],
    [
      'quiet ingests for the same lake',
      String(kept.ingests),
      'raw row for row; tables, ClickHouse, handoff and export equal',
    ],
  ];
}
