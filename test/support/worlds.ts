import fc from 'fast-check';
import type { EventSpec } from './eventStore.js';

// Few names and few moments, so that events meet, contradict each other and fall on one millisecond.
const version = fc.integer({ min: 1, max: 3 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const model = fc.constantFrom('m', 'n');
const tokens = fc.record({ input: fc.nat(9), output: fc.nat(9) });

/** Names of things: `a1` to `a4`, each after its world. */
type Names = (letter: string, count: number) => fc.Arbitrary<string>;

const payloadsOf = (oneOf: Names, world: string): Record<string, fc.Arbitrary<Record<string, unknown>>> => ({
  'session.created': fc.record({ need: fc.constantFrom('a poem', 'an ode'), title: maybe(fc.constant('T')) }),
  'lineage.created': fc.record({ label: fc.constantFrom('A', 'B') }),
  'lineage.locked': fc.record({ artifact_id: maybe(oneOf('a', 4)) }),
  'lineage.unlocked': fc.constant({}),
  'directive.added': fc.record({
    kind: fc.constantFrom('sticky', 'oneshot'),
    text: fc.constantFrom('x', 'y'),
  }),
  'agent.created': fc.record({
    version,
    config: fc.record({ model }),
    name: maybe(fc.constantFrom('G', 'H')),
  }),
  'agent.evolved': fc.record({
    evolution_id: maybe(oneOf('v', 2)),
    from_version: version,
    to_version: version,
  }),
  'attempt.started': fc.record({
    agent: fc.record({ version }),
    cycle: maybe(fc.nat(2)),
    model: maybe(model),
  }),
  'attempt.span_recorded': fc.record({
    span_id: oneOf('p', 5),
    kind: fc.constantFrom('tool_call', 'output'),
    is_error: maybe(fc.boolean()),
    tokens: maybe(tokens),
    // Sums of these depend on their order, in floating numbers.
    cost_usd: maybe(fc.constantFrom(0.1, 0.2, 0.7, 1e6)),
  }),
  'attempt.completed': fc.record({ output: fc.constant('x'), tokens: maybe(tokens) }),
  'attempt.failed': fc.record({ error: fc.constantFrom('timeout', 'crash') }),
  'artifact.created': fc.record({ content: fc.constantFrom('x', 'y'), kind: fc.constantFrom('poem', 'ode') }),
  'artifact.scored': fc.record({
    score: fc.integer({ min: 1, max: 10 }),
    rater: maybe(fc.constantFrom('ann', 'bob')),
  }),
  'artifact.compared': fc
    .constantFrom(['a1', 'a2'], ['a4', 'a3', 'a1'])
    .map((ranking) => ({ ranking: ranking.map((name) => `${name}${world}`) })),
  'evolution.outcome': fc.record({
    evolution_id: oneOf('v', 2),
    score_delta: fc.nat(3),
    validated: fc.boolean(),
  }),
  'insight.discovered': fc.record({ insight_id: oneOf('i', 2), text: fc.constantFrom('x', 'y') }),
  'insight.applied': fc.record({ insight_id: oneOf('i', 2), target: maybe(oneOf('g', 2)) }),
  'insight.outcome': fc.record({ insight_id: oneOf('i', 2), effective: fc.boolean() }),
  'flow.router.decision.v1': fc.record({
    decision_id: oneOf('d', 3),
    chosen_task: fc.constantFrom('build', 'test'),
  }),
  'flow.router.outcome.v1': fc.record({
    decision_id: oneOf('d', 3),
    outcome: fc.constantFrom('success', 'wasted'),
  }),
  'flow.router.override.v1': fc.record({
    decision_id: oneOf('d', 3),
    override_task: fc.constantFrom('lint', 'test'),
  }),
});

function anEvent(world: string) {
  const oneOf: Names = (letter, count) =>
    fc.integer({ min: 1, max: count }).map((n) => `${letter}${n}${world}`);
  const payloads = payloadsOf(oneOf, world);
  return fc.constantFrom(...Object.keys(payloads)).chain((type) =>
    fc.record({
      type: fc.constant(type),
      payload: payloads[type] ?? fc.constant({}),
      at: fc
        .tuple(fc.constantFrom('2026-05-01', '2026-05-02', '2026-05-03'), fc.nat(3))
        .map(([day, minute]) => `${day}T10:0${minute}:00.000Z`),
      session: oneOf('s', 2),
      lineage: oneOf('l', 3),
      agent: oneOf('g', 2),
      attempt: oneOf('t', 3),
      artifact: oneOf('a', 4),
    }),
  );
}

/** An event with an id of its own, and in which of three batches it arrives, at which place. */
export type Arrival = EventSpec & { id: string; at: string; batch: number; order: number };

/** 200 to 300 events of all types, ten or so of each, so that most have another beside them on the same millisecond. Some are told by the logs, which tell of attempts only. */
const aWorld = (world: string): fc.Arbitrary<Arrival[]> =>
  fc
    .array(fc.tuple(anEvent(world), fc.nat(2), fc.nat()), { minLength: 200, maxLength: 300, size: 'max' })
    .map((drawn) =>
      drawn.map(([spec, batch, order], index) => ({
        ...spec,
        id: `e${1000 + index}${world}`,
        batch,
        order,
        origin: spec.type.startsWith('attempt.') && order % 3 === 0 ? 'log' : 'recorded',
      })),
    );

/**
 * So many worlds side by side in one store, which have no name in common: a store of few events is folded no faster than
 * one of many.
 */
export function worlds(count: number): fc.Arbitrary<Arrival[]> {
  const each = Array.from({ length: count }, (_, index) => aWorld(index === 0 ? '' : `w${index}`));
  return fc.tuple(...each).map((all) => all.flat());
}

/** The batches in their order of arrival, all events so far in each, shuffled. */
export function growing(world: readonly Arrival[]): Arrival[][] {
  const shuffled = world.toSorted((one, other) => one.order - other.order);
  return [0, 1, 2].map((last) => shuffled.filter(({ batch }) => batch <= last));
}

/**
 * The queries, and the lines they must give, of the events by which state is as it is: found by walking through them in
 * the order of (time, id), as anybody would fold an event log without SQL.
 */
export function plainFold(world: readonly Arrival[]): Record<string, string[]> {
  const walk = world.toSorted((one, other) => (one.at + one.id < other.at + other.id ? -1 : 1));
  const last = (types: readonly string[], keyOf: (spec: Arrival) => unknown) =>
    new Map(walk.filter(({ type }) => types.includes(type)).map((spec) => [String(keyOf(spec)), spec]));
  const lines = (keys: Iterable<string>, ...columns: ((key: string) => unknown)[]) =>
    [...keys].sort().map((key) => [key, ...columns.map((column) => column(key) ?? '-')].join(' | '));
  const attempt = (spec: Arrival) => spec.attempt;
  const starts = last(['attempt.started'], attempt);
  const ends = last(['attempt.completed', 'attempt.failed'], attempt);
  const locks = last(['lineage.locked', 'lineage.unlocked'], (spec) => spec.lineage);
  const lockOf = (key: string) => (locks.get(key)?.type === 'lineage.locked' ? locks.get(key)?.id : null);
  const lineages = new Set(walk.flatMap(({ origin, lineage }) => (origin === 'log' ? [] : [lineage ?? ''])));
  const scores = last(['artifact.scored'], (spec) => spec.artifact);
  const raters = last(['artifact.scored'], (spec) => `${spec.artifact} ${spec.payload.rater ?? '-'}`);
  const created = last(['session.created'], (spec) => spec.session);
  const inPayload = (type: string, field: string) => last([type], (spec) => spec.payload[field]);
  const decisions = inPayload('flow.router.decision.v1', 'decision_id');
  const outcomes = inPayload('flow.router.outcome.v1', 'decision_id');
  const overrides = inPayload('flow.router.override.v1', 'decision_id');
  const insights = inPayload('insight.discovered', 'insight_id');
  const effects = inPayload('insight.outcome', 'insight_id');
  return {
    'select attempt_id, input_event, output_event from events.attempts order by 1': lines(
      starts.keys(),
      (key) => starts.get(key)?.id,
      (key) => ends.get(key)?.id,
    ),
    'select lineage_id, lock_event from events.lineages order by 1': lines(lineages, lockOf),
    'select artifact_id, event_id from events.evaluations where is_last order by 1': lines(
      scores.keys(),
      (key) => scores.get(key)?.id,
    ),
    "select artifact_id || ' ' || coalesce(rater, '-'), event_id from events.evaluations where is_current order by 1":
      lines(raters.keys(), (key) => raters.get(key)?.id),
    'select session_id, need, title from events.sessions where need is not null order by 1': lines(
      created.keys(),
      (key) => created.get(key)?.payload.need,
      (key) => created.get(key)?.payload.title,
    ),
    'select decision_id, decision_event, outcome_event, override_event from events.router_decisions order by 1':
      lines(
        decisions.keys(),
        (key) => decisions.get(key)?.id,
        (key) => outcomes.get(key)?.id,
        (key) => overrides.get(key)?.id,
      ),
    'select insight_id, text, effective from events.learning_insights order by 1': lines(
      insights.keys(),
      (key) => insights.get(key)?.payload.text,
      (key) => effects.get(key)?.payload.effective,
    ),
  };
}
