import type { EventLine } from './world/spool.js';

/** What the datasets' recorded rows must be, told by the events alone: no code or SQL is shared with the models. */
export type ExpectedWorld = {
  readonly answers: ReadonlyMap<string, Answer>;
  /** Pairs of answers, and of tasks where a person overrode the router. */
  readonly preference: string[];
  readonly override: string[];
  readonly reward: string[];
  readonly router: string[];
};

/** Something an agent handed in: an artifact, or the output of an attempt without one. */
export type Answer = {
  readonly id: string;
  readonly attempt: string;
  readonly session: string;
  readonly lineage: string;
  readonly cycle: number;
  /** The words asked, and the documents given. */
  readonly asked: string;
  readonly context: string;
  readonly text: string | null;
  readonly failed: boolean;
  readonly at: string;
  score: number | null;
};

type Payload = Readonly<Record<string, unknown>>;

/** Reads events as a person would, by design sections 6 and 10; `lines` are in the order of files and lines. */
export function expectedWorld(lines: readonly EventLine[]): ExpectedWorld {
  const events = acceptedEvents(lines);
  const of = (type: string) => events.filter(({ event_type }) => event_type === type);
  const answers = handedIn(of);
  for (const { artifact_id, payload } of of('artifact.scored')) {
    const answer = answers.get(artifact_id ?? '');
    if (answer !== undefined) answer.score = payload.score as number;
  }
  return {
    answers,
    preference: pairs(of, answers),
    override: overrides(of),
    reward: rewards(of, answers),
    router: decisions(of),
  };
}

const types =
  /^(session|lineage|agent|attempt|artifact|directive|evolution|insight)\.\w+$|^agent\.qa\.pair$|^flow\.router\.\w+\.v1$/;

/** Events in order of time; a type or version nobody reads does not count. */
export function acceptedEvents(lines: readonly EventLine[]): EventLine[] {
  return distinctEvents(lines)
    .filter(({ event_type, schema_version }) => types.test(event_type) && schema_version === 1)
    .toSorted((a, b) => `${a.timestamp} ${a.id}`.localeCompare(`${b.timestamp} ${b.id}`));
}

/** The first line of each id, without scores that no scale has. */
export function distinctEvents(lines: readonly EventLine[]): EventLine[] {
  const byId = new Map<string, EventLine>();
  for (const line of lines) if (!byId.has(line.id)) byId.set(line.id, line);
  return [...byId.values()].filter(
    ({ event_type, schema_version, payload }) =>
      event_type !== 'artifact.scored' || schema_version > 1 || Number(payload.score) <= 10,
  );
}

type EventsOf = (type: string) => EventLine[];

function handedIn(of: EventsOf): Map<string, Answer> {
  const started = new Map(of('attempt.started').map((event) => [event.attempt_id, event]));
  const answers = new Map<string, Answer>();
  const add = (id: string, event: EventLine, value: unknown, failed: boolean) => {
    const start = started.get(event.attempt_id);
    // An artifact of an attempt nobody recorded answers nothing we know.
    if (start === undefined) return;
    const { need, constraints, test_input, context_documents } = start.payload.input as Payload;
    answers.set(id, {
      id,
      attempt: event.attempt_id ?? '',
      session: start.session_id ?? '',
      lineage: start.lineage_id ?? '',
      cycle: Number(start.payload.cycle),
      asked: JSON.stringify([need, constraints, test_input]),
      context: JSON.stringify(context_documents ?? []),
      text: value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value),
      failed,
      at: event.timestamp,
      score: null,
    });
  };
  for (const event of of('artifact.created'))
    add(event.artifact_id ?? '', event, event.payload.content, false);
  const kept = new Set([...answers.values()].map(({ attempt }) => attempt));
  const alone = (event: EventLine) => !kept.has(event.attempt_id ?? '');
  for (const event of of('attempt.completed').filter(alone))
    add(event.attempt_id ?? '', event, event.payload.output, false);
  for (const event of of('attempt.failed').filter(alone))
    add(event.attempt_id ?? '', event, event.payload.partial_output, true);
  return answers;
}

type Order = {
  readonly better: Answer;
  readonly worse: Answer;
  readonly source: 'comparison' | 'scores' | 'lock';
};

/** `better 9 over worse 4: scores (with lock), 1/3`, of every pair that one of the three sources states. */
function pairs(of: EventsOf, answers: ReadonlyMap<string, Answer>): string[] {
  const usable = [...answers.values()].filter(({ text }) => text !== null);
  const groups = groupBy(usable, ({ session, cycle, asked, context }) =>
    JSON.stringify([session, cycle, asked, context]),
  );
  const found: Order[] = [];
  for (const group of groups.values()) {
    found.push(...byScores(group), ...byComparison(of, group), ...byLock(of, group));
  }
  const strength = ['comparison', 'scores', 'lock'];
  const byPair = groupBy(found, ({ better, worse }) => `${better.id} over ${worse.id}`);
  const named = [...byPair.values()].map((orders) => {
    const sorted = orders.toSorted((a, b) => strength.indexOf(a.source) - strength.indexOf(b.source));
    const [first] = sorted as [Order, ...Order[]];
    // Scores that agree are named too where another answer is the best of them.
    const { better, worse } = first;
    const agrees = better.score !== null && worse.score !== null && better.score - worse.score >= 2;
    const also = sorted.slice(1).map(({ source }) => source);
    if (agrees && !sorted.some(({ source }) => source === 'scores')) also.push('scores');
    return { ...first, also: also.toSorted((a, b) => strength.indexOf(a) - strength.indexOf(b)) };
  });
  return named
    .map(({ better, worse, source, also }) => {
      const alike = named.filter(
        (other) =>
          other.source === source &&
          other.better.session === better.session &&
          other.better.cycle === better.cycle &&
          other.better.asked === better.asked &&
          other.better.context === better.context,
      );
      return pairText(better, worse, [source, ...also], alike.length);
    })
    .toSorted();
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** A pair as one line, as the golden file holds it. */
export function pairText(
  better: { id: string; score: number | null },
  worse: { id: string; score: number | null },
  sources: readonly string[],
  outOf: number,
): string {
  const side = ({ id, score }: { id: string; score: number | null }) => `${id} ${score ?? '-'}`;
  return `${side(better)} over ${side(worse)}: ${sources.join(' and ')}, 1/${outOf}`;
}

/** The best of a prompt (the earliest of equals) against each that is two points or more below it. */
function byScores(group: readonly Answer[]): Order[] {
  const scored = group.filter((answer) => answer.score !== null);
  const best = scored.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0) || a.at.localeCompare(b.at))[0];
  if (best === undefined) return [];
  return scored
    .filter(({ score }) => (best.score ?? 0) - (score ?? 0) >= 2)
    .map((worse) => ({ better: best, worse, source: 'scores' }));
}

/** The first of a ranking against each after it, of those that answer the same. */
function byComparison(of: EventsOf, group: readonly Answer[]): Order[] {
  return of('artifact.compared').flatMap(({ payload }) => {
    const ranked = (payload.ranking as string[]).flatMap((id) => group.filter((answer) => answer.id === id));
    const [better, ...others] = ranked;
    return better === undefined
      ? []
      : others.map((worse): Order => ({ better, worse, source: 'comparison' }));
  });
}

/** What a lock that still holds is on, against what the other lineages had handed in by then. */
function byLock(of: EventsOf, group: readonly Answer[]): Order[] {
  const changes = [...of('lineage.locked'), ...of('lineage.unlocked')].toSorted((a, b) =>
    a.timestamp.localeCompare(b.timestamp),
  );
  const last = new Map(changes.map((event) => [event.lineage_id ?? '', event]));
  return [...last.values()].flatMap((lock) => {
    if (lock.event_type === 'lineage.unlocked') return [];
    const own = group.filter(({ lineage, at }) => lineage === lock.lineage_id && at < lock.timestamp);
    const better =
      lock.payload.artifact_id === undefined
        ? own.find(({ id }) => id === newestOf(of, lock))
        : own.find(({ id }) => id === lock.payload.artifact_id);
    if (better === undefined) return [];
    return group
      .filter(({ lineage, failed, at }) => lineage !== better.lineage && !failed && at < lock.timestamp)
      .map((worse): Order => ({ better, worse, source: 'lock' }));
  });
}

function newestOf(of: EventsOf, lock: EventLine): string | undefined {
  return of('artifact.created').findLast(
    ({ lineage_id, timestamp }) => lineage_id === lock.lineage_id && timestamp < lock.timestamp,
  )?.artifact_id;
}

/** `artifact 9 by sam`, of every evaluation of an answer, the ones it was given before too. */
function rewards(of: EventsOf, answers: ReadonlyMap<string, Answer>): string[] {
  return of('artifact.scored')
    .filter(({ artifact_id }) => answers.has(artifact_id ?? ''))
    .map(({ artifact_id, payload }) => `${artifact_id} ${payload.score} by ${payload.rater}`)
    .toSorted();
}

/** `decision: task over task`, of every decision that a person overrode. */
function overrides(of: EventsOf): string[] {
  return of('flow.router.override.v1')
    .map(({ payload }) => `${payload.decision_id}: ${payload.override_task} over ${payload.original_task}`)
    .toSorted();
}

const worth: Readonly<Record<string, number>> = { success: 1, partial: 0.55, failure: 0, wasted: -0.2 };

/** `decision task -> override: reward, n earlier`, of every router decision. */
function decisions(of: EventsOf): string[] {
  const made = of('flow.router.decision.v1');
  const about = (type: string) => new Map(of(type).map(({ payload }) => [payload.decision_id, payload]));
  const outcomes = about('flow.router.outcome.v1');
  const overrides = about('flow.router.override.v1');
  return made
    .map(({ payload: { decision_id, session_id, chosen_task }, timestamp }) => {
      const override = overrides.get(decision_id)?.override_task;
      const outcome = outcomes.get(decision_id)?.outcome;
      const earlier = made.filter(
        ({ payload, timestamp: at }) => payload.session_id === session_id && at < timestamp,
      );
      return decisionText({
        id: String(decision_id),
        chosen: String(chosen_task),
        override: override === undefined ? null : String(override),
        reward: outcome === undefined ? null : (worth[String(outcome)] ?? null),
        earlier: earlier.length,
      });
    })
    .toSorted();
}

/** A decision as one line, as the golden file holds it. */
export function decisionText(of: {
  id: string;
  chosen: string;
  override: string | null;
  reward: number | null;
  earlier: number;
}): string {
  const override = of.override === null ? '' : ` -> ${of.override}`;
  return `${of.id} ${of.chosen}${override}: ${of.reward ?? 'no outcome'}, ${of.earlier} earlier`;
}
