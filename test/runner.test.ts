import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ingest } from '../pipelines/ingest.js';
import { readProject, selectModels } from '../pipelines/lib/graph.js';
import { readStatus } from '../pipelines/lib/lakeStatus.js';
import { readModel } from '../pipelines/lib/model.js';
import { readPlan } from '../pipelines/lib/plan.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { stagesOf } from '../pipelines/lib/taskQueue.js';
import { openDuckDB, openWarehouse, quote } from '../pipelines/lib/warehouse.js';
import { makeLake } from './support/lake.js';

const header = '-- One row per thing.\n-- @key id\n';

/** A model of sql/core that reads the tables named. */
function reading(inputs: string, tags = ''): string {
  const from = inputs
    .split(' ')
    .map((input, index) => `${index > 0 ? 'union all by name ' : ''}select id from ${input}`);
  return `${header}${tags}${from.join('\n')}\norder by id`;
}

async function projectOf(sql: Record<string, string>) {
  const lake = await makeLake();
  await lake.sql(sql);
  const duckdb = await openDuckDB();
  try {
    return await readProject(duckdb.connection, lake.config, join(lake.config.data, 'lake'));
  } finally {
    duckdb.close();
    await lake.remove();
  }
}

test('a header says the grain and six kinds of promise; an indented line goes on with its tag', () => {
  const model = readModel(
    'core/turns.sql',
    `-- One row per turn.
-- Why it is so, in free words.
-- @partition day
-- @key turn_id, part
-- @not_null question, answer
-- @check length(question) > 0
--     and length(answer) > 0
-- @check part > 0
-- @column turn_id  Stable id
--     of the turn.
-- @column part     Which part.
select 1 -- @key no_header_any_more
`,
  );
  assert.equal(model.name, 'core.turns');
  assert.equal(model.grain, 'One row per turn.');
  assert.equal(model.partitioned, true);
  assert.deepEqual(model.key, ['turn_id', 'part']);
  assert.deepEqual(model.notNull, ['question', 'answer']);
  assert.deepEqual(model.checks, ['length(question) > 0 and length(answer) > 0', 'part > 0']);
  assert.deepEqual(
    [...model.columns],
    [
      ['turn_id', 'Stable id of the turn.'],
      ['part', 'Which part.'],
    ],
  );
});

const badHeaders: [string, string, string][] = [
  ['core/x.sql', 'select 1', 'sql/core/x.sql:1: has no grain; begin with `-- One row per …`'],
  ['core/x.sql', '-- @key id\nselect 1', 'sql/core/x.sql:1: has no grain; begin with `-- One row per …`'],
  [
    'core/x.sql',
    '-- One row.\nselect 1',
    'sql/core/x.sql:1: has no key; add `-- @key <columns>` that name one row',
  ],
  [
    'core/x.sql',
    `${header}-- @unique id\nselect 1`,
    'sql/core/x.sql:3: unknown tag @unique; use @partition, @split, @key, @not_null, @check, @column',
  ],
  ['core/x.sql', `${header}-- @partition month\nselect 1`, 'sql/core/x.sql:3: write `@partition day`'],
  [
    'core/x.sql',
    `${header}-- @check\nselect 1`,
    'sql/core/x.sql:3: @check says nothing; write what it is about after it',
  ],
  [
    'core/x.sql',
    `${header}-- @partition day\n-- @split day\nselect 1`,
    'sql/core/x.sql:1: @partition and @split exclude each other; keep @split if the model must see all days',
  ],
  ['core/x.sql', `${header}select 1;\n`, 'sql/core/x.sql:3: leave out the semicolon'],
  [
    'core/My-Turns.sql',
    `${header}select 1`,
    'sql/core/My-Turns.sql:1: the path is the table, so it must be lower case words; rename the file',
  ],
];

for (const [file, text, message] of badHeaders) {
  test(`header: ${message}`, () => {
    assert.throws(() => readModel(file, text), { name: 'UserError', message });
  });
}

test('inputs come from the parser: CTEs, subqueries, unions and using are seen, bare names are not inputs', async () => {
  const day = '-- @partition day\n';
  const { nodes } = await projectOf({
    'staging/a': reading('raw.claude', day),
    'staging/b': reading('raw.codex', day),
    'core/all': `${header}${day}with picked as (select * from staging.a where id in (select id from raw.seq))
select picked.id from picked join staging.b using (id)
union all select id from (from raw.events) where exists (from staging.a) order by id`,
  });
  assert.deepEqual(
    nodes.map(({ name, inputs }) => [name, inputs]),
    [
      ['staging.a', ['raw.claude']],
      ['staging.b', ['raw.codex']],
      ['core.all', ['raw.events', 'raw.seq', 'staging.a', 'staging.b']],
    ],
  );
});

test('the runner says what is wrong with a graph, and the way out', async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [
      { 'core/a': reading('core.b'), 'core/b': reading('core.c'), 'core/c': reading('core.a') },
      /^sql\/core\/a\.sql: core\.a reads core\.b reads core\.c reads core\.a; .* break the circle$/,
    ],
    [
      { 'core/a': reading('core.turn') },
      /^sql\/core\/a\.sql: reads core\.turn, which nothing makes; write sql\/core\/turn\.sql or correct the name$/,
    ],
    [
      { 'core/a': reading('raw.gemini') },
      /nothing makes; raw has claude, codex, claude_files, seq, events or/,
    ],
    [
      { 'core/a': `${header}select id\nfrom raw.claude\nwhere where` },
      /^sql\/core\/a\.sql:5: .*syntax error.*write one SELECT$/,
    ],
    [{ 'core/a': `${header}create table x as select 1` }, /^sql\/core\/a\.sql:1: .*write one SELECT$/],
    [
      { 'macros/m': 'create or replace macro t(x) as table select x' },
      /^sql\/macros\/m\.sql: .* is no scalar macro/,
    ],
  ];
  for (const [sql, message] of cases) await assert.rejects(projectOf(sql), { name: 'UserError', message });
});

test('what SQL and header disagree about is said before anything runs', async () => {
  const cases: [string, RegExp][] = [
    [
      `${header}select source as id, nothing from raw.claude`,
      /^sql\/core\/a\.sql: Binder Error: .*nothing.*; correct the model$/,
    ],
    [
      `${header}select source from raw.claude`,
      /its header names id, which it does not make; it makes source$/,
    ],
    [
      `${header}-- @split day\nselect source as id from raw.claude`,
      /@split day needs a column day; select it$/,
    ],
    [
      `${header}select source as id, sum(line_no) as n from raw.claude group by 1`,
      /n is HUGEINT, .* cast it/,
    ],
    [
      `${header}-- @column id Yes.\n-- @column x No.\nselect source as id from raw.claude`,
      /@column x but makes no such/,
    ],
  ];
  for (const [model, message] of cases) {
    const lake = await makeLake();
    await lake.sql({ 'core/a': model });
    await assert.rejects(lake.build(), { name: 'UserError', message });
    await lake.sql({ 'core/a': `${header}select source as id from raw.claude` });
    assert.deepEqual((await lake.build()).failures, []);
    await lake.remove();
  }
});

test('a dataset documents every column, another model those it likes to', async () => {
  const lake = await makeLake();
  await lake.sql({ 'core/a': `${header}-- @column id Yes.\nselect source as id, line from raw.claude` });
  assert.deepEqual((await lake.build()).failures, []);
  await lake.sql({ 'datasets/a': `${header}select source as id from raw.claude` });
  await assert.rejects(lake.build(), {
    message: 'sql/datasets/a.sql: says nothing of id; add @column lines',
  });
  await lake.remove();
});

test('day models run together, whole ones between, in as few stages as their inputs allow', async () => {
  const day = '-- @partition day\n';
  const { nodes } = await projectOf({
    'staging/a': reading('raw.claude', day),
    'core/b': reading('staging.a', day),
    'core/c_copies': reading('core.b', '-- @split day\n'),
    'core/d': reading('core.b core.c_copies', day),
    'core/e': reading('core.b', day),
    'datasets/f': reading('core.d', ''),
  });
  const stages = stagesOf(nodes).map((stage) => stage.map(({ name }) => name));
  assert.deepEqual(stages, [
    ['staging.a', 'core.b', 'core.e'],
    ['core.c_copies'],
    ['core.d'],
    ['datasets.f'],
  ]);
});

test('selection: a table, a layer, what comes before, what comes after, and the claims about them', async () => {
  const project = await projectOf({
    'staging/a': reading('raw.claude'),
    'staging/b': reading('raw.codex'),
    'core/c': reading('staging.a staging.b'),
    'core/d': reading('core.c'),
    'checks/c_is_sound': reading('core.c'),
  });
  const select = (patterns: string) => [...selectModels(project, patterns)].sort();
  assert.deepEqual(select('staging.'), ['staging.a', 'staging.b']);
  assert.deepEqual(select('+core.c'), ['checks.c_is_sound', 'core.c', 'staging.a', 'staging.b']);
  assert.deepEqual(select('staging.a,staging.b+'), [
    'checks.c_is_sound',
    'core.c',
    'core.d',
    'staging.a',
    'staging.b',
  ]);
  assert.throws(() => select('core.d'), /^UserError: core\.d: its input core\.c is not built/);
  assert.throws(() => select('core.nothing'), { exitCode: 2 });
});

test('only the macros that a model uses, also through others, are part of its fingerprint', async () => {
  const sql = {
    'macros/a':
      'create or replace macro inner_one(x) as x + 1;\ncreate or replace macro outer_one(x) as inner_one(x);\n',
    'core/uses': `${header}select outer_one(line_no) as id from raw.claude order by id`,
    'core/does_not': reading('raw.claude').replaceAll('select id', 'select line_no as id'),
  };
  const own = async (macros: string) =>
    Object.fromEntries(
      (await projectOf({ ...sql, 'macros/a': macros })).nodes.map(({ name, own }) => [name, own]),
    );
  const before = await own(sql['macros/a']);
  const after = await own(sql['macros/a'].replace('x + 1', 'x + 2'));
  assert.notEqual(after['core.uses'], before['core.uses']);
  assert.equal(after['core.does_not'], before['core.does_not']);
});

test('a plan over 1,000 days and 20 models takes less than a second', async () => {
  const lake = await makeLake();
  const day = '-- @partition day\n';
  const names = Array.from({ length: 20 }, (_, index) => `core.m${String(index).padStart(2, '0')}`);
  await lake.sql(
    Object.fromEntries(
      names.map((name, index) => [name.replace('.', '/'), reading(names[index - 1] ?? 'raw.claude', day)]),
    ),
  );
  const days = Array.from({ length: 1000 }, (_, index) =>
    new Date(index * 86_400_000).toISOString().slice(0, 10),
  );
  const entry = (of: string) => ({
    file: `${of}.parquet`,
    sha256: of.padEnd(64, '0'),
    rows: 1,
    bytes: 1,
    fingerprint: 'x.x.x.x',
  });
  const tables = names.map((name) => [
    name,
    {
      columns: [],
      partitioned: true,
      shape: '',
      fingerprint: '',
      files: Object.fromEntries(days.map((key) => [key, entry(name + key)])),
    },
  ]);
  await mkdir(join(lake.config.data, 'lake'), { recursive: true });
  const manifest = { format: 1, tables: Object.fromEntries(tables), checks: {} };
  await writeFile(join(lake.config.data, 'lake', 'manifest.json'), JSON.stringify(manifest));
  await lake.raw('a', ['x'], { day: days[0] ?? '' });
  const duckdb = await openDuckDB();
  const commits = quote(join(lake.config.data, 'lake', 'commits', '00000002.parquet'));
  const [known] = (await readdir(join(lake.config.data, 'lake', 'commits'))).map((file) =>
    quote(join(lake.config.data, 'lake', 'commits', file)),
  );
  await duckdb.connection.run(`copy (
    select * replace (file_key || day as file_key, source_path || day as source_path, day as partition_day,
      ['raw/claude/day=' || day || '/a.parquet'] as raw_files)
    from read_parquet(${known}), (select unnest([${days.map(quote).join(', ')}]) as day)
  ) to ${commits} (format parquet)`);
  duckdb.close();
  const started = performance.now();
  const plan = await readPlan({ config: lake.config });
  assert.ok(performance.now() - started < 1000);
  assert.deepEqual(
    plan.map(({ model, days, reasons }) => [model, days.length, Object.keys(reasons)]),
    names.map((name) => [name, 1000, ['sql changed']]),
  );
  await lake.remove();
});

test('raw shows the path a file has now, its generations, and no line that was read again longer', async () => {
  const lake = await makeLake();
  await lake.sql({
    'staging/lines': `-- One row per line.
-- @partition day
-- @key file_key, byte_offset
select source_path, file_key, byte_offset, line_no, generation, is_current, line, from raw.claude
order by file_key, byte_offset`,
  });
  const projects = join(lake.config.data, '..', 'claude', 'projects', 'p');
  const write = async (name: string, text: string) => {
    await mkdir(projects, { recursive: true });
    await writeFile(join(projects, name), text);
    await ingest({ config: lake.config, progress: silentProgress, now: () => new Date(), settleMs: 0 });
    await lake.build();
    return lake.query(
      'select source_path, line_no::integer as n, generation as g, is_current as newest, line, day from staging.lines order by g, n',
    );
  };
  const first = '{"timestamp":"2026-02-03T10:00:00Z","n":1}';
  const row = (n: number, line: string, more = {}) => ({
    source_path: 'p/a.jsonl',
    n,
    g: 0,
    newest: true,
    line,
    day: '2026-02-03',
    ...more,
  });
  assert.deepEqual(await write('a.jsonl', `${first}\nhal`), [row(1, first), row(2, 'hal')]);
  assert.deepEqual(await write('a.jsonl', `${first}\nhalf\n`), [row(1, first), row(2, 'half')]);
  const other = '{"timestamp":"2026-02-04T10:00:00Z"}';
  assert.deepEqual(await write('a.jsonl', `${other}\n`), [
    row(1, first, { newest: false }),
    row(2, 'half', { newest: false }),
    row(1, other, { g: 1, day: '2026-02-04' }),
  ]);
  await lake.remove();
});

test('the warehouse opens the tables asked for and names one that is not built', async () => {
  const lake = await makeLake();
  await assert.rejects(openWarehouse({ config: lake.config, tables: ['core.turns'] }), {
    message: 'core.turns: not built yet; run `tracemill build`',
  });
  await lake.remove();
});

test('status counts what was read, what was built, what was rejected and what is out of date', async () => {
  const lake = await makeLake();
  await lake.sql({
    'staging/rejects': `-- One row per line that is no JSON.
-- @partition day
-- @key file_key, line_no
select source, file_key, line_no, 'not JSON' as reason from raw.claude where not json_valid(line) order by all`,
  });
  await lake.raw('a', ['{}', 'nonsense']);
  await lake.build();
  await lake.raw('b', ['{}'], { day: '2026-01-05' });
  const status = await readStatus(lake.config, new Date('2026-01-01T01:00Z'));
  assert.deepEqual(status.sources, [
    {
      source: 'claude',
      files: 2,
      lines: 3,
      bytes: 15,
      lastCommitAt: '2026-01-01T00:00:00.000Z',
      lagMs: 3_600_000,
    },
  ]);
  assert.deepEqual(
    status.tables.map(({ table, days, rows }) => [table, days, rows]),
    [['staging.rejects', 1, 1]],
  );
  assert.deepEqual(status.rejects, [{ source: 'claude', reason: 'not JSON', lines: 1 }]);
  assert.deepEqual(status.outOfDate, [
    { model: 'staging.rejects', days: ['2026-01-05'], reasons: { new: 1 } },
  ]);
  assert.equal(status.lagMs, 3_600_000);
  await lake.remove();
});
