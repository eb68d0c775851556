import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventLine } from './support/events.js';
import {
  artifact,
  compared,
  decision,
  type EventSpec,
  locked,
  outcome,
  override,
  scored,
} from './support/recordedEvents.js';
import { makeRecordedStore } from './support/recordedStore.js';

const days = ['2026-05-01', '2026-05-02', '2026-05-03'].map((day) => `${day}T10:00:00Z`);
const [first = '', second = '', third = ''] = days;
const on = (at: string, events: EventSpec[]) => events.map((event) => ({ ...event, at }));

// Answers of the first day are judged on the second and third, their pairs stay on the first.
const events = [
  ...on(first, [
    ...artifact('a', 'good', { lineage: 'A' }),
    ...artifact('b', 'bad', { lineage: 'B' }),
    ...artifact('c', 'fair', { lineage: 'C' }),
    ...[scored('a', 6), scored('b', 3), decision('d1', 'lint')],
  ]),
  ...on(second, [scored('b', 9), compared('c', 'b'), outcome('d1', 'failure'), decision('d2', 'test')]),
  ...on(third, [
    scored('b', 2),
    scored('c', 4),
    locked('A', 'a'),
    override('d1', 'lint', 'test'),
    decision('d3', 'lint'),
  ]),
];

/** The rows of the datasets after the last of several ingests and builds, each of these places in `events`. */
async function rowsAfter(...arrivals: number[][]): Promise<unknown[]> {
  const store = await makeRecordedStore();
  try {
    for (const places of arrivals) {
      const lines = places.map((place) => lineOf(events[place] as EventSpec, place));
      await store.record('spool.jsonl', lines);
      const { failures } = await store.run(['datasets.training_examples']);
      assert.deepEqual(failures, []);
    }
    const rows = ['preference', 'reward', 'router'].map(
      (
        name,
      ) => `select '${name}' as dataset, day, id, to_json(json_merge_patch(metadata, '{"sources":null}'))::varchar as metadata
         from datasets.${name}`,
    );
    return await store.query(`${rows.join(' union all ')} order by all`);
  } finally {
    await store.remove();
  }
}

function lineOf({ type, at, payload, ...refs }: EventSpec, place: number) {
  const timestamp = new Date(Date.parse(String(at)) + place).toISOString();
  const id = `00000000-0000-7000-8000-${String(place).padStart(12, '0')}`;
  return eventLine({ id, event_type: type, timestamp, ...refs, payload });
}

test('answers, pairs, rewards and decisions are the same however their events come in', async () => {
  const all = events.map((_, place) => place);
  const atOnce = await rowsAfter(all);
  assert.deepEqual(
    atOnce.map((row) =>
      Object.values(row as object)
        .slice(0, 2)
        .join(' '),
    ),
    [
      // a over b and c by the lock and b by the scores too, c over b by comparison; the override.
      ...['preference 2026-05-01', 'preference 2026-05-01', 'preference 2026-05-01', 'preference 2026-05-01'],
      ...[
        'reward 2026-05-01',
        'reward 2026-05-01',
        'reward 2026-05-02',
        'reward 2026-05-03',
        'reward 2026-05-03',
      ],
      ...['router 2026-05-01', 'router 2026-05-02', 'router 2026-05-03'],
    ],
  );
  const dayOf = (place: number) =>
    Math.max(...days.map((day, index) => (events[place]?.at === day ? index : -1)));
  const dayByDay = days.map((_, day) => all.filter((place) => dayOf(place) === day));
  assert.deepEqual(await rowsAfter(...dayByDay), atOnce);
  assert.deepEqual(await rowsAfter(...dayByDay.toReversed().map((places) => places.toReversed())), atOnce);
});
