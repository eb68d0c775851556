import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { buildFixture, type Fixture } from './support/models.js';

const samples = new URL('../../data/samples/', import.meta.url);
let lake: Fixture;

before(async () => {
  lake = await buildFixture({
    claude: new URL('claude/projects', samples).pathname,
    codex: new URL('codex/sessions', samples).pathname,
  });
});

after(() => lake.close());

test('the samples hold the human turns that were counted when they were written', async () => {
  const [header = '', ...lines] = (await readFile(new URL('human-turns.tsv', samples), 'utf8'))
    .trim()
    .split('\n');
  assert.equal(header, 'file\thuman_turns\tanswered\tinterrupted\trolled_back\tno_answer');
  const counted = await lake.query(
    `select
        case agent when 'claude' then 'claude/projects/' else 'codex/sessions/' end || source_path as file,
        count(*) as turns,
        count(*) filter (where end_reason = 'answered') as answered,
        count(*) filter (where end_reason in ('interrupted', 'rejected')) as interrupted,
        count(*) filter (where end_reason = 'rolled_back') as rolled_back,
        count(*) filter (where end_reason in ('open', 'tool', 'error')) as no_answer
    from core.turns where is_human group by all`,
  );
  const byFile = new Map(counted.map(({ file, ...counts }) => [file, Object.values(counts).map(Number)]));
  for (const line of lines) {
    const [file = '', ...expected] = line.split('\t');
    // The archive lies beside sessions/, which is all that this lake reads.
    if (file.startsWith('codex/archived_sessions/')) continue;
    assert.deepEqual(byFile.get(file) ?? [0, 0, 0, 0, 0], expected.map(Number), file);
  }
});

test('an answer given in two sessions is one document', async () => {
  const pairs = await lake.query('select count(*) as n from core.qa_pairs where duplicate_of is not null');
  assert.equal(Number(pairs[0]?.n), 1);
  const documents = await lake.query(
    'select count(*) - count(distinct content_hash) as n from datasets.qa_documents',
  );
  assert.equal(Number(documents[0]?.n), 0);
});
