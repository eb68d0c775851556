import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RecordBatchReader } from 'apache-arrow';
import { type ExportOptions, command as exportCommand } from '../pipelines/export.js';
import { readExportRecords } from '../pipelines/lib/exportRecord.js';
import type { ExportResult } from '../pipelines/lib/exportSummary.js';
import { messagesRefusal } from '../pipelines/lib/rowRules.js';
import { countTokens } from '../pipelines/lib/tokens.js';
import { openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { call, lakeOf, replaceSessions, result, type SessionSpec, said, thought } from './support/core.js';
import { manifestOf, readParquet, run } from './support/exported.js';
import type { TestLake } from './support/lake.js';
import { verbHere } from './support/verbHere.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

/** Sixty sessions over two days, enough for every split. */
const sessions: SessionSpec[] = Array.from({ length: 60 }, (_, index) => ({
  id: `t${index}`,
  day: index % 2 === 0 ? '2026-01-01' : '2026-01-02',
  agent: index % 3 === 0 ? 'codex' : 'claude',
  project_path: index % 5 === 0 ? '~/work/deep' : '~/other',
  turns: [
    {
      question: `question ${index}`,
      steps: [
        thought('hm'),
        call('c1', 'Read', { path: 'ä' }),
        result('c1', 'text'),
        said(`answer ${index}`),
      ],
    },
  ],
}));

/** A lake of them that no test changes, and an export of it. */
let shared: TestLake;
let exported: ExportResult;
/** A lake of four of them, which no test changes either. */
let few: TestLake;

before(async () => {
  shared = await lakeOf(sessions);
  exported = await run(shared);
  few = await lakeOf(sessions.slice(0, 4));
});
after(async () => {
  await shared.remove();
  await few.remove();
});

async function readFiles(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  const bytes = await Promise.all(paths.map((path) => readFile(path, 'base64')));
  return Object.fromEntries(paths.map((path, index) => [path.slice(folder.length), bytes[index] ?? '']));
}

test('an export is read by a second reader: rows, messages as JSON, token counts, splits', async () => {
  const manifest = await manifestOf(exported);
  const seen = new Map<string, string>();
  for (const file of manifest.files.filter(({ path }) => path.startsWith('sft/'))) {
    const { rows } = await readParquet(join(exported.folder ?? '', file.path));
    assert.equal(rows.length, file.rows);
    for (const row of rows) {
      seen.set(String(row.id), String(row.split));
      assert.ok(file.path.startsWith(`sft/${row.split}-`));
      const number = String(row.session_id).slice(1);
      assert.deepEqual(row.messages, [
        { role: 'user', content: `question ${number}` },
        {
          role: 'assistant',
          content: '',
          reasoning_content: 'hm',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'Read', arguments: { path: 'ä' } } }],
        },
        { role: 'tool', content: 'text', tool_call_id: 'c1', name: 'Read' },
        { role: 'assistant', content: `answer ${number}` },
      ]);
      const texts = [`question ${number}`, 'hm', '{"path":"ä"}', 'text', `answer ${number}`];
      assert.equal(
        row.num_tokens,
        texts.reduce((sum, text) => sum + countTokens(text), 0),
      );
    }
  }
  assert.equal(seen.size, 60);
  assert.deepEqual([...new Set(seen.values())].sort(), ['test', 'train', 'validation']);
});

test('Arrow readers are told of strings and JSON, and DuckDB reads JSON lists back', async () => {
  const path = join(exported.folder ?? '', 'sft', 'train-00000-of-00001.parquet');
  const { metadata } = await readParquet(path);
  const schema = metadata.key_value_metadata?.find(({ key }) => key === 'ARROW:schema')?.value ?? '';
  const reader = RecordBatchReader.from(Buffer.from(schema, 'base64'));
  reader.open();
  const fields = Object.fromEntries(reader.schema.fields.map((field) => [field.name, field]));
  assert.equal(String(fields.messages?.type), 'List<Utf8>');
  assert.equal(fields.messages?.type.children[0]?.metadata.get('ARROW:extension:name'), 'arrow.json');
  assert.equal(fields.metadata?.metadata.get('ARROW:extension:name'), 'arrow.json');
  assert.equal(String(fields.created_at?.type), 'Timestamp<MILLISECOND>');
  assert.equal(String(fields.num_tokens?.type), 'Int32');
  const duckdb = await openDuckDB();
  const types = await duckdb.connection.runAndReadAll(
    `describe select messages, metadata from ${quote(path)}`,
  );
  duckdb.close();
  assert.deepEqual(
    types.getRowObjectsJS().map((row) => row.column_type),
    ['JSON[]', 'JSON'],
  );
});

test('two exports of one lake are the same bytes; the second adds nothing and says so', async () => {
  const [lake, twin] = [shared, await lakeOf(sessions)];
  const out = join(lake.folder, 'twice');
  const first = await run(lake, { jsonl: true, out });
  const files = await readFiles(first.folder ?? '');
  const second = await run(lake, { jsonl: true, out, now: new Date('2027-01-01') });
  assert.deepEqual([second.version, second.added], [first.version, false]);
  const other = await run(twin, {
    jsonl: true,
    config: { ...twin.config, workers: 2 },
    now: new Date('2028-01-01'),
  });
  assert.equal(other.version, first.version);
  assert.deepEqual(await readFiles(other.folder ?? ''), files);
  assert.deepEqual((await readdir(out)).sort(), [first.version, 'log'].sort());
  assert.equal((await readExportRecords(out)).length, 1);
  await twin.remove();
});

test('an export is sorted by split hash, then id; the manifest names each file with its hash; nobody else may read it', async () => {
  const { files, datasets, version } = await manifestOf(exported);
  assert.equal(version, exported.version);
  assert.equal(datasets.sft?.rows, 60);
  assert.equal(
    datasets.sft?.tokens,
    files.filter(({ path }) => path.startsWith('sft')).reduce((sum, file) => sum + file.tokens, 0),
  );
  const train = join(exported.folder ?? '', 'sft/train-00000-of-00001.parquet');
  const duckdb = await openDuckDB();
  const unsorted = await duckdb.connection.runAndReadAll(`
    with rows as (
      select sha256('tracemill:split:' || group_id) as split_hash, id, file_row_number as place
      from read_parquet(${quote(train)}, file_row_number = true))
    select count(*) from rows as earlier join rows as later on later.place = earlier.place + 1
    where (later.split_hash, later.id) < (earlier.split_hash, earlier.id)`);
  duckdb.close();
  assert.equal(Number(unsorted.getRowsJS()[0]?.[0]), 0);
  assert.equal((await stat(train)).mode & 0o777, 0o600);
  assert.equal((await stat(exported.folder ?? '')).mode & 0o777, 0o700);
});

test('a later export names the one before it in its record only', async () => {
  const lake = await lakeOf(sessions.slice(0, 6));
  const first = await run(lake);
  await replaceSessions(lake, sessions.slice(0, 4));
  const second = await run(lake, { now: new Date('2026-06-02') });
  const records = await readExportRecords(join(lake.config.data, 'exports'));
  assert.deepEqual(
    records.map(({ id, parent_id: parent, example_count: rows }) => [id, parent, rows]),
    [
      [first.version, null, 12],
      [second.version, first.version, 8],
    ],
  );
  assert.ok(
    !(await readFile(join(second.folder ?? '', 'manifest.json'), 'utf8')).includes(String(first.version)),
  );
  await lake.remove();
});

test('rows that break a rule are not written: counted and named, the rest goes on', async () => {
  const lake = await lakeOf(sessions.slice(0, 2));
  const broken = {
    'role is not system, user, assistant or tool': `['{"role":"developer","content":"x"}', '{"role":"assistant","content":"y"}']`,
    'last message is not from assistant': `['{"role":"user","content":"x"}']`,
    'a tool call without a result': `['{"role":"assistant","content":"","tool_calls":[{"id":"c","function":{"name":"f","arguments":{}}}]}', '{"role":"assistant","content":"y"}']`,
    'a tool message answers no open call': `['{"role":"tool","content":"x","tool_call_id":"c"}', '{"role":"assistant","content":"y"}']`,
    'arguments are not an object': `['{"role":"assistant","content":"","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]}']`,
    'a tool name outside [a-zA-Z0-9_-]{1,64}': `['{"role":"assistant","content":"","tool_calls":[{"id":"c","function":{"name":"f.g","arguments":{}}}]}']`,
  };
  const good = `['{"role":"user","content":"x"}', '{"role":"assistant","content":"y"}']`;
  const rows = Object.values({ ...broken, good }).map(
    (
      messages,
      index,
    ) => `select ${messages}::json[] as messages, null::varchar as tools, 'row${index}' as id, 'g' as group_id,
      split_of('g') as split, timestamp_ms '2026-01-01' as created_at, null::integer as num_tokens, '2026-01-01' as day`,
  );
  const columns = ['messages', 'tools', 'id', 'group_id', 'split', 'created_at', 'num_tokens'];
  const documented = columns.map((column) => `-- @column ${column}  x`).join('\n');
  await lake.sql({
    'datasets/sft': `-- One row per test row.\n-- @split day\n-- @key id\n${documented}\n${rows.join('\nunion all\n')}\norder by id`,
  });
  assert.deepEqual((await lake.build()).failures, []);
  const exported = await run(lake, { datasets: ['sft'] });
  const { sft } = (await manifestOf(exported)).datasets;
  assert.equal(sft?.rows, 1);
  const expected = Object.keys(broken).map((reason, index) => [reason, { rows: 1, ids: [`row${index}`] }]);
  assert.deepEqual(sft?.refused, Object.fromEntries(expected.sort()));
  assert.match(
    await readFile(join(exported.folder ?? '', 'README.md'), 'utf8'),
    /1 refused: arguments are not an object/,
  );
  await lake.remove();
});

test('a row of an older day stands for its copies on later days', async () => {
  const turns = [{ question: 'same', steps: [said('same')] }];
  const lake = await lakeOf([
    { id: 'later', day: '2026-01-02', root_session_id: 'root', turns },
    { id: 'older', day: '2026-01-01', root_session_id: 'root', turns },
  ]);
  const exported = await run(lake, { datasets: ['sft'] });
  const { sft } = exported.datasets;
  assert.deepEqual([sft?.rows, sft?.copies], [1, 1]);
  const [path = ''] = Object.values(sft?.splits ?? {}).flatMap((split) => split.files);
  const { rows } = await readParquet(join(exported.folder ?? '', path));
  assert.equal(rows[0]?.session_id, 'older');
  await lake.remove();
});

test('filters choose rows and stand in the manifest; nothing chosen writes nothing', async () => {
  const count = async (filters: ExportOptions['filters']) =>
    (await run(shared, { filters, datasets: ['sft'] })).datasets.sft?.rows;
  assert.equal(await count({ agent: 'codex' }), 20);
  assert.equal(await count({ project: 'work' }), 12);
  assert.equal(await count({ project: '~/work/deep/' }), 12);
  assert.equal(await count({ project: '~/wor' }), 0);
  assert.equal(await count({ since: '2026-01-02' }), 30);
  assert.equal(await count({ until: '2026-01-02', agent: 'claude' }), 20);
  assert.equal(await count({ model: 'model-a' }), 60);
  const nothing = await run(shared, { filters: { model: 'model-b' } });
  assert.deepEqual([nothing.version, nothing.folder], [null, null]);
  const filtered = await run(shared, { filters: { agent: 'codex' } });
  assert.deepEqual((await manifestOf(filtered)).filters, { agent: 'codex' });
});

test('the card names every file group that is there, documents every column and sets max_length', async () => {
  const card = await readFile(join(exported.folder ?? '', 'README.md'), 'utf8');
  for (const [name, dataset] of Object.entries(exported.datasets)) {
    for (const split of Object.keys(dataset.splits))
      assert.ok(card.includes(`path: ${name}/${split}-*.parquet`));
  }
  assert.match(card, /max_length=1024/);
  const { metadata } = await readParquet(join(exported.folder ?? '', 'sft/train-00000-of-00001.parquet'));
  for (const { name } of metadata.schema.slice(1).filter(({ name }) => !['list', 'element'].includes(name))) {
    assert.ok(card.includes(`| ${name} | `), `the card has no line on ${name}`);
  }
});

test('a draft that a killed export left is swept, a record that is missing is written', async () => {
  const exports = join(few.folder, 'drafts');
  const own = { datasets: ['sft'], out: exports };
  const { version } = await run(few, own);
  await mkdir(join(exports, '.draft-999999999'));
  await writeFile(join(exports, '.draft-999999999', 'x'), '');
  await rm(join(exports, 'log'), { recursive: true });
  assert.equal((await run(few, own)).added, false);
  assert.deepEqual((await readdir(exports)).sort(), [version, 'log'].sort());
  assert.equal((await readExportRecords(exports))[0]?.id, version);
});

test('the verb: a summary, JSON, and words for a bad filter, an unknown dataset and an unbuilt lake', async () => {
  const env = { ...process.env, TRACEMILL_DATA: few.config.data, TRACEMILL_SQL: few.config.sql };
  const verb = (words: string[], more = {}) => verbHere(exportCommand, words, { ...env, ...more });
  const words = [cli, 'export', '--dataset', 'sft'];
  const plain = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
  assert.equal(plain.status, 0, plain.stderr);
  assert.match(plain.stdout, /^Exported to .*\n {2}sft: 4 rows, \d+ tokens \(train \d/);
  const json = JSON.parse((await verb(['--dataset', 'sft', '--json'])).stdout);
  assert.deepEqual([json.added, json.datasets.sft.rows], [false, 4]);
  const since = await verb(['--since', 'yesterday']);
  assert.deepEqual(
    [since.status, since.stderr],
    [2, '--since yesterday: not a time; write 2026-05-01 or 2026-05-01T12:00Z\n'],
  );
  const unknown = await verb(['--dataset', 'stf']);
  assert.deepEqual(
    [unknown.status, unknown.stderr],
    [2, '--dataset stf: not built; use qa_documents, sft\n'],
  );
  const empty = await verb([], { TRACEMILL_DATA: join(few.folder, 'nothing') });
  assert.deepEqual([empty.status, empty.stderr], [1, 'lake: no dataset is built; run `tracemill build`\n']);
});

test('the rules of messages: order of calls and results, null keys, contents', () => {
  const ask = { role: 'user', content: 'x' };
  const made = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: {} } });
  const calls = (...ids: string[]) => ({ role: 'assistant', content: '', tool_calls: ids.map(made) });
  const answer = (id: string) => ({ role: 'tool', content: '', tool_call_id: id });
  assert.equal(messagesRefusal([ask, calls('a', 'b'), answer('b'), answer('a'), ask]), null);
  assert.equal(messagesRefusal([ask, calls('a', 'b'), answer('b'), ask]), 'a tool call without a result');
  assert.equal(
    messagesRefusal([calls('a'), answer('a'), answer('a')]),
    'a tool message answers no open call',
  );
  assert.equal(messagesRefusal([calls('a', 'a'), answer('a')]), 'two open calls of one id');
  assert.equal(messagesRefusal([{ ...ask, name: null }]), 'a key with a null value');
  assert.equal(messagesRefusal([{ role: 'user', content: [] }]), 'content is not a string');
  assert.equal(messagesRefusal([]), 'no messages');
  assert.equal(messagesRefusal([undefined]), 'a message is not an object');
});

test('tokens: special tokens are text, a long run takes no quadratic time', () => {
  assert.equal(countTokens('hello world'), 2);
  assert.ok(countTokens('<|endoftext|>') > 1);
  const started = performance.now();
  assert.ok(countTokens('='.repeat(1_000_000)) > 1000);
  assert.ok(performance.now() - started < 5000);
});
