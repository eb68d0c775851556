import fc from 'fast-check';

type Value = unknown;
type Line = Record<string, Value>;

/** A number as JSON text that no number of JavaScript is written as; `textOf` takes the marks away. */
const written = (text: string) => `@@${text}@@`;

const texts = ['', ' ', '\u00a0\u2003', 'plain words', 'PLAIN  words', 'null', '[1,2]', 'x', 'ann']
  .concat(
    'line\u2028separator\u2029',
    'a "quoted" \\ back/slash \b\f\v\u0001\u001f\u007f',
    'é before \0 a NUL',
  )
  .concat('e\u0301 ﬁ 😀', '{"q":"x","n":1.0,"m":1e21}', ' {"spaced" : [ 1 , 2.50 ], "u":"\\u00e9\\/" } ')
  .concat('See /home/mia/bees/hive.ts of 123e4567-e89b-12d3-a456-426614174000', 'ö'.repeat(33_000));
const numbers = [0, -1, 2.5, 3, 0.1, 1e-7, 1e21]
  .map(String)
  .concat(
    '12345678901234567',
    '100000000000000000000',
    '123456789012345678901234567890',
    '1E400',
    '-0.0',
    '1.0',
    '5e-324',
  )
  .concat('18446744073709551615', '18446744073709551616', '-9223372036854775809', '9223372036854775808');
const keys = ['q', 'a "b" \\', 'é', '\0', 'name', 'version', 'content', 'id', 'line\u2028', ''];

const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers.map(written));
const scalar: fc.Arbitrary<Value> = fc.oneof(text, number, fc.constantFrom(true, false, null));
const small: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.dictionary(fc.constantFrom(...keys), scalar, { maxKeys: 3 }) },
);
const any: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: small },
  { weight: 1, arbitrary: fc.array(small, { maxLength: 3 }) },
  { weight: 2, arbitrary: fc.dictionary(fc.constantFrom(...keys), small, { maxKeys: 3 }) },
);
/** Mostly what an event promises, else anything or nothing. */
const mostly = (usual: fc.Arbitrary<Value>) =>
  fc.oneof(
    { weight: 8, arbitrary: usual },
    { weight: 1, arbitrary: any },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
const some = <T>(...values: T[]) => fc.constantFrom(...values);
const tokens = mostly(fc.record({ input: mostly(fc.nat(99)), output: mostly(fc.nat(99)) }));
const costs = { tokens, duration_ms: mostly(some<Value>(12, 0.5, 1.5, 2.4, written('1e300'))) };

const usually = (usual: Value, other: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const given = fc.record({
  need: mostly(some('Write a line', 'Read a line')),
  constraints: mostly(some<Value>(['short'], ['short', ' ', 7], 'short', undefined)),
  test_input: mostly(some<Value>(undefined, 'log', { a: 1 })),
  context_documents: mostly(
    some<Value>([], ['text', { id: 'd1', content: 'text' }, { content: { a: null } }, { id: 'd2' }]),
  ),
});
const version = some<Value>(1, 2, '1', 1.5, undefined);
const config = fc.record({ name: mostly(text), version, model: mostly(some('m', 'n')), tools: any });
const span = fc.record({
  span_id: some<Value>('p1', 'p2', 'p3', 'p4', 'p5', 7, undefined),
  parent_span_id: some<Value>('p1', 'p2', 'p3', 'p4', 7, undefined, null),
  kind: some<Value>(
    'tool_call',
    'tool_call',
    'tool_result',
    'tool_result',
    'reasoning',
    'llm_call',
    'output',
    1,
  ),
  tool_name: mostly(some('read', 'web.search', 'Größe ß', '')),
  input: any,
  output: any,
  is_error: mostly(fc.boolean()),
  ...costs,
});
const words = some('one', ' ONE', 'two', 'three', 'four', 'five');
const attempt = fc.record({
  session: usually('s1', some<Value>('s2', undefined)),
  lineage: some<Value>('A', 'A', 'B', 'C', undefined),
  agent: usually('writer', some<Value>('reader', undefined)),
  started: fc.record({
    agent: usually({ version: 1 }, mostly(config)),
    input: usually({ need: 'Write a line' }, mostly(given)),
    model: mostly(some('m', 'n')),
    cycle: usually(1, mostly(some<Value>(2, undefined))),
    rollout_id: mostly(some<Value>(undefined, 'r1')),
  }),
  spans: fc.array(span, { maxLength: 7 }),
  end: some('attempt.completed', 'attempt.completed', 'attempt.failed', undefined),
  output: fc.oneof(words, any),
  error: mostly(text),
  made: fc.array(fc.oneof({ weight: 3, arbitrary: words }, { weight: 1, arbitrary: any }), { maxLength: 2 }),
  costs: fc.record(costs),
});
const decisionId = fc.nat(19).map((place) => `d${place}`);
const feedback = fc.oneof(
  fc.record({
    event_type: fc.constant('artifact.scored'),
    artifact: fc.nat(99),
    payload: fc.record({
      score: some<Value>(1, 4, 4.5, 6.5, 9, 10),
      rater: mostly(text),
      comment: mostly(text),
    }),
  }),
  fc.record({
    event_type: fc.constant('artifact.compared'),
    payload: fc.record({ ranking: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 3 }) }),
  }),
  fc.record({
    event_type: some('lineage.locked', 'lineage.locked', 'lineage.unlocked'),
    lineage: some('A', 'B', 'C'),
    payload: fc.record({ artifact_id: mostly(some<Value>(undefined, 'a1-0', 'a2-0', 'a4-0')) }),
  }),
  fc.record({
    event_type: some('agent.created', 'agent.evolved'),
    agent: some('writer', 'reader'),
    lineage: some<Value>('A', 'B', undefined),
    payload: fc.record({
      version,
      from_version: version,
      to_version: version,
      config: mostly(config),
      name: mostly(text),
    }),
  }),
  fc.record({
    event_type: fc.constant('flow.router.decision.v1'),
    payload: fc.record({
      decision_id: decisionId,
      session_id: usually('s1', any),
      chosen_task: mostly(some('write', 'Write')),
      user_intent: usually('Fix the build', any),
      context: any,
      project_path: some<Value>('/home/mia/bees', '/Users/mia', '~/x', 'C:\\Users\\mia\\bees', undefined, 1),
    }),
  }),
  fc.record({
    event_type: some('flow.router.override.v1', 'flow.router.outcome.v1'),
    payload: fc.record({
      decision_id: decisionId,
      override_task: mostly(some('deploy', 'read')),
      manual_override_task: mostly(some('deploy', undefined)),
      outcome: some('success', 'failure', 'odd'),
      reason: mostly(text),
    }),
  }),
  fc.record({
    event_type: some('evolution.outcome', 'insight.discovered', 'insight.outcome', 'session.created'),
    payload: fc.record({
      ...{ evolution_id: mostly(text), insight_id: mostly(text), validated: mostly(fc.boolean()) },
      ...{ score_delta: mostly(number), confidence: mostly(number), effective: mostly(fc.boolean()) },
      ...{ evidence: any, changes: any, need: any, constraints: any, hypothesis: any, target: any },
    }),
  }),
);

/** Spool lines of programs that record whatever they like: the same ones each time. */
export function oddEvents(seed: number, attempts: number, feedbacks: number): string[] {
  const made = fc.sample(attempt, { seed, numRuns: attempts });
  const told = fc.sample(feedback, { seed, numRuns: feedbacks });
  const artifacts = made.flatMap((one, index) => one.made.map((_, copy) => `a${index}-${copy}`));
  const lines = made.flatMap((one, index) => attemptLines(`t${index}`, `a${index}`, one));
  for (const [index, one] of told.entries()) {
    lines.splice((index * 7919) % (lines.length + 1), 0, feedbackLine(one, artifacts));
  }
  return lines.map((line, index) => textOf({ ...line, id: `e${seed}-${index}`, timestamp: timeOf(index) }));
}

type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;
type Feedback = typeof feedback extends fc.Arbitrary<infer T> ? T : never;

function attemptLines(attemptId: string, artifact: string, one: Attempt): Line[] {
  const refs = {
    session_id: one.session,
    lineage_id: one.lineage,
    agent_id: one.agent,
    attempt_id: attemptId,
  };
  const line = (event_type: string, payload: Line, more: Line = {}) => ({
    event_type,
    ...refs,
    ...more,
    payload,
  });
  const end = { ...one.costs, output: one.output, partial_output: one.output, error: one.error };
  return [
    line('attempt.started', one.started),
    ...one.spans.map((payload) => line('attempt.span_recorded', payload)),
    ...(one.end === undefined ? [] : [line(one.end, end)]),
    ...one.made.map((content, copy) =>
      line('artifact.created', { content, kind: 'text' }, { artifact_id: `${artifact}-${copy}` }),
    ),
  ];
}

function feedbackLine(one: Feedback, artifacts: readonly string[]): Line {
  const { event_type } = one;
  const named = (place: number) => artifacts[place % artifacts.length];
  if ('artifact' in one) return { event_type, artifact_id: named(one.artifact), payload: one.payload };
  if ('ranking' in one.payload)
    return { event_type, payload: { ranking: [...new Set(one.payload.ranking.map(named))] } };
  const lineage = 'lineage' in one ? one.lineage : undefined;
  const agent = 'agent' in one ? one.agent : undefined;
  return { event_type, lineage_id: lineage, agent_id: agent, payload: one.payload };
}

/** Four events a millisecond, over two days. */
const timeOf = (index: number) =>
  new Date(Date.UTC(2026, 4, index % 3 === 0 ? 1 : 2, 12) + Math.floor(index / 4)).toISOString();

const textOf = (line: Line) => JSON.stringify(line).replaceAll(/"@@([^@]*)@@"/g, '$1');
