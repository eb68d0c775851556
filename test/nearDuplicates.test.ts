import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestLake } from './support/lake.js';
import { jaccardOf, makeDocuments, shinglesOf } from './support/nearDuplicates.js';
import { makeTurnsLake, setTurns, type TurnText } from './support/turnsLake.js';

const days = Array.from({ length: 8 }, (_, index) => `2026-03-0${index + 1}`);

async function withLake(body: (lake: TestLake) => Promise<void>): Promise<void> {
  const lake = await makeTurnsLake();
  try {
    await body(lake);
  } finally {
    await lake.remove();
  }
}

/** Documents of pairs by turn: cluster, match and similarity; conversations are left out. */
async function pairsOf(lake: TestLake) {
  const rows = await lake.query(`
    select pair_hashes.turn_id, near_duplicate_cluster as cluster, matched.turn_id as match, jaccard
    from core.pair_hashes
    join duplicates.near_duplicates on near_duplicates.document_id = pair_hashes.qa_id
    left join core.pair_hashes as matched on matched.qa_id = near_duplicates.duplicate_of
    order by pair_hashes.turn_id`);
  return new Map(rows.map(({ turn_id, ...row }) => [String(turn_id), row]));
}

const lorem = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
const turn = (id: string, question: string, answer: string, more: Partial<TurnText> = {}): TurnText => ({
  id,
  day: '2026-03-01',
  question,
  answer,
  ...more,
});

test('edits of 0.80 to 0.95 similarity are found among others, and nothing else is', async () => {
  await withLake(async (lake) => {
    const documents = makeDocuments({ others: 4000, injected: 200 });
    const size = Math.ceil(documents.length / days.length);
    const turns = documents.map(({ question, answer }, index) =>
      turn(`t${index}`, question, answer, {
        day: days[Math.floor(index / size)] ?? '',
        minute: index % size,
      }),
    );
    await setTurns(lake, turns);
    const found = await pairsOf(lake);
    const injected = documents.flatMap(({ original, jaccard }, index) =>
      original === undefined ? [] : [{ index, original, jaccard }],
    );
    assert.equal(injected.length, 200);
    assert.ok(injected.every(({ jaccard = 0 }) => jaccard >= 0.8 && jaccard <= 0.95));
    const together = injected.filter(({ index, original }) => {
      const cluster = found.get(`t${index}`)?.cluster;
      return cluster !== undefined && cluster === found.get(`t${original}`)?.cluster;
    });
    assert.ok(together.length >= 190, `recall ${together.length / 200}`);
    const shingles = (turnId: string) => {
      const document = documents[Number(turnId.slice(1))];
      assert.ok(document);
      return shinglesOf(document);
    };
    const matched = [...found].filter(([, { match }]) => match !== null);
    assert.ok(matched.length >= 190);
    for (const [id, { match, jaccard }] of matched) {
      const measured = jaccardOf(shingles(id), shingles(String(match)));
      assert.ok(measured >= 0.8, `${id} and ${match}: ${measured}`);
      assert.ok(Math.abs(measured - Number(jaccard)) < 1e-6, `${id}: ${jaccard} is ${measured}`);
    }
  });
});

test('what is found does not depend on the order in which days arrive', async () => {
  const documents = makeDocuments({ others: 120, injected: 60, seed: 5 });
  // An edit may stand on a day before its original, and several in one day.
  const turns = documents.map(({ question, answer }, index) =>
    turn(`t${index}`, question, answer, { day: days[(index * 3) % 4] ?? '', minute: index }),
  );
  const some = days.slice(0, 4);
  const orders = [some.map((day) => [day]), some.toReversed().map((day) => [day]), [some]];
  const results: Record<string, string>[] = [];
  for (const order of orders) {
    await withLake(async (lake) => {
      const arrived = new Set<string>();
      for (const [step, coming] of order.entries()) {
        for (const day of coming) arrived.add(day);
        const present = turns.filter(({ day }) => arrived.has(day));
        await setTurns(lake, present, { version: step });
      }
      const rows = await lake.query(
        'select * replace (coalesce(jaccard, 0) as jaccard) from duplicates.near_duplicates order by document_id',
      );
      assert.ok(rows.length > 100, `${rows.length} rows`);
      results.push(Object.fromEntries(rows.map((row) => [String(row.document_id), JSON.stringify(row)])));
    });
  }
  assert.deepEqual(results[0], results[2]);
  assert.deepEqual(results[1], results[2]);
});

test('signatures of a day that nobody touched are not made again when another day comes', async () => {
  await withLake(async (lake) => {
    await setTurns(lake, [turn('a', lorem, 'Done.')]);
    const before = await lake.hashes(/^duplicates\/signatures/);
    const names = Object.keys(before);
    assert.equal(names.length, 1);
    const later = turn('b', `${lorem} more`, 'Done.', { day: '2026-03-02' });
    await setTurns(lake, [turn('a', lorem, 'Done.'), later], { version: 1 });
    const after = await lake.hashes(/^duplicates\/signatures/);
    assert.deepEqual(
      Object.keys(after).filter((name) => names.includes(name)),
      names,
    );
    assert.equal(Object.keys(after).length, 2);
    // The new day meets the old one.
    const found = await pairsOf(lake);
    assert.equal(found.get('b')?.match, 'a');
    assert.equal(found.get('a')?.match, null);
    assert.equal(found.get('a')?.cluster, found.get('b')?.cluster);
  });
});

test('a text stands alone beside its own conversation; copies and near copies name the oldest', async () => {
  await withLake(async (lake) => {
    await setTurns(lake, [
      turn('alone', 'How do I sort a list of numbers here?', lorem.replaceAll('word', 'other')),
      turn('copy', `  ${lorem.toUpperCase()} `, 'Done in /tmp/a/b.ts.', { minute: 3 }),
      turn('first', lorem, 'Done in /home/me/b.ts.', { minute: 1 }),
      turn('near', `${lorem} again`, 'Done in b.ts.', { minute: 2 }),
      turn('yes', 'yes', 'ok', { minute: 4 }),
      turn('yes again', 'Yes', 'ok', { minute: 5 }),
      turn('yes but', 'yes', 'no', { minute: 6 }),
      turn('rolled back', lorem, 'Done in b.ts.', { minute: 0, end: 'rolled_back' }),
    ]);
    const found = await pairsOf(lake);
    assert.deepEqual([...found.keys()].sort(), ['copy', 'first', 'near', 'yes', 'yes again']);
    assert.equal(found.get('copy')?.match, 'first');
    assert.equal(found.get('copy')?.jaccard, 1);
    assert.equal(found.get('near')?.match, 'first');
    const shingles = 62 - 4 + 1;
    assert.ok(Math.abs(Number(found.get('near')?.jaccard) - 58 / (shingles + 4)) < 0.05);
    assert.equal(found.get('first')?.match, null);
    assert.equal(found.get('yes again')?.match, 'yes');
    const clusters = await lake.query(`
      select near_duplicate_cluster = min(document_id) over (partition by near_duplicate_cluster) as is_least
      from duplicates.near_duplicates`);
    assert.ok(clusters.every(({ is_least }) => is_least));
  });
});

test('a conversation is like another conversation, not like the pair that makes most of it', async () => {
  await withLake(async (lake) => {
    const long = turn('one', lorem, lorem.replaceAll('word', 'step'), { session: 'x' });
    const short = turn('two', 'thanks', 'You are welcome.', { session: 'x', minute: 1 });
    await setTurns(lake, [long, short]);
    assert.deepEqual(await lake.query('select * from duplicates.near_duplicates'), []);
    await setTurns(lake, [long, short, { ...long, id: 'three', session: 'y', day: '2026-03-02' }], {
      version: 1,
    });
    const rows = await lake.query(`
      select kind, count(*)::integer as count from duplicates.near_duplicates join duplicates.signatures using (document_id)
      group by kind order by kind`);
    // Both pairs of the long turn, and both conversations, of which one holds a little more.
    assert.deepEqual(rows, [
      { kind: 'conversation', count: 2 },
      { kind: 'pair', count: 2 },
    ]);
  });
});

test('a recorded answer meets the logs and other answers; one without words meets nobody', async () => {
  await withLake(async (lake) => {
    const day = '2026-03-02';
    await setTurns(lake, [turn('logged', lorem, 'Done.')], {
      answers: [
        { id: 'same', day, prompt: lorem, output: 'Done.' },
        { id: 'near', day, prompt: `${lorem} please`, output: 'Done.' },
        { id: 'other', day, prompt: lorem.replaceAll('word', 'other'), output: 'Done.' },
        { id: 'silent', day, prompt: lorem, output: null },
        { id: 'unasked', day, prompt: null, output: 'Nobody asked for this at all, but here it is.' },
      ],
    });
    const rows = await lake.query(`
      with ids as (
        select answer_id as name, left(sha256('answer|' || answer_id), 32) as document_id from events.answers
        union all
        select turn_id, qa_id from core.pair_hashes
      )
      select ids.name, matched.name as match
      from duplicates.near_duplicates
      join ids using (document_id)
      left join ids as matched on matched.document_id = near_duplicates.duplicate_of
      order by ids.name`);
    assert.deepEqual(rows, [
      { name: 'logged', match: null },
      { name: 'near', match: 'logged' },
      { name: 'same', match: 'logged' },
    ]);
    const [{ count } = {}] = await lake.query(
      `select count(*)::integer as count from duplicates.signatures where kind = 'answer'`,
    );
    assert.equal(count, 4);
  });
});

test('a template sent thousands of times is one cluster, found in time that grows with their number', async () => {
  await withLake(async (lake) => {
    const filler = Array.from({ length: 300 }, (_, index) => `part${index}`).join(' ');
    const turns = Array.from({ length: 3000 }, (_, index) =>
      turn(`t${index}`, `${filler} ticket number${index}`, 'Done.', { minute: index % 1440 }),
    );
    const started = performance.now();
    await setTurns(lake, turns);
    const [row] = await lake.query(
      'select count(*)::integer as documents, count(distinct near_duplicate_cluster)::integer as clusters from duplicates.near_duplicates',
    );
    assert.deepEqual(row, { documents: 6000, clusters: 1 });
    // Compared all with all, these 4.5 million pairs take minutes.
    assert.ok(performance.now() - started < 40_000);
  });
});
