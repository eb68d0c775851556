import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { UserError } from '../pipelines/errors.js';
import { handoff } from '../pipelines/handoff.js';
import { openClickhouse } from '../pipelines/lib/clickhouse.js';
import { followHandoff, indexFolder } from '../pipelines/lib/pairIndex.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { lintTexts } from '../pipelines/lib/redaction/engine.js';
import { describeGate, type Gate, openGate } from '../pipelines/lib/redaction/gate.js';
import { redactJson } from '../pipelines/lib/redaction/redactJson.js';
import { redactText } from '../pipelines/lib/redaction/redactText.js';
import { openCollection } from '../pipelines/lib/zvec.js';
import { load } from '../pipelines/load.js';
import { call, lakeOf, replaceSessions, result, type SessionSpec, said } from './support/core.js';
import { run } from './support/exported.js';
import { plantedSecrets } from './support/plantedSecrets.js';
import { redactionPolicy } from './support/redaction.js';
import { setSignals, signalLake } from './support/signalLake.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const settings = readConfig({});
const policy = await redactionPolicy();
const token = plantedSecrets.find(({ kind }) => kind === 'github classic')?.value ?? '';
const now = new Date('2026-06-01');

/** Whether a gate of its own stops what it is given. */
async function stops(give: (gate: Gate) => Promise<void>): Promise<boolean> {
  const gate = await openGate(settings);
  await give(gate);
  return gate.close('nothing').then(
    () => false,
    () => true,
  );
}

/** Asserts that a door stayed shut, and named the place and the rule but not the value. */
async function refuses(work: Promise<unknown>, ...words: RegExp[]): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.exitCode, 65);
    for (const pattern of words) assert.match(error.message, pattern);
    assert.ok(!error.message.includes(token.slice(0, 12)), error.message);
    return true;
  });
}

test('a gate stops every planted secret, as text, in JSON and in JSON inside JSON, and no placeholder', async () => {
  const place = { table: 't', row: 'r' };
  for (const { kind, text } of plantedSecrets) {
    const nested = JSON.stringify({ content: [{ output: JSON.stringify({ stdout: text }) }] });
    assert.ok(await stops((gate) => gate.text(place, text)), kind);
    assert.ok(await stops((gate) => gate.json(place, nested)), `${kind} in JSON`);
  }
  const gate = await openGate(settings);
  for (const { text } of plantedSecrets) {
    const redacted = redactText(text, policy) ?? text;
    await gate.text(place, redacted);
    await gate.json(place, JSON.stringify({ a: redacted, b: [redacted] }));
    await gate.json(place, redactJson(JSON.stringify({ a: JSON.stringify([text]) }), policy) ?? '');
  }
  const end = await gate.close('nothing');
  assert.ok(Number(end?.texts) >= plantedSecrets.length / 2);
  assert.match(describeGate(end), /^gate: [\d,]+ texts scanned, no secret found$/);
});

test('texts that are linted together give what each gives alone', async () => {
  const texts = plantedSecrets.flatMap(({ text }) => [text, 'nothing here', redactText(text, policy) ?? '']);
  const together = await lintTexts(texts, policy);
  const alone = await Promise.all(
    texts.map(async (text, index) => (await lintTexts([text], policy)).map((found) => ({ ...found, index }))),
  );
  assert.deepEqual(together, alone.flat());
  assert.ok(together.length >= 25, `${together.length} of the planted are known to secretlint`);
});

test('a comment in a text does not switch the engine off; stand-ins for passwords are no findings', async () => {
  const rules = async (text: string) => (await lintTexts([text], policy)).map(({ rule }) => rule);
  assert.deepEqual(await rules(`# secretlint-disable\n${token}\n# secretlint-enable`), ['github-token']);
  assert.deepEqual(await rules('git clone https://user:password@host.example/x'), []);
});

test('what the file allows may leave, what it names may not, and without credentials the gate is open', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'tracemill-gate-')), 'redact.json');
  await writeFile(
    file,
    JSON.stringify({ patterns: [{ name: 'ticket', pattern: 'T-\\d+' }], allow: [token] }),
  );
  const place = { table: 't', row: 'r' };
  const own = await openGate({ ...settings, redactFile: file });
  await own.text(place, `found ${token} there`);
  assert.deepEqual(await own.close('nothing'), { texts: 1 });
  await own.text(place, 'T-7');
  await refuses(own.close('nothing was done'), /^t, row r: ticket: .*nothing was done; name a pattern/);
  for (const redact of [[], ['email'] as const]) {
    const open = await openGate({ ...settings, redact });
    await open.text(place, token);
    assert.equal(await open.close('nothing'), null);
  }
  assert.match(describeGate(null), /TRACEMILL_REDACT/);
});

test('a row whose id is the secret is not named by it', async () => {
  const gate = await openGate(settings);
  await gate.text({ table: 't', row: `id ${token}` }, token);
  await refuses(gate.close('nothing'), /^t, row \(its id holds it\): /);
});

/** Two sessions; core tables are rows of the test, so that no redaction comes between. */
const sessions = (secret: string): SessionSpec[] => [
  { id: 'clean', turns: [{ question: 'why?', steps: [said('because')] }] },
  {
    id: 'leaky',
    turns: [
      {
        question: 'deploy it',
        steps: [
          call('c1', 'Bash', { command: `curl -H 'X-Key: ${secret}' x` }),
          result('c1', 'ok'),
          said('done'),
        ],
      },
      { question: 'and then?', steps: [said(`the key is ${secret}, keep it`)] },
    ],
  },
];

const names = async (folder: string) => (await readdir(folder)).sort();

test('an export, a handoff and an index with a secret in them leave all as it was', async () => {
  const lake = await lakeOf(sessions('gone'));
  const { config } = lake;
  const out = join(config.data, 'exports');
  const first = await run(lake);
  assert.ok(Number(first.gate?.texts) > 5);
  const handedOff = await handoff({ config, now, rebuild: false });
  assert.deepEqual([handedOff.added, handedOff.noted], [3, 3]);
  assert.ok(Number(handedOff.gate?.texts) > 3);
  await followHandoff({ config, rebuild: false, onBytes: () => {} });
  const files = [config.handoff, config.seqMem, join(indexFolder(config), 'state.json')];
  const state = () =>
    Promise.all([...files.map((file) => readFile(file, 'utf8')), names(out), names(dirname(config.handoff))]);
  const before = await state();

  await replaceSessions(lake, sessions(token));
  const [sft] = await lake.query(`select id from datasets.sft where messages::varchar like '%${token}%'`);
  for (const options of [
    {},
    { jsonl: true },
    { profile: 'openai' },
    { profile: 'wire', datasets: ['sft'] },
  ]) {
    await refuses(
      run(lake, options),
      new RegExp(`sft, row ${sft?.id}: github-token`),
      /nothing was exported/,
    );
  }
  await refuses(run(lake, { datasets: ['qa_documents'] }), /qa_documents, row \S+: github-token/);
  const inName = run(lake, { datasets: ['qa_documents'], filters: { project: token } });
  assert.equal((await inName).version, null);
  for (const rebuild of [false, true]) {
    await refuses(
      handoff({ config, now, rebuild }),
      /agent_qa\.jsonl, row leaky-2-pair: github-token/,
      /nothing was handed off/,
    );
  }
  assert.deepEqual(await state(), before);

  // What an earlier version handed off stands in the file already.
  const line = { id: 'old', text: `Question: x\n\nAnswer: ${token}`, metadata: { agent: 'claude' } };
  await writeFile(config.handoff, `${before[0]}${JSON.stringify(line)}\n`);
  for (const rebuild of [false, true]) {
    await refuses(
      followHandoff({ config, rebuild, onBytes: () => {} }),
      /zvec, row old: github-token/,
      /nothing was indexed/,
    );
  }
  assert.equal(await readFile(files[2] ?? '', 'utf8'), before[2]);
  const collection = await openCollection(join(indexFolder(config), 'collection'), true);
  assert.equal(collection.stats.docCount, 3);
  collection.closeSync();
  // Taken back, it is of no concern.
  await writeFile(
    config.handoff,
    `${before[0]}${JSON.stringify(line)}\n${JSON.stringify({ id: 'old', deleted: true })}\n`,
  );
  const rebuilt = await followHandoff({ config, rebuild: true, onBytes: () => {} });
  assert.equal(rebuilt.documents, 3);
  await lake.remove();
});

test('a load with a secret in one day leaves every day as it was', async () => {
  const lake = await signalLake({ '2026-01-01': ['a'], '2026-01-02': ['b'] });
  const { config } = lake;
  await cp(join(root, 'sql', 'clickhouse'), join(config.sql, 'clickhouse'), { recursive: true });
  const run = () => load({ config, progress: silentProgress, now: () => now, full: false });
  const rows = async () => {
    const clickhouse = await openClickhouse(config);
    const select = 'select day, signal_id, session_id, words from signals order by all';
    return clickhouse.rows(select).finally(() => clickhouse.close());
  };
  assert.ok(Number((await run()).gate?.texts) > 0);
  const before = await rows();
  assert.equal(before.length, 2);
  // The words of a signal come from the id here; it holds the token in pieces that only the model puts together.
  await mkdir(join(config.sql, 'core'), { recursive: true });
  await setSignals(lake, { '2026-01-01': ['a2'], '2026-01-02': ['b', 'c'] });
  const file = join(config.sql, 'core', 'signals.sql');
  const [head, tail] = [token.slice(0, 9), token.slice(9)];
  const model = (await readFile(file, 'utf8')).replace(`'it''s \\ no'`, `'it is ' || '${head}' || '${tail}'`);
  await writeFile(file, model);
  assert.deepEqual((await lake.build()).failures, []);
  await refuses(run(), /^signals, row a2 of day 2026-01-01: github-token/, /nothing was loaded/);
  assert.deepEqual(await rows(), before);
  await lake.remove();
});
