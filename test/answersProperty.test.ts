import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { propertyRuns } from './support/propertyRuns.js';
import { artifact, attempt, type EventSpec } from './support/recordedEvents.js';
import { openWorlds } from './support/recordedWorld.js';

const worlds = await openWorlds();
after(() => worlds.close());

// The rules of preference pairs once more, in plain loops over the events: what the models must agree with.

type Answer = {
  id: string;
  session: string;
  cycle: unknown;
  asked: string;
  lineage: string;
  text: string;
  created: number;
  isFailure: boolean;
};
type Statement = { better: Answer; worse: Answer; source: 'comparison' | 'scores' | 'lock'; isBest: boolean };

function expectedPairs(events: readonly EventSpec[]): string[] {
  const answers = answersOf(events).filter(({ text }) => text !== '');
  const statements = [
    ...byScores(answers, events),
    ...byComparison(answers, events),
    ...byLock(answers, events),
  ].filter(({ better, worse }) => better.text !== worse.text);
  const strength = ['comparison', 'scores', 'lock'];
  const found = new Map<string, string>();
  for (const source of strength.toReversed()) {
    for (const one of statements) {
      if (one.source !== source || !one.isBest) continue;
      if (statements.some(({ better, worse }) => better === one.worse && worse === one.better)) continue;
      found.set(`${one.better.id} > ${one.worse.id}`, source);
    }
  }
  return [...found].map(([pair, source]) => `${pair} by ${source}`).sort();
}

function answersOf(events: readonly EventSpec[]): Answer[] {
  const withArtifact = new Set(
    events.filter(({ type }) => type === 'artifact.created').map((one) => one.attempt_id),
  );
  return events.flatMap((event, created) => {
    const isEnd = event.type === 'attempt.completed' || event.type === 'attempt.failed';
    if (event.type !== 'artifact.created' && !(isEnd && !withArtifact.has(event.attempt_id))) return [];
    const start = events.find(
      ({ type, attempt_id }) => type === 'attempt.started' && attempt_id === event.attempt_id,
    );
    const { content, output, partial_output: partial } = event.payload ?? {};
    return [
      {
        id: String(event.artifact_id ?? event.attempt_id),
        session: String(start?.session_id),
        cycle: start?.payload?.cycle,
        asked: JSON.stringify(start?.payload?.input),
        lineage: String(start?.lineage_id),
        text: String(content ?? output ?? partial ?? '')
          .toLowerCase()
          .replaceAll(/\s+/g, ' ')
          .trim(),
        created,
        isFailure: event.type === 'attempt.failed',
      },
    ];
  });
}

const isOnePrompt = (one: Answer, other: Answer) =>
  one !== other && one.session === other.session && one.asked === other.asked;
const isOneCycle = (one: Answer, other: Answer) => isOnePrompt(one, other) && one.cycle === other.cycle;

function byScores(answers: readonly Answer[], events: readonly EventSpec[]): Statement[] {
  const scores = new Map<string, number>();
  for (const { type, artifact_id: id, payload } of events)
    if (type === 'artifact.scored') scores.set(String(id), Number(payload?.score));
  const scored = answers.filter(({ id }) => scores.has(id));
  const score = ({ id }: Answer) => scores.get(id) ?? 0;
  return scored.flatMap((better) => {
    const rivals = scored.filter((other) => isOneCycle(better, other));
    const isBest = rivals.every(
      (other) =>
        score(other) < score(better) || (score(other) === score(better) && other.created > better.created),
    );
    return rivals
      .filter((worse) => score(better) - score(worse) >= 2)
      .map((worse): Statement => ({ better, worse, source: 'scores', isBest }));
  });
}

function byComparison(answers: readonly Answer[], events: readonly EventSpec[]): Statement[] {
  const lastOfSet = new Map<string, string[]>();
  for (const { type, payload } of events) {
    const ranking = payload?.ranking as string[];
    if (type === 'artifact.compared') lastOfSet.set(ranking.toSorted().join(), ranking);
  }
  return [...lastOfSet.values()].flatMap((ranking) => {
    const ranked = ranking.flatMap((id) => answers.filter((answer) => answer.id === id));
    return ranked.flatMap((better, place) =>
      ranked.slice(place + 1).flatMap((worse): Statement[] => {
        const isBest = !ranked.slice(0, place).some((other) => isOnePrompt(better, other));
        return isOnePrompt(better, worse) ? [{ better, worse, source: 'comparison', isBest }] : [];
      }),
    );
  });
}

function byLock(answers: readonly Answer[], events: readonly EventSpec[]): Statement[] {
  const all = answersOf(events);
  const locks = new Map<string, { at: number; named: unknown }>();
  for (const [at, { type, lineage_id: lineage, payload }] of events.entries()) {
    if (type === 'lineage.locked') locks.set(String(lineage), { at, named: payload?.artifact_id });
    if (type === 'lineage.unlocked') locks.delete(String(lineage));
  }
  return [...locks].flatMap(([lineage, { at, named }]) => {
    const own = all.filter((answer) => answer.lineage === lineage);
    const newest = own.findLast(({ created, isFailure }) => created < at && !isFailure);
    const held = named === undefined ? newest : own.find(({ id }) => id === named);
    const better = answers.find(({ id }) => id === held?.id);
    if (better === undefined) return [];
    return answers
      .filter(
        (worse) =>
          isOneCycle(better, worse) && worse.lineage !== lineage && worse.created < at && !worse.isFailure,
      )
      .map((worse): Statement => ({ better, worse, source: 'lock', isBest: true }));
  });
}

// Mostly one prompt of one cycle: answers apart make no pairs.
const mostly = <Value>(usual: Value, ...others: Value[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
const handedIn = fc.record({
  session: mostly('s1', 's2'),
  lineage: fc.constantFrom('A', 'B', 'C'),
  cycle: mostly<number | null>(1, 2, null),
  need: mostly('Write', 'Read'),
  documents: mostly<string[]>([], ['D']),
  content: fc.constantFrom('one', ' ONE', 'two', 'three', 'four', 'five', ''),
  kind: mostly('artifact', 'output', 'failure'),
});
const feedback = fc.oneof(
  fc.record({ kind: fc.constant('scored'), of: fc.nat(11), score: fc.constantFrom(1, 4, 4.5, 6.5, 9) }),
  fc.record({ kind: fc.constant('scored'), of: fc.nat(11), score: fc.constantFrom(1, 4, 4.5, 6.5, 9) }),
  fc.record({
    kind: fc.constant('compared'),
    ranking: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2 }),
  }),
  fc.record({ kind: fc.constant('locked'), of: fc.nat(11), isNamed: fc.boolean() }),
  fc.record({ kind: fc.constant('unlocked'), of: fc.nat(11) }),
);
const anyWorld = fc.record({
  answers: fc.array(handedIn, { minLength: 6, maxLength: 12 }),
  feedback: fc.array(fc.tuple(feedback, fc.nat(1000)), { minLength: 8, maxLength: 20 }),
});
type AnyWorld = typeof anyWorld extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * The events of a world in the order of time, feedback strewn among the answers, some of it before what it is about. All
 * that has a name is named after the world.
 */
function eventsOf({ answers, feedback: given }: AnyWorld, world: string): EventSpec[] {
  const events = answers.flatMap(({ kind, content, session, lineage, ...asked }, index) => {
    const spec = { ...asked, session: `${world}${session}`, lineage: `${world}${lineage} of ${session}` };
    if (kind === 'artifact') return artifact(`${world}a${index}`, content, spec);
    return attempt(`${world}t${index}`, {
      ...spec,
      output: content,
      ...(kind === 'failure' ? { error: 'boom' } : {}),
    });
  });
  const told = given.map(([one, place]) => ({ event: feedbackEvent(one, answers, world), place }));
  for (const { event, place } of told) events.splice(Math.round((place / 500) * events.length), 0, event);
  return events;
}

type Feedback = AnyWorld['feedback'][number][0];

function feedbackEvent(one: Feedback, answers: AnyWorld['answers'], world: string): EventSpec {
  if ('ranking' in one)
    return {
      type: 'artifact.compared',
      session_id: `${world}s1`,
      payload: { ranking: one.ranking.map((of) => `${world}a${of}`) },
    };
  const of = one.of % answers.length;
  if ('score' in one)
    return { type: 'artifact.scored', artifact_id: `${world}a${of}`, payload: { score: one.score } };
  const lineage = `${world}${answers[of]?.lineage} of ${answers[of]?.session}`;
  const payload = 'isNamed' in one && one.isNamed ? { artifact_id: `${world}a${of}` } : {};
  return { type: `lineage.${one.kind}`, lineage_id: lineage, payload };
}

/** Everything that the events come to, as text. */
const everything = ['preference', 'reward', 'training_examples']
  .map((name) => `select to_json(${name})::varchar as row from datasets.${name}`)
  .join(' union all ');

// Making a few rows takes as long as making many: the worlds stand side by side in one database.
const many = propertyRuns(24);
const anyWorlds = fc.record({
  all: fc.array(anyWorld, { minLength: many, maxLength: many }),
  arrival: fc.infiniteStream(fc.nat(1_000_000)),
});

test('in any world the pairs are those that the rules give, and no order of arrival changes a row', async () => {
  let pairs = 0;
  await fc.assert(
    fc.asyncProperty(anyWorlds, async ({ all, arrival }) => {
      const events = all.map((any, index) => eventsOf(any, `w${index} `));
      const world = await worlds.world(events.flat());
      assert.deepEqual(world.failures, []);
      const found = await world.query(
        `select chosen_id || ' > ' || rejected_id || ' by ' || pair_source as pair from events.answer_pairs`,
      );
      assert.deepEqual(found.map(({ pair }) => pair).sort(), events.flatMap(expectedPairs).sort());
      pairs += found.length;
      const rows = await world.query(`${everything} order by row`);
      const arrived = events
        .flat()
        .map((_, index) => ({ index, key: arrival.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key);
      const other = await worlds.world(
        events.flat(),
        {},
        arrived.map(({ index }) => index),
      );
      assert.deepEqual(await other.query(`${everything} order by row`), rows);
    }),
    { numRuns: 1, endOnFailure: true },
  );
  // Worlds without pairs would prove nothing.
  assert.ok(pairs > 10, `${pairs} pairs in all`);
});
