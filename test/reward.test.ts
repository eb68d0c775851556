import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { artifact, scored } from './support/recordedEvents.js';
import { openWorlds } from './support/recordedWorld.js';

const worlds = await openWorlds();
const { ask } = worlds;
after(() => worlds.close());

test('every evaluation is a row, the superseded ones too, and says whether it is the last word', async () => {
  const rows = await ask(
    [
      ...artifact('a', 'x'),
      scored('a', 9, { rater: 'ann' }),
      scored('a', 4.5, { rater: 'bob' }),
      scored('a', 6, { rater: 'ann' }),
    ],
    `select rater, score, score_scale, metadata ->> '$.is_current', metadata ->> '$.is_last'
     from datasets.reward order by created_at`,
  );
  assert.deepEqual(rows, [
    ['ann', 9, '1-10', 'false', 'false'],
    ['bob', 4.5, '1-10', 'true', 'false'],
    ['ann', 6, '1-10', 'true', 'true'],
  ]);
});

test('what nobody scored is no row; a failed attempt that was scored is one', async () => {
  const rows = await ask(
    [...artifact('a', 'x'), ...artifact('b', 'y', { error: 'boom' }), scored('b', 2)],
    `select metadata ->> '$.artifact_id', metadata ->> '$.status', score, rater from datasets.reward`,
  );
  assert.deepEqual(rows, [['b', 'failed', 2, null]]);
});

test('a score of nothing, or of an answer to nothing, is no row', async () => {
  const events = [...artifact('a', ' '), ...artifact('b', 'x', { need: '' })];
  assert.deepEqual(
    await ask([...events, scored('a', 5), scored('b', 5), scored('unknown', 5)], 'from datasets.reward'),
    [],
  );
});

test('a row is the prompt as it was given and the answer as one message, and names its events', async () => {
  const [row] = await ask(
    [
      ...artifact('a', 'x', {
        constraints: ['short'],
        agent: 'poet',
        model: 'model-p',
        at: '2026-05-01T09:00:00Z',
      }),
      { ...scored('a', 7, { comment: 'nice' }), id: 'score', at: '2026-05-04T09:00:00Z' },
    ],
    `select prompt::varchar[], completion::varchar[], harness, teacher_model, source_events, day, metadata::varchar
     from datasets.reward`,
  );
  const metadata = JSON.parse(String(row?.pop()));
  assert.deepEqual(row, [
    ['{"role":"user","content":"Write\\n\\nConstraints:\\n- short"}'],
    ['{"role":"assistant","content":"x"}'],
    ...['poet', 'model-p'],
    ['e-0000', 'e-0002', 'score'],
    '2026-05-04',
  ]);
  assert.deepEqual(metadata.events, { input: 'e-0000', output: 'e-0002', score: 'score' });
  assert.equal(metadata.comment, 'nice');
  assert.deepEqual(
    metadata.sources.map(({ byte_offset }: { byte_offset: number }) => byte_offset),
    [0, 200, 300],
  );
});

test('the same score said again by the same rater is one row, of the first time, that names both', async () => {
  const rows = await ask(
    [
      ...artifact('a', 'x'),
      { ...scored('a', 7), id: 'first', at: '2026-05-02T09:00:00Z' },
      { ...scored('a', 7), id: 'again', at: '2026-05-03T09:00:00Z' },
    ],
    `select day, source_events, metadata ->> '$.events.score', metadata ->> '$.evaluations' from datasets.reward`,
  );
  assert.deepEqual(rows, [
    ['2026-05-02', ['again', 'e-0000', 'e-0002', 'first'], 'first', '["first","again"]'],
  ]);
});
