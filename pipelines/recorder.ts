import { resolve } from 'node:path';
import { readConfig } from './config.js';
import { UserError } from './errors.js';
import { type EventPayload, type EventRefs, type EventType, eventLine } from './lib/event.js';
import { appendLine, processName } from './lib/spool.js';

export type { EventPayload, EventRefs, EventType, Refs } from './lib/event.js';

/** What became of an event: its id, or why it was not recorded (nothing of it counts then). */
export type Recorded =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly error: UserError };

export type RecorderOptions = {
  /** Spool folder; TRACEMILL_SPOOL or `<TRACEMILL_DATA>/spool/events` when left out. */
  readonly folder?: string;
  /** Called with each event that was not recorded; by default it becomes a `warning` of the process. */
  readonly onError?: (error: UserError) => unknown;
  readonly clock?: () => Date;
  /** Names the file of a day in the folder; by default each process and thread has its own. */
  readonly name?: string;
};

// Refs may be left out where the type needs none.
type Rest<T extends string> =
  Record<never, never> extends EventRefs<T>
    ? [refs?: EventRefs<T>, tags?: readonly string[]]
    : [refs: EventRefs<T>, tags?: readonly string[]];
type RecordAs<T extends EventType> = (payload: EventPayload<T>, ...rest: Rest<T>) => Recorded;

const methods = {
  /** A session of work began: what is needed, under which constraints. Optional. */
  sessionCreated: 'session.created',
  /** A line of agents began in a session. Optional. */
  lineageCreated: 'lineage.created',
  /** An agent came to be, in its first or a later version, with its whole configuration. */
  agentCreated: 'agent.created',
  /** An agent became another version: what changed, and the hypothesis behind it. */
  agentEvolved: 'agent.evolved',
  /** An agent was set to work; the agent as it was then, and all it was given. */
  attemptStarted: 'attempt.started',
  /** One step of an attempt; a tool_result names its tool_call by parent_span_id. Durations in ms, cost in USD. */
  attemptSpanRecorded: 'attempt.span_recorded',
  /** An attempt ended with an output. */
  attemptCompleted: 'attempt.completed',
  /** An attempt ended without one. */
  attemptFailed: 'attempt.failed',
  /** What an attempt handed in, as a thing to be judged. */
  artifactCreated: 'artifact.created',
  /** A judgement from 1 to 10. Every one is kept, the last one counts. */
  artifactScored: 'artifact.scored',
  /** Artifacts by rank, the best first. */
  artifactCompared: 'artifact.compared',
  /** Someone settled on a lineage, or on one artifact of it. */
  lineageLocked: 'lineage.locked',
  /** A lineage is open again. */
  lineageUnlocked: 'lineage.unlocked',
  /** An instruction to a lineage, for good (sticky) or for the next attempt (oneshot). */
  directiveAdded: 'directive.added',
  /** Whether an evolution was worth it: what it did to the score. */
  evolutionOutcome: 'evolution.outcome',
  /** Something was learnt. Confidence from 0 to 1. */
  insightDiscovered: 'insight.discovered',
  /** Something learnt was put to use. */
  insightApplied: 'insight.applied',
  /** Whether it helped. */
  insightOutcome: 'insight.outcome',
  /** Sessions, or lines of logs, that nothing may show any more; `tracemill forget` finds and names them. */
  dataForgotten: 'data.forgotten',
  /** A router chose a task. Confidence from 0 to 1. */
  routerDecision: 'flow.router.decision.v1',
  /** How the decision turned out. Time in ms. */
  routerOutcome: 'flow.router.outcome.v1',
  /** A person put another task in place of the chosen one. */
  routerOverride: 'flow.router.override.v1',
} as const satisfies Record<string, EventType>;

/** Functions that record events, one for each known type and one for all; none of them ever throws. */
export type Recorder = { readonly [Name in keyof typeof methods]: RecordAs<(typeof methods)[Name]> } & {
  /** Records an event of any type: a known one is checked, another needs an object as payload and is kept as it is. */
  readonly recordEvent: <T extends EventType | (string & {})>(
    type: T,
    payload: EventPayload<T>,
    ...rest: Rest<T>
  ) => Recorded;
};

/** A recorder that appends events to a spool folder, one line and one synchronous write each. */
export function createRecorder(options: RecorderOptions = {}): Recorder {
  let folder: string | undefined;
  const record = (type: unknown, payload: unknown, refs: unknown, tags: unknown): Recorded => {
    try {
      const at = (options.clock?.() ?? new Date()).getTime();
      const event = eventLine({ type, payload, refs, tags, at });
      // Settled at the first event: a later change of directory leaves it where it is.
      folder ??= resolve(options.folder ?? readConfig().spool);
      appendLine({ ...event, folder, name: options.name ?? processName() });
      return { ok: true, id: event.id };
    } catch (cause) {
      return fail(cause, options.onError);
    }
  };
  const named = Object.entries(methods).map(([name, type]) => [
    name,
    (payload: unknown, refs: unknown, tags: unknown) => record(type, payload, refs, tags),
  ]);
  return Object.freeze({ recordEvent: record, ...Object.fromEntries(named) }) as Recorder;
}

function fail(cause: unknown, onError: (error: UserError) => unknown = warn): Recorded {
  const error = isUserError(cause)
    ? cause
    : new UserError('event: it could not be read, nothing was recorded; see the cause', { cause });
  try {
    // A hook may be asynchronous, and fail later.
    Promise.resolve(onError(error)).catch(() => warn(error));
  } catch {
    warn(error);
  }
  return { ok: false, error };
}

function isUserError(cause: unknown): cause is UserError {
  try {
    return cause instanceof UserError;
  } catch {
    return false;
  }
}

function warn(error: UserError): void {
  try {
    process.emitWarning(error.message, { type: 'TracemillWarning', code: 'TRACEMILL_NOT_RECORDED' });
  } catch {
    // Programs replace emitWarning; the result still says it.
  }
}

/** The same functions for the default spool folder. */
export const {
  recordEvent,
  sessionCreated,
  lineageCreated,
  agentCreated,
  agentEvolved,
  attemptStarted,
  attemptSpanRecorded,
  attemptCompleted,
  attemptFailed,
  artifactCreated,
  artifactScored,
  artifactCompared,
  lineageLocked,
  lineageUnlocked,
  directiveAdded,
  evolutionOutcome,
  insightDiscovered,
  insightApplied,
  insightOutcome,
  dataForgotten,
  routerDecision,
  routerOutcome,
  routerOverride,
} = createRecorder();
