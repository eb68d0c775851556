import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { type DuckDB, openWarehouse } from '../pipelines/lib/warehouse.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';

const samples = new URL('../../data/samples/', import.meta.url);
let warehouse: DuckDB;

before(async () => {
  warehouse = await openWarehouse({ config: sampleConfig(await sampleLake()) });
});

after(() => warehouse.close());

const query = async (sql: string) => (await warehouse.connection.runAndReadAll(sql)).getRowObjectsJS();

test('the samples hold the human turns that were counted when they were written', async () => {
  const [header = '', ...lines] = (await readFile(new URL('human-turns.tsv', samples), 'utf8'))
    .trim()
    .split('\n');
  assert.equal(header, 'file\thuman_turns\tanswered\tinterrupted\trolled_back\tno_answer');
  const counted = await query(
    `select
        case
            when agent = 'claude' then 'claude/projects/'
            when source_path like 'archived_sessions/%' then 'codex/'
            else 'codex/sessions/'
            end || source_path as file,
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
    const clean = file.replace('/-home-sam', '/~');
    assert.deepEqual(byFile.get(clean) ?? [0, 0, 0, 0, 0], expected.map(Number), file);
  }
});

test('an answer given in two sessions is one document', async () => {
  const pairs = await query('select count(*) as n from core.qa_pairs where duplicate_of is not null');
  assert.equal(Number(pairs[0]?.n), 1);
  const documents = await query(
    'select count(*) - count(distinct content_hash) as n from datasets.qa_documents',
  );
  assert.equal(Number(documents[0]?.n), 0);
});
