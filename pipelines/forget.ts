import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { runVerbs } from './lib/childVerb.js';
import type { Command, Context, Outcome } from './lib/command.js';
import { followerVerbs } from './lib/forgetFollowers.js';
import { type ForgetPlan, type ForgetRequest, planForget } from './lib/forgetPlan.js';
import { describeHolding } from './lib/forgottenRows.js';
import { atPoint, lakeFolder } from './lib/lake.js';
import { withLock } from './lib/lock.js';
import { removeReplaced } from './lib/manifest.js';
import { amount } from './lib/progress.js';
import { purgeForgotten } from './lib/purge.js';
import { isPurgeOpen, type Receipt, type ReceiptNote, writeReceipts } from './lib/receipts.js';
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
    purge: {
      type: 'boolean',
      default: false,
      describe:
        'Take all that is forgotten by now out of raw, and build, hand off, index and load anew; alone: end one that was cut short',
    },
    'dry-run': { type: 'boolean', default: false, describe: 'Only say what would go' },
  },
  run: async (args, context): Promise<Outcome> => {
    const { config, now } = context;
    const request = readRequest(args);
    const isDry = args['dry-run'] === true;
    const isPurge = args.purge === true;
    const reason = String(args.reason ?? '').trim();
    const isNamed = Object.values(request).some(({ length }) => length > 0);
    if (!isNamed && !isPurge)
      throw usage('forget: nothing is named; use --session, --project or --text-hash');
    if (isNamed && !isDry && reason === '')
      throw usage('forget: --reason is missing; say why, it stands in the tombstone');
    const record = (found: ForgetPlan) =>
      found.isNew && !isDry ? recordTombstones(config, found, reason, now) : [];
    const plan = isNamed ? await planForget(config, request, record) : null;
    const found = plan === null ? [] : [...describePlan(plan), ...describeHolding(plan.exports)];
    if (isDry) return { summary: [...found, 'Nothing was forgotten: --dry-run.'], json: plan };
    const tombstones = plan?.tombstones ?? [];
    const recorded = plan === null ? [] : [describeTombstones(tombstones, isPurge)];
    if (!isPurge) return { summary: [...found, ...recorded], json: plan };
    const note = {
      reason: reason === '' ? null : reason,
      tombstones,
      sessions: plan?.sessions ?? [],
      projects: plan?.projects ?? [],
      text_hashes: plan?.textHashes ?? [],
    };
    const purged = await purge(context, note, args.json === true);
    return {
      ...purged,
      summary: [...found, ...recorded, ...purged.summary],
      json: { ...plan, ...purged.json },
    };
  },
};

/**
 * Takes all that is forgotten out of raw and out of what was made of it. Each step leaves the lake whole; killed between two of
 * them, the same command goes on.
 */
async function purge(
  { config, now, log }: Context,
  note: Omit<ReceiptNote, 'removed_tables' | 'exports'>,
  json: boolean,
) {
  const run = (verbs: string[][]) => runVerbs(verbs, { json: true, log: json ? () => {} : log });
  const read = await run([['ingest', '--source', 'events']]);
  if (read.code !== exitCodes.ok) return stopped(read, 'nothing was purged yet');
  await purgeForgotten({ config, now: now() });
  atPoint('purged');
  if (!(await isPurgeOpen(config)))
    return { summary: ['Nothing was left to purge.'], json: { receipts: [] } };
  const built = await run([['build']]);
  if (built.code !== exitCodes.ok)
    return stopped(built, 'raw is purged, but what is published still holds it');
  const removed = await withLock(config, 'forget', () => removeReplaced(lakeFolder(config)));
  atPoint('replaced-removed');
  const followed = await run(followerVerbs(config));
  if (followed.code !== exitCodes.ok)
    return stopped(followed, 'raw and the tables are purged, but not all that was made of them');
  const receipts = await writeReceipts(config, { ...note, removed_tables: removed });
  return {
    summary: receipts.flatMap(describeReceipt),
    json: { receipts },
  };
}

function stopped({ code, failed }: { code: number; failed: string | null }, state: string) {
  const words = `tracemill ${failed} ended with ${code}: ${state}; put that right and run \`tracemill forget --purge\``;
  return { summary: [words], json: { failed, state }, exitCode: code };
}

function describeReceipt(receipt: Receipt): string[] {
  const items = (count: number) => amount(count, 'items');
  return [
    `Purged ${items(receipt.lines)} lines (${amount(receipt.bytes, 'bytes')}) from ${items(receipt.removed.length)} raw files, which are gone, as are ${items(receipt.removed_tables)} files of tables; commit ${receipt.commit}.`,
    ...describeHolding(receipt.exports),
    `Receipt: lake/receipts/${receipt.commit}.json`,
  ];
}

function describeTombstones(ids: readonly string[], isPurge: boolean): string {
  if (ids.length === 0) return 'All of it is forgotten already.';
  const next = isPurge ? '' : '; `just ingest`, then `just build` leave it out';
  return `Recorded tombstone ${ids.join(', ')}${next}.`;
}

function readRequest(args: Readonly<Record<string, unknown>>): ForgetRequest {
  const list = (name: string) => [...new Set((args[name] as string[] | undefined) ?? [])];
  return { sessions: list('session'), projects: list('project'), textHashes: list('text-hash') };
}

function usage(message: string): UserError {
  return new UserError(message, { exitCode: exitCodes.usage });
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
      ...(at === 0 && plan.events.length > 0 ? { events: [...plan.events] } : {}),
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
