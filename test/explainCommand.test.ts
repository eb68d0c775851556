import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import stringWidth from 'string-width';
import { build } from '../pipelines/build.js';
import { command as explainCommand } from '../pipelines/explain.js';
import { describeExplanation } from '../pipelines/lib/explainText.js';
import { type Explanation, explainRow } from '../pipelines/lib/explanation.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { purgeForgotten } from '../pipelines/lib/purge.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { openWarehouse } from '../pipelines/lib/warehouse.js';
import { createRecorder } from '../pipelines/recorder.js';
import { makeLogs, type TestLogs, uuid } from './support/logs.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';
import { verbHere } from './support/verbHere.js';
import { runCli } from './support/warehouse.js';

const sql = fileURLToPath(new URL('../../sql', import.meta.url));
// Put together here, so that no scanner takes this file for a leak.
const token = `gh${'p_'}${'k7Qz2LmX9vB4nRt8'.repeat(3).slice(0, 36)}`;
const session = uuid('3');
const log = `claude/projects/-home-mia-bees/${session}.jsonl`;

let logs: TestLogs;
let turn: string;

/** One answered turn; the question holds a secret, the answer is long. */
before(async () => {
  logs = await makeLogs({ TRACEMILL_SQL: sql });
  const common = { sessionId: session, version: '2.1.47', cwd: '/home/mia/bees', isSidechain: false };
  const records = [
    {
      ...common,
      type: 'user',
      uuid: 'u1',
      parentUuid: null,
      timestamp: '2026-02-20T09:00:00.000Z',
      message: { role: 'user', content: `Count the hives with ${token}` },
    },
    {
      ...common,
      type: 'assistant',
      uuid: 'a1',
      parentUuid: 'u1',
      timestamp: '2026-02-20T09:00:05.000Z',
      message: {
        id: 'm1',
        role: 'assistant',
        model: 'claude-x',
        content: [{ type: 'text', text: `There are nine. ${'They hum. '.repeat(60)}` }],
        usage: { input_tokens: 7, output_tokens: 5 },
      },
    },
  ];
  await logs.write(log, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  await logs.ingest({ settleMs: 0 });
  const options = { config: logs.lake.config, now: new Date(), progress: silentProgress };
  const { failures } = await build({ ...options, select: '+core.turns' });
  assert.deepEqual(failures, []);
  const [row] = await logs.lake.query('select turn_id from core.turns');
  turn = String(row?.turn_id);
});

after(() => rm(logs.lake.folder, { recursive: true, force: true }));

const texts = ({ lines }: Explanation) => lines.map(({ text }) => text ?? '').join('\n');
const explained = (options: { raw?: boolean } = {}) =>
  explainRow(logs.lake.config, { id: turn.slice(0, 8), ...options });

test('lines are redacted by the policy in force, and as they are with --raw', async () => {
  const clean = await explained();
  assert.equal(clean.table, 'core.turns');
  assert.equal(clean.lines.length, 2);
  assert.ok(!JSON.stringify(clean).includes(token));
  assert.match(texts(clean), /Count the hives with <SECRET:github-token:[0-9a-f]{12}>/);
  assert.match(texts(clean), /"cwd":"~\/bees"/);
  const raw = await explained({ raw: true });
  assert.match(texts(raw), new RegExp(`Count the hives with ${token}`));
  assert.match(texts(raw), /"cwd":"\/home\/mia\/bees"/);
  const printed = (explanation: Explanation, isFull: boolean) =>
    layOut(describeExplanation(explanation, { width: 100, isFull })).join('\n');
  assert.ok(!printed(clean, true).includes(token));
  assert.ok(printed(raw, true).includes(token));
  assert.match(printed(raw, true), /^2 lines, as they are$/m);
});

test('long lines are shown around what the row says, whole with --full, and no other line is wider', async () => {
  const explanation = await explained();
  for (const width of [60, 80, 160]) {
    const lines = layOut(describeExplanation(explanation, { width, isFull: false }));
    assert.deepEqual(
      lines.filter((line) => stringWidth(line) > width),
      [],
    );
    assert.ok(lines.some((line) => line.includes('There are nine.') && line.startsWith('    …')));
  }
  const whole = layOut(describeExplanation(explanation, { width: 60, isFull: true }), {
    width: 60,
    color: false,
  });
  for (const { text } of explanation.lines) assert.ok(whole.includes(`    ${text}`));
});

test('lines that were forgotten or purged are counted, and the rest is explained', async () => {
  const recorder = createRecorder({ folder: logs.lake.config.spool });
  const lines = async () => {
    const explanation = await explained({ raw: true });
    const { stages } = explanation;
    assert.deepEqual(stages.map(({ table }) => table).slice(0, 3), [
      'core.turns',
      'core.steps',
      'core.claude_steps',
    ]);
    const last = describeExplanation(explanation, { width: 100, isFull: false }).at(-1);
    return { states: explanation.lines.map(({ state, text }) => [state, text]), last };
  };
  assert.ok(recorder.dataForgotten({ sessions: [session], reason: 'asked for' }).ok);
  await logs.ingest();
  assert.deepEqual(await lines(), {
    states: [
      ['forgotten', null],
      ['forgotten', null],
    ],
    last: '! 2 lines are forgotten; `tracemill build` takes the row out',
  });
  await purgeForgotten({ config: logs.lake.config, now: new Date() });
  assert.deepEqual(await lines(), {
    states: [
      ['purged', null],
      ['purged', null],
    ],
    last: '! 2 lines are purged from raw; their bytes are gone',
  });
});

test('the command prints the row, the tables, the bytes and the lines', async () => {
  const data = await sampleLake();
  const environment = { TRACEMILL_DATA: data };
  const id = '29e2551ccbe9dea699677e2fd9f397b1';
  const { status, stdout, stderr } = runCli(['explain', id], environment);
  assert.equal(status, 0, stderr);
  for (const part of [
    /^datasets\.qa_documents {2}29e2551ccbe9dea699677e2fd9f397b1$/m,
    /^ {2}session {3}68fea4a5-c8c7-417c-8e26-27540181b2b3$/m,
    /^ {2}core\.steps +3 {2}turn_id of core\.turns and 1 more/m,
    /^ {2}core\.sessions +1 {2}looked up: session_id of datasets\.qa_documents/m,
    /^ {2}raw\.claude +3 {2}file_key, byte_offset of staging\.claude_records/m,
    /^ {2}3 lines, 3\.2 kB: bytes 16,500–19,722$/m,
    /^2 of 3 lines, with words of the row, redacted \(see --raw, --full\)$/m,
    /^ {2}line 23, 1\.6 kB at 18,113\n {4}….*データは常に摂氏で/m,
  ])
    assert.match(stdout, part);
  const json = await verbHere(explainCommand, [id, '--json'], environment);
  const explanation: Explanation = JSON.parse(json.stdout);
  assert.deepEqual(
    explanation.files.map(({ source, ranges }) => [source, ranges]),
    [['claude', [{ byteOffset: 16_500, byteLength: 3222, lines: 3 }]]],
  );
});

test('a row of any table whose rows have an id leads to lines', async () => {
  const config = sampleConfig(await sampleLake());
  const { connection, close } = await openWarehouse({ config });
  const keys = {
    'core.turns': 'turn_id',
    'core.steps': 'step_id',
    'core.sessions': 'session_id',
    'core.qa_pairs': 'qa_id',
    'core.signals': 'signal_id',
    'events.training_events': 'id',
    'events.router_decisions': 'decision_id',
    'events.payload_blobs': 'hash',
    'events.attempts': 'attempt_id',
    'events.lineages': 'lineage_id',
    'events.answers': 'answer_id',
    'duplicates.near_duplicates': 'document_id',
  };
  for (const [table, key] of Object.entries(keys)) {
    // An answer without an artifact has the id of its attempt, an attempt of the logs that of its turn.
    const wanted =
      { 'events.attempts': " where origin = 'recorded'", 'events.answers': ' where artifact_id is not null' }[
        table
      ] ?? '';
    const found = await connection.runAndReadAll(
      `select ${key} from ${table}${wanted} order by sha256(${key}) limit 1`,
    );
    const id = String(found.getRowsJson()[0]?.[0]);
    const isInCore = table.startsWith('duplicates.');
    const explanation = await explainRow(config, { id, ...(isInCore ? { table } : {}), raw: true });
    assert.equal(explanation.table, table, id);
    assert.ok(explanation.lines.length > 0, `${table} ${id}`);
    assert.match(explanation.stages.at(-1)?.table ?? '', /^raw\./);
  }
  const { also } = await explainRow(config, { id: 'router-10-d1' });
  assert.deepEqual(also, ['events.override_pairs']);
  close();
});

test('an id that names no row, or more than one, is told what to do', async () => {
  const data = await sampleLake();
  const refusal = async (id: string, table?: string) => {
    const config = sampleConfig(data);
    const outcome = await explainRow(config, { id, table }).then(
      () => 'explained',
      (error: Error) => error.message,
    );
    return outcome;
  };
  const further =
    'take one from a dataset, an export or a table, or run `tracemill build` if it should be there by now';
  assert.equal(
    await refusal('0123456789abcdef'),
    `0123456789abcdef: no table has a row of this id; ${further}`,
  );
  assert.equal(
    await refusal('29e2551ccbe9dea6', 'core.turns'),
    `29e2551ccbe9dea6: core.turns has no row of this id; ${further}`,
  );
  assert.equal(
    await refusal('29e2'),
    '29e2: no table has a row of this id; an id may be shortened to its first 8 characters, not to fewer',
  );
  assert.match(
    await refusal('router-1'),
    /^router-1: begins more than one id \(events\.\w+ router-1.*\); give more of it, or the table with --table$/,
  );
  assert.equal(
    await refusal('x', 'core.nothing'),
    '--table core.nothing: no such table; name one as core.turns, `tracemill status` lists what there is',
  );
  assert.equal(
    await refusal('x', 'core.messages'),
    '--table core.messages: its rows have no id of their own but session_id, message_position, result_no; explain what is made from it',
  );
  const row = await explainRow(sampleConfig(data), { id: '29e2551c', table: 'datasets.training_examples' });
  assert.equal(row.table, 'datasets.training_examples');
  const cases: [string[], RegExp][] = [
    [[], /^explain: no id; write one after it, of a row of any dataset or table$/m],
  ];
  for (const [words, message] of cases) {
    const { status, stderr } = await verbHere(explainCommand, words, { TRACEMILL_DATA: data });
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
  const empty = join(logs.lake.folder, 'empty');
  const nothing = await verbHere(explainCommand, ['x'], { TRACEMILL_DATA: empty });
  assert.equal(nothing.status, 1);
  assert.equal(
    nothing.stderr,
    'lake: nothing is built yet; run `tracemill ingest`, then `tracemill build`\n',
  );
});
