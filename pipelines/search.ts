import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import type { Command, Outcome } from './lib/command.js';
import { excerpt } from './lib/excerpt.js';
import { filterOptions, utc } from './lib/filters.js';
import { type FoundPair, type PairFilters, searchPairs } from './lib/pairSearch.js';
import { milliseconds } from './lib/settings.js';

/** `tracemill search`. */
export const command: Command = {
  describe: 'Search the question/answer pairs that were handed off and indexed',
  example: 'tracemill search "flaky test" --project note-search --last 30d',
  positionals: {
    words: {
      type: 'string',
      array: true,
      describe: 'Words to look for; the more of them a pair says, the better',
    },
  },
  options: {
    agent: { ...filterOptions.agent, describe: 'Pairs of one agent' },
    project: { type: 'string', describe: 'Pairs of a project folder (or its last name) and what lies below' },
    since: { type: 'string', describe: 'Pairs asked at or after this time (2026-05-01, 2026-05-01T12:00Z)' },
    until: { type: 'string', describe: 'Pairs asked before this time' },
    last: { type: 'string', describe: 'Pairs asked within this time before now (12h, 30d)' },
    limit: { type: 'number', default: 10, describe: 'Pairs to print at most' },
  },
  run: async (args, { config, log, now }): Promise<Outcome> => {
    const words = [args.words ?? []].flat().join(' ').trim();
    const limit = Number(args.limit);
    if (words === '') throw usage('search: no words to look for; write them after it');
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
      throw usage(`--limit ${String(args.limit)}: not a number of pairs; write one from 1 to 1000`);
    const { pairs, unread } = await searchPairs({ config, words, limit, filters: readFilters(args, now()) });
    if (unread > 0)
      log(`${config.handoff}: has lines that are not in the index yet; run \`tracemill index\``);
    return { summary: describe(pairs, words, config), json: pairs };
  },
};

function readFilters(args: Readonly<Record<string, unknown>>, now: Date): PairFilters {
  const given = (name: string) => (args[name] === undefined ? undefined : String(args[name]));
  const time = (name: string) => {
    const text = given(name);
    return text === undefined ? undefined : Date.parse(`${utc(name, text)}Z`);
  };
  const since = [time('since'), lastBegins(given('last'), now)].filter((begin) => begin !== undefined);
  return {
    agent: given('agent'),
    project: given('project'),
    since: since.length === 0 ? undefined : Math.max(...since),
    until: time('until'),
  };
}

function lastBegins(last: string | undefined, now: Date): number | undefined {
  if (last === undefined) return undefined;
  if (!/^\d+(s|m|h|d)$/.test(last)) throw usage(`--last ${last}: not a duration; write 90m, 12h or 30d`);
  return now.getTime() - milliseconds(last);
}

function describe(pairs: readonly FoundPair[], words: string, config: Config): string[] {
  if (pairs.length === 0) {
    const why = config.handoffText
      ? 'fewer or other words, or a wider filter, may'
      : 'the lines hold no text';
    return [`No pair says this; ${why}.`];
  }
  return pairs.flatMap((pair, index) => [
    ...(index === 0 ? [] : ['']),
    [
      `${index + 1}.`,
      pair.score.toFixed(2),
      pair.ts_ms === undefined
        ? 'time unknown'
        : new Date(pair.ts_ms).toISOString().slice(0, 16).replace('T', ' '),
      pair.agent,
      pair.project_path,
    ]
      .filter((part) => part !== undefined)
      .join('  '),
    `   Q  ${excerpt(pair.question, words, 160)}`,
    `   A  ${excerpt(pair.answer, words, 320)}${pair.truncated === true ? ' (cut)' : ''}`,
    `   session ${pair.session_id ?? 'unknown'}, ${pair.source_path ?? 'unknown file'}:${pair.offset ?? 0}`,
  ]);
}

function usage(message: string): UserError {
  return new UserError(message, { exitCode: exitCodes.usage });
}
