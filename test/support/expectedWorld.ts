import {
  type Answer,
  acceptedEvents,
  type EventsOf,
  handedIn,
  locksInForce,
  newestOf,
  type Payload,
} from './expectedAnswers.js';
import type { EventLine } from './world/spool.js';

/** What the datasets' recorded rows must be, told by the events alone: no code or SQL is shared with the models. */
export type ExpectedWorld = {
  readonly answers: ReadonlyMap<string, Answer>;
  /** Pairs of answers, and of tasks where a person overrode the router. */
  readonly preference: string[];
  readonly override: string[];
  readonly reward: string[];
  readonly router: string[];
  readonly sft: string[];
  readonly chain_of_thought: string[];
  readonly unpaired: string[];
  readonly stepwise: string[];
};

/** Reads events as a person would, by design sections 6 and 10; `lines` are in the order of files and lines. */
export function expectedWorld(lines: readonly EventLine[]): ExpectedWorld {
  const events = acceptedEvents(lines);
  const of = (type: string) => events.filter(({ event_type }) => event_type === type);
  const answers = handedIn(of);
  return {
    answers,
    preference: pairs(of, answers),
    override: overrides(of),
    reward: rewards(of, answers),
    router: decisions(of),
    ...singles(of, [...answers.values()]),
  };
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
  return locksInForce(of).flatMap((lock) => {
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

/** The datasets whose rows are one answer each. */
function singles(of: EventsOf, answers: readonly Answer[]) {
  const said = answers.filter(({ text }) => text !== null);
  const held = lockedAnswers(of);
  const lines = (kept: readonly Answer[], line: (answer: Answer) => string) => kept.map(line).toSorted();
  const sides = said.flatMap((answer) => {
    const { score, id } = answer;
    if (score !== null && (score >= 8 || score <= 3)) return [`${id}: ${score >= 8} by score`];
    return held.has(id) ? [`${id}: true by lock`] : [];
  });
  return {
    // Good enough to be imitated: eight of ten and more.
    sft: lines(
      said.filter(({ score }) => (score ?? 0) >= 8),
      (answer) => `${answer.id} ${answer.score}: ${rolesOf(answer)}`,
    ),
    chain_of_thought: lines(
      said.filter(({ failed, spans }) => !failed && spans.some(({ kind }) => kind === 'reasoning')),
      (answer) => `${answer.id}: ${rolesOf(answer)}, ${callsOf(answer).length} calls`,
    ),
    unpaired: sides.toSorted(),
    stepwise: answers.flatMap(stepsOf).toSorted(),
  };
}

function callsOf({ spans }: Answer): readonly Payload[] {
  return spans.filter(({ kind }) => kind === 'tool_call');
}

/** Who speaks in the conversation of an answer; a thought goes with the call or the answer that follows it. */
function rolesOf({ spans }: Answer): string {
  const roles = ['user'];
  let thought = '';
  for (const { kind } of spans) {
    if (kind === 'reasoning') thought = '+thought';
    if (kind !== 'tool_call') continue;
    roles.push(`assistant${thought}+call`, 'tool');
    thought = '';
  }
  return [...roles, `assistant${thought}`].join(' ');
}

/** `answer: true, false`, of a failed attempt: what it thought, said and called before a call failed was right, that was not. */
function stepsOf({ id, failed, spans }: Answer): string[] {
  if (!failed) return [];
  const wrong = new Set(
    spans.filter(({ is_error }) => is_error === true).map(({ parent_span_id }) => parent_span_id),
  );
  const steps = spans.filter(({ kind }) => ['reasoning', 'tool_call', 'output'].includes(String(kind)));
  const last = steps.findIndex(({ span_id }) => wrong.has(span_id));
  const labels = steps.slice(0, last + 1).map((_, place) => place < last);
  return labels.length === 0 ? [] : [`${id}: ${labels.join(', ')}`];
}

/** Ids of the answers that a lock which still holds is on. */
function lockedAnswers(of: EventsOf): Set<string> {
  return new Set(locksInForce(of).map((lock) => String(lock.payload.artifact_id ?? newestOf(of, lock))));
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
