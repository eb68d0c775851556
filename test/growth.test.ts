import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadMacros } from '../pipelines/lib/macros.js';
import { readSqlFolder, type SqlFolder } from '../pipelines/lib/model.js';
import { type DuckDB, openDuckDB } from '../pipelines/lib/warehouse.js';
import { redactionPolicy } from './support/redaction.js';

let duckdb: DuckDB;
let folder: SqlFolder;

before(async () => {
  duckdb = await openDuckDB();
  folder = await readSqlFolder(fileURLToPath(new URL('../../sql', import.meta.url)));
  await loadMacros(duckdb.connection, folder.macros, await redactionPolicy());
  await duckdb.connection.run('create schema core');
});
after(() => duckdb.close());

const textOf = (name: string) => folder.models.find((model) => model.name === name)?.sql ?? '';

/** One session of so many turns, each a prompt and an answer; every fourth is undone by the one behind it. */
const sessionOf = (turns: number) => `create or replace table core.steps as
  select 'claude' as agent, 's' as session_id, 'main' as session_kind, 'turn ' || turn_no as turn_id, turn_no,
    0 as segment_no, 2 * turn_no + part as position, ['prompt', 'text'][part + 1] as kind, ['human', 'model'][part + 1] as author,
    null::varchar as label, case part when 0 then 'human' end as prompt_kind,
    case when part = 0 and turn_no % 4 = 0 then 2 * turn_no + 2 end as voided_position, part = 1 as is_final,
    'words ' || turn_no || ' ' || part as text, false as is_error, 'model' as model, timestamp '2026-03-01' as occurred_at,
    null::bigint as input_tokens, null::bigint as cache_read_tokens, null::bigint as cache_write_tokens,
    null::bigint as output_tokens, null::bigint as reasoning_tokens, null::varchar as permission_mode,
    null::varchar as version, null::varchar as project_path, null::varchar as git_branch, 'x' as source_path, 'x' as file_key,
    turn_no as byte_offset, 1 as byte_length
  from range(${turns}) as turns(turn_no), range(2) as parts(part)`;

type Operator = { readonly operator_cardinality?: number; readonly children?: readonly Operator[] };

/** Rows that the operators of a model's plan hand on, all together: what it costs, alike on every machine. */
async function rowsThrough(sql: string): Promise<number> {
  const reader = await duckdb.connection.runAndReadAll(`explain (analyze, format json) ${sql}`);
  const rows = ({ operator_cardinality: own = 0, children = [] }: Operator): number =>
    children.reduce((sum, child) => sum + rows(child), own);
  return rows(JSON.parse(String(reader.getRows()[0]?.[1])));
}

test('twice the turns of a session are twice the work for core.turns', async () => {
  const found: number[] = [];
  for (const turns of [400, 800]) {
    await duckdb.connection.run(sessionOf(turns));
    found.push(await rowsThrough(textOf('core.turns')));
  }
  const [once = 0, twice = 0] = found;
  assert.ok(once > 400, `${once} rows`);
  assert.ok(twice < 2.2 * once, `${once} rows of 400 turns, ${twice} of 800`);
});

// DuckDB counts each frame anew where count(*) has a filter; count(case …) goes on from the row before.
test('no running count filters', () => {
  const filtered = /count\(\*\)\s+filter\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*over/;
  assert.match('count(*) filter (where x in (1, 2)) over so_far', filtered);
  const found = folder.models.filter(({ sql }) => filtered.test(sql)).map(({ name }) => name);
  assert.deepEqual(found, []);
});
