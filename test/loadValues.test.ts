import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { type Clickhouse, openClickhouse } from '../pipelines/lib/clickhouse.js';
import { lakeTables } from '../pipelines/lib/loadPlan.js';
import { type DuckDB, identifier, openWarehouse, quote } from '../pipelines/lib/warehouse.js';
import { corpus } from './support/builtLake.js';
import { sampleLake } from './support/sampleLake.js';
import { copyLake, loadHere, runCli } from './support/warehouse.js';

const prices = fileURLToPath(new URL('../../data/prices.json', import.meta.url));
type Column = { column_name: string; column_type: string };
let folder: string;
let lake: DuckDB;
let clickhouse: Clickhouse;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tracemill-values-'));
  const environment = {
    TRACEMILL_DATA: join(folder, 'data'),
    SEQ_AGENT_QA_CLAUDE_DIR: corpus?.claude ?? '',
    SEQ_AGENT_QA_CODEX_DIR: corpus?.codex ?? '',
    TRACEMILL_SPOOL: corpus?.events ?? '',
    TRACEMILL_SEQ_MEM: corpus?.seq ?? '',
    TRACEMILL_SETTLE: '0',
  };
  // TRACEMILL_BUILT: a data folder that was built of the corpus already.
  const built = corpus === undefined ? await sampleLake() : process.env.TRACEMILL_BUILT;
  if (built !== undefined) await copyLake(built, environment.TRACEMILL_DATA);
  for (const verb of built === undefined ? ['ingest', 'build'] : []) {
    const { status, stderr } = runCli([verb], environment);
    assert.equal(status, 0, stderr);
  }
  const result = await loadHere(environment);
  assert.deepEqual([result.left_out, result.differences], [[], []]);
  const config = readConfig(environment);
  lake = await openWarehouse({ config });
  clickhouse = await openClickhouse(config);
});

after(async () => {
  lake.close();
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

const inLake = async <Row = Record<string, unknown>>(sql: string) =>
  (await lake.connection.runAndReadAll(sql)).getRowObjectsJS() as Row[];

for (const [table, name] of Object.entries(lakeTables)) {
  test(`${table} holds the rows of ${name}, value by value`, async () => {
    const file = join(folder, `${table}.parquet`);
    const { stream } = await clickhouse.client.exec({ query: `select * from ${table} format Parquet` });
    await writeFile(file, stream);
    const columns = await inLake<Column>(`describe ${name}`);
    // JSON is text in the warehouse, its times say that they are UTC, and its lists cannot be null.
    const value = ({ column_name: name, column_type: type }: Column) =>
      type.endsWith('[]')
        ? `coalesce(${identifier(name)}, []) as ${identifier(name)}`
        : `${identifier(name)}::${type === 'JSON' ? 'varchar' : type} as ${identifier(name)}`;
    const select = columns.map(value).join(', ');
    for (const { column_name: column } of columns.filter(({ column_type: type }) => type.endsWith('[]'))) {
      const empty = await inLake(
        `select count(distinct ${column} is null) as kinds from ${name} where len(coalesce(${column}, [])) = 0`,
      );
      assert.ok(Number(empty[0]?.kinds) <= 1, `${column}: null and [] would become one`);
    }
    const ours = `select ${select} from ${name}`;
    const theirs = `select ${select} from read_parquet(${quote(file)})`;
    const [counts] = await inLake<{ ours: bigint; missing: bigint; added: bigint }>(
      `select (select count(*) from ${name}) as ours,
        (select count(*) from (${ours} except all ${theirs})) as missing,
        (select count(*) from (${theirs} except all ${ours})) as added`,
    );
    assert.deepEqual([counts?.missing, counts?.added], [0n, 0n], `of ${counts?.ours} rows`);
    assert.ok((counts?.ours ?? 0n) > 0n || corpus !== undefined);
  });
}

test('token_costs adds up to what the sessions used, and costs what the prices of the day say', async () => {
  const kinds = ['input', 'cache_read', 'cache_write', 'output', 'reasoning'];
  const sums = kinds.map((kind) => `sum(${kind}_tokens) as ${kind}`).join(', ');
  const [used] = await clickhouse.rows(`select ${sums} from token_costs`);
  const [expected] = await inLake(
    `select ${kinds.map((kind) => `coalesce(sum(${kind}_tokens), 0)::varchar as ${kind}`).join(', ')} from core.sessions`,
  );
  assert.deepEqual(used, expected);
  const known = JSON.parse(await readFile(prices, 'utf8')) as Record<string, string | number>[];
  const rows = await clickhouse.rows<Record<string, string | number | null>>('select * from token_costs');
  let unpriced = 0;
  for (const row of rows) {
    const base = String(row.model ?? '').replace(/-20\d{6}$/, '');
    const of = known.filter(({ model, from }) => model === base && String(from) <= String(row.used_on));
    const price = of.toSorted((a, b) => (String(a.from) < String(b.from) ? 1 : -1))[0];
    if (price === undefined) {
      unpriced += 1;
      assert.equal(row.cost_usd, null, JSON.stringify(row));
      continue;
    }
    const cost = kinds.slice(0, 4).map((kind) => (Number(row[`${kind}_tokens`]) * Number(price[kind])) / 1e6);
    const sum = cost.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(Number(row.cost_usd) - sum) < 1e-9, JSON.stringify(row));
  }
  assert.ok(rows.length > unpriced, 'some use has a price');
});

test('a model without a price costs null, and one that got cheaper costs by the day', async () => {
  await clickhouse.run(
    `insert into prices values ('odd', '2026-01-01', 1, 1, 1, 1), ('odd', '2026-02-01', 2, 2, 2, 2)`,
  );
  const step = (id: string, model: string, day: string) =>
    `('${day}', '${id}', 'claude', 'odd', 0, 'text', 'model', '${model}', '${day} 12:00:00', 1000000)`;
  await clickhouse.run(
    `insert into steps (day, step_id, agent, session_id, position, kind, author, model, occurred_at, output_tokens) values
      ${step('1', 'odd-20260101', '2025-12-31')}, ${step('2', 'odd', '2026-01-31')},
      ${step('3', 'odd-2026-01-01', '2026-02-01')}, ${step('4', 'odder', '2026-02-01')}`,
  );
  const rows = await clickhouse.rows(
    `select used_on, model, cost_usd from token_costs where model like 'odd%' order by all`,
  );
  await clickhouse.run(`delete from steps where session_id = 'odd'`);
  await clickhouse.run(`delete from prices where model = 'odd'`);
  assert.deepEqual(
    rows.map((row) => Object.values(row)),
    [
      ['2025-12-31', 'odd-20260101', null],
      ['2026-01-31', 'odd', 1],
      ['2026-02-01', 'odd-2026-01-01', 2],
      ['2026-02-01', 'odder', null],
    ],
  );
});

test('the views of tools, errors and answers count what the lake holds', async () => {
  const [tools] = await clickhouse.rows(
    `select sum(call_count) as calls, sum(ok_count) as ok, sum(error_count) as errors, sum(denied_count) as denied,
      sum(cut_count) as cut, (select sum(error_count) from error_hot_spots) as hot from tool_success`,
  );
  const of = (...outcomes: string[]) =>
    `(count(*) filter (where outcome in (${outcomes.map(quote).join(', ')})))::varchar`;
  const [calls] = await inLake(
    `select count(*)::varchar as calls, ${of('ok')} as ok, ${of('error')} as errors,
      ${of('rejected', 'machine_denied')} as denied, ${of('interrupted', 'unanswered')} as cut, ${of('error')} as hot
     from core.tool_calls`,
  );
  assert.deepEqual(tools, calls);
  assert.equal(
    Number(tools?.calls),
    ['ok', 'errors', 'denied', 'cut'].reduce((sum, kind) => sum + Number(tools?.[kind]), 0),
  );
  const answers = await clickhouse.rows(
    `select agent, sum(turn_count) as turns, sum(answered_count) as answered, sum(stopped_count + error_count + open_count) as other
     from answer_rate group by agent order by agent`,
  );
  const turns = await inLake(
    `select agent, count(*)::varchar as turns, (count(*) filter (where end_reason = 'answered'))::varchar as answered,
      (count(*) filter (where end_reason != 'answered'))::varchar as other
     from core.turns where is_human group by agent order by agent`,
  );
  assert.deepEqual(answers, turns);
  const [rates] = await clickhouse.rows<Record<string, number>>(
    `select max(success_rate) as best, min(success_rate) as worst, (select max(answer_rate) from answer_rate) as answered from tool_success`,
  );
  for (const rate of Object.values(rates ?? {})) assert.ok(rate >= 0 && rate <= 1);
});
