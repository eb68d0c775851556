import { createHash } from 'node:crypto';
import { acceptedEvents } from './expectedAnswers.js';
import type { EventLine } from './world/spool.js';

type Payload = Readonly<Record<string, unknown>>;

/** The state tables as golden lines, folded from the events by hand: no code or SQL is shared with the models. */
export function expectedState(lines: readonly EventLine[]): Record<string, string[]> {
  const events = acceptedEvents(lines);
  const of = (type: string) => events.filter(({ event_type }) => event_type === type);
  const tables = {
    sessions: sessions(events),
    lineages: of('lineage.created').map((created) => lineage(created, events)),
    agent_definitions: [...of('agent.created'), ...of('agent.evolved')].map(definition),
    rollouts: rollouts(events),
    attempts: of('attempt.started').map((started) => attempt(started, events)),
    artifacts: artifacts(of('artifact.created'), of('attempt.started')),
    evaluations: evaluations(of('artifact.scored')),
    evolution_records: evolutions(of('agent.evolved'), of('evolution.outcome')),
    learning_insights: of('insight.discovered').map((found) => insight(found, events)),
    router_decisions: routerSessions(events),
  };
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.toSorted()]));
}

function sessions(events: readonly EventLine[]): string[] {
  const ids = new Set(events.flatMap(({ session_id }) => session_id ?? []));
  return [...ids].map((id) => {
    const own = events.filter(({ session_id }) => session_id === id);
    const created = own.find(({ event_type }) => event_type === 'session.created')?.payload;
    const constraints = (created?.constraints as string[] | undefined) ?? [];
    return `${id}: ${created?.title ?? 'no title'}, ${constraints.length} constraints, ${own.length} events`;
  });
}

function lineage({ lineage_id, session_id }: EventLine, events: readonly EventLine[]): string {
  const own = events.filter((event) => event.lineage_id === lineage_id);
  const lock = own.findLast(({ event_type }) => /^lineage\.(un)?locked$/.test(event_type));
  const directives = own.filter(({ event_type }) => event_type === 'directive.added');
  const texts = (kind: string) =>
    directives.filter(({ payload }) => payload.kind === kind).map(({ payload }) => payload.text);
  const [sticky, oneshot] = [texts('sticky'), texts('oneshot')];
  return [
    `${lineage_id} in ${session_id}: `,
    lock?.event_type === 'lineage.locked' ? `locked on ${lock.payload.artifact_id ?? 'its newest'}` : 'open',
    sticky.length > 0 ? `; always: ${sticky.join(' ')}` : '',
    oneshot.length > 0 ? `; once: ${oneshot.join(' ')}` : '',
  ].join('');
}

function definition({ agent_id, lineage_id, payload }: EventLine): string {
  const config = payload.config as Payload;
  const short = (value: unknown) => (value === undefined ? '-' : hash(value).slice(0, 8));
  return [
    `${agent_id} v${payload.version ?? payload.to_version} in ${lineage_id}: ${config.model}`,
    `config ${short(config)}`,
    `prompt ${short(config.system_prompt)}`,
    `tools ${short(config.tools)}`,
    `flow ${short(config.flow)}`,
  ].join(', ');
}

/** SHA-256 of canonical JSON; the samples' configurations need no more of RFC 8785 than sorted keys. */
function hash(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash('sha256').update(sorted).digest('hex');
}

const ended = ['attempt.completed', 'attempt.failed'];

function rollouts(events: readonly EventLine[]): string[] {
  const started = events.filter(({ event_type }) => event_type === 'attempt.started');
  const rolloutOf = ({ session_id, payload }: EventLine) =>
    String(payload.rollout_id ?? `${session_id}/cycle-${payload.cycle}`);
  return [...new Set(started.map(rolloutOf))].map((id) => {
    const own = started.filter((event) => rolloutOf(event) === id);
    const attempts = new Set(own.map(({ attempt_id }) => attempt_id));
    const count = (type: string) =>
      events.filter(({ event_type, attempt_id }) => event_type === type && attempts.has(attempt_id)).length;
    const [completed, failed] = ended.map(count);
    const lineages = new Set(own.map(({ lineage_id }) => lineage_id)).size;
    return `${id}: cycle ${own[0]?.payload.cycle}, ${own.length} attempts of ${lineages} lineages, ${completed} completed, ${failed} failed`;
  });
}

function attempt(started: EventLine, events: readonly EventLine[]): string {
  const own = events.filter(({ attempt_id }) => attempt_id === started.attempt_id);
  const end = own.find(({ event_type }) => ended.includes(event_type));
  const spans = own.flatMap(({ event_type, payload }) =>
    event_type === 'attempt.span_recorded' ? [payload] : [],
  );
  const tags = [
    ...(started.tags ?? []),
    ...(spans.some(({ kind }) => kind === 'tool_call') ? ['tool_use'] : []),
    ...(spans.length > 3 ? ['multi_step'] : []),
    ...(end?.event_type === 'attempt.failed' || spans.some(({ is_error }) => is_error === true)
      ? ['error']
      : []),
  ].toSorted();
  const { version } = started.payload.agent as Payload;
  return [
    `${started.attempt_id} v${version} ${end?.event_type.replace('attempt.', '') ?? 'started'}: ${spans.length} spans`,
    tags.length > 0 ? `, ${tags.join(' ')}` : '',
    end?.payload.error === undefined ? '' : `; ${end.payload.error}`,
  ].join('');
}

function artifacts(created: readonly EventLine[], started: readonly EventLine[]): string[] {
  return created.flatMap(({ artifact_id, attempt_id, payload }) => {
    const start = started.find((event) => event.attempt_id === attempt_id);
    if (start === undefined) return [];
    const { version } = start.payload.agent as Payload;
    return [`${artifact_id} of ${attempt_id} v${version}, ${payload.kind}`];
  });
}

function evaluations(scored: readonly EventLine[]): string[] {
  return scored.map(({ id, artifact_id, payload: { score, rater } }) => {
    const all = scored.filter((event) => event.artifact_id === artifact_id);
    const newest = all.at(-1)?.id === id;
    const newestOfRater = all.findLast(({ payload }) => payload.rater === rater)?.id === id;
    const standing = newest ? '' : newestOfRater ? ', not the last' : ', given again';
    return `${artifact_id} ${Number(score).toFixed(1)} by ${rater}${standing}`;
  });
}

function evolutions(evolved: readonly EventLine[], outcomes: readonly EventLine[]): string[] {
  return evolved.map(({ payload: { evolution_id, from_version, changes } }) => {
    const outcome = outcomes.find(({ payload }) => payload.evolution_id === evolution_id)?.payload;
    const end =
      outcome === undefined
        ? 'no outcome'
        : `${Number(outcome.score_delta).toFixed(1)} points, ${outcome.validated === true ? 'held' : 'refuted'}`;
    return `${evolution_id} from v${from_version}: ${(changes as string[]).join(', ')}; ${end}`;
  });
}

function insight({ payload: { insight_id } }: EventLine, events: readonly EventLine[]): string {
  const about = (type: string) =>
    events.filter(({ event_type, payload }) => event_type === type && payload.insight_id === insight_id);
  const outcome = about('insight.outcome').at(-1)?.payload.effective;
  const word = outcome === undefined ? 'outcome unknown' : outcome === true ? 'effective' : 'not effective';
  return `${insight_id}: applied ${about('insight.applied').length} times, ${word}`;
}

const worth: Readonly<Record<string, number>> = { success: 1, partial: 0.55, failure: 0, wasted: -0.2 };

function routerSessions(events: readonly EventLine[]): string[] {
  const of = (type: string) =>
    events.filter(({ event_type }) => event_type === `flow.router.${type}.v1`).map(({ payload }) => payload);
  const decisions = of('decision');
  return [...new Set(decisions.map(({ session_id }) => session_id))].map((session) => {
    const ids = new Set(
      decisions.flatMap(({ session_id, decision_id }) => (session_id === session ? [decision_id] : [])),
    );
    const about = (type: string) => of(type).filter(({ decision_id }) => ids.has(decision_id));
    const outcomes = about('outcome');
    const reward = outcomes.reduce((sum, { outcome }) => sum + (worth[String(outcome)] ?? Number.NaN), 0);
    const sum = Number.isInteger(Math.round(reward * 100) / 100)
      ? reward.toFixed(1)
      : `${Math.round(reward * 100) / 100}`;
    return `${session}: ${ids.size} decisions, ${outcomes.length} with an outcome, ${about('override').length} overridden, rewards ${sum}`;
  });
}
