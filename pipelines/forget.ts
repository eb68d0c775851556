import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import type { Command, Outcome } from './lib/command.js';
import { type ForgetPlan, type ForgetRequest, planForget } from './lib/forgetPlan.js';
import { amount } from './lib/progress.js';
import { sharedName } from './lib/spool.js';
import { createRecorder } from './recorder.js';

/** `tracemill forget`. */
export const command: Command = {
  describe:
    'Leave sessions, projects or texts out of everything from the next build on; --purge takes them out of raw too',
  example: 'tracemill forget --session 5a1e0b00-0000-4000-8000-000000000001 --reason "asked for" --dry-run',
  options: {
    session: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'A session by its id, for ever, with its subagents and what was forked from it by now',
    },
    project: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'The sessions that ran in this folder or below by now; later ones are not forgotten',
    },
    'text-hash': {
      type: 'string',
      array: true,
      nargs: 1,
      describe:
        'The lines that hold this text by now, by a hash of pairs, prompts, payloads or one step (SHA-256)',
    },
    reason: { type: 'string', describe: 'Why; it stands in the tombstone' },
    'dry-run': { type: 'boolean', default: false, describe: 'Only say what would go' },
  },
  run: async (args, { config, now }): Promise<Outcome> => {
    const request = readRequest(args);
    const isDry = args['dry-run'] === true;
    if (!isDry && String(args.reason ?? '').trim() === '')
      throw new UserError('forget: --reason is missing; say why, it stands in the tombstone', {
        exitCode: exitCodes.usage,
      });
    const plan = await planForget(config, request);
    const found = describePlan(plan);
    if (isDry) return { summary: [...found, 'Nothing was forgotten: --dry-run.'], json: plan };
    const event = plan.isNew ? recordTombstones(config, plan, String(args.reason), now) : null;
    return {
      summary: [
        ...found,
        event === null
          ? 'All of it is forgotten already.'
          : `Recorded tombstone ${event.join(', ')}; \`just ingest\`, then \`just build\` leave it out.`,
      ],
      json: { ...plan, tombstones: event },
    };
  },
};

function readRequest(args: Readonly<Record<string, unknown>>): ForgetRequest {
  const list = (name: string) => [...new Set((args[name] as string[] | undefined) ?? [])];
  const request = {
    sessions: list('session'),
    projects: list('project'),
    textHashes: list('text-hash'),
  };
  if (Object.values(request).every(({ length }) => length === 0))
    throw new UserError('forget: nothing is named; use --session, --project or --text-hash', {
      exitCode: exitCodes.usage,
    });
  return request;
}

/** An event is one line, which ingest reads up to 8 MB of. */
const mostPlaces = 20_000;

/** Writes the tombstone, or a few where it names very many lines; gives their ids. */
function recordTombstones(config: Config, plan: ForgetPlan, reason: string, now: () => Date): string[] {
  const recorder = createRecorder({
    folder: config.spool,
    name: sharedName(),
    clock: now,
    onError: () => {},
  });
  const ids: string[] = [];
  for (let at = 0; at === 0 || at < plan.places.length; at += mostPlaces) {
    const places = plan.places.slice(at, at + mostPlaces);
    const recorded = recorder.dataForgotten({
      sessions: at === 0 ? [...plan.sessions] : [],
      ...(plan.projects.length > 0 ? { projects: [...plan.projects] } : {}),
      ...(plan.textHashes.length > 0 ? { text_hashes: [...plan.textHashes] } : {}),
      ...(places.length > 0 ? { places } : {}),
      reason,
    });
    if (!recorded.ok) throw recorded.error;
    ids.push(recorded.id);
  }
  return ids;
}

function describePlan(plan: ForgetPlan): string[] {
  const items = (count: number) => amount(count, 'items');
  return [
    `${items(plan.sessions.length)} sessions, ${items(plan.pairs)} question/answer pairs`,
    `${items(plan.lines)} lines of logs and events, of which ${items(plan.places.length)} by their place`,
    'The logs that they were read from belong to the agents and stay as they are.',
  ];
}
