import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Config } from '../pipelines/config.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { type DuckDB, openWarehouse } from '../pipelines/lib/warehouse.js';
import { command as signalSummary, summarizeSignals } from '../pipelines/signal-summary.js';
import { distinctEvents } from './support/expectedAnswers.js';
import { expectedState } from './support/expectedState.js';
import { expectedWorld } from './support/expectedWorld.js';
import { type GoldenWorld, readWorld } from './support/goldenWorld.js';
import { sampleConfig, sampleLake } from './support/sampleLake.js';
import type { EventLine } from './support/world/spool.js';

const samples = new URL('../../data/samples/', import.meta.url);
const goldenFile = new URL('../../test/golden/world.json', import.meta.url);
let config: Config;
let warehouse: DuckDB;
let query: (sql: string) => Promise<Record<string, unknown>[]>;
let world: GoldenWorld;

before(async () => {
  config = sampleConfig(await sampleLake());
  warehouse = await openWarehouse({ config });
  query = async (sql) => (await warehouse.connection.runAndReadAll(sql)).getRowObjectsJS();
  world = await readWorld(query);
});

after(() => warehouse.close());

/** The committed lines in the order of files, and those that seq noted; the torn one is none. */
async function sampleLines(): Promise<EventLine[]> {
  const files = (await readdir(new URL('events/', samples))).toSorted();
  const texts = await Promise.all(files.map((name) => readFile(new URL(`events/${name}`, samples), 'utf8')));
  const recorded = texts.flatMap(parseLines) as EventLine[];
  const noted = parseLines(await readFile(new URL('seq_mem.jsonl', samples), 'utf8'));
  return [...recorded, ...noted.flatMap(asEvent)];
}

function parseLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** A row of seq as an event; none for one of our own handoff, whose subject names the pair. */
function asEvent({ ts_ms, event_id, session_id, name, subject }: Record<string, unknown>): EventLine[] {
  const payload = String(subject).startsWith('{') ? JSON.parse(String(subject)) : { subject };
  if (payload.qa_id !== undefined) return [];
  const timestamp = new Date(Number(ts_ms)).toISOString();
  return [
    {
      id: String(event_id),
      timestamp,
      event_type: String(name),
      schema_version: 1,
      session_id: String(session_id),
      payload,
    },
  ];
}

test('the sample world comes out as its golden file says', async () => {
  // UPDATE_GOLDEN=1 writes it anew; the tests below say whether that is right.
  if (process.env.UPDATE_GOLDEN === '1') await writeFile(goldenFile, `${JSON.stringify(world, null, 1)}\n`);
  const golden: GoldenWorld = JSON.parse(await readFile(goldenFile, 'utf8'));
  for (const part of ['rows', 'recorded', 'state'] as const) {
    assert.deepEqual(Object.keys(world[part]), Object.keys(golden[part]));
    for (const [name, facts] of Object.entries(world[part]))
      assert.deepEqual(facts, golden[part][name], name);
  }
});

test('pairs, rewards and decisions are those that the events alone ask for', async () => {
  const expected = expectedWorld(await sampleLines());
  const [overrides = [], pairs = []] = split(world.recorded.preference ?? [], (line) =>
    / over \S+$/.test(line),
  );
  assert.deepEqual(pairs, expected.preference);
  assert.deepEqual(overrides, expected.override);
  assert.deepEqual(world.recorded.reward, expected.reward);
  assert.deepEqual(world.recorded.router, expected.router);
});

test('good answers, thoughts, judged answers and failed steps are those that the events alone ask for', async () => {
  const expected = expectedWorld(await sampleLines());
  for (const dataset of ['sft', 'chain_of_thought', 'unpaired', 'stepwise'] as const) {
    assert.deepEqual(world.recorded[dataset], expected[dataset], dataset);
  }
});

test('a pair that another program noted is a document where no log holds its words', async () => {
  const noted = (await sampleLines()).filter(({ event_type }) => event_type === 'agent.qa.pair');
  const logged = await query('select question, answer from core.qa_pairs');
  const own = new Set(logged.map(({ question, answer }) => `${question}\n${answer}`));
  const fresh = noted.filter(({ payload }) => !own.has(`${payload.question}\n${payload.answer}`));
  const questions = new Set(fresh.map(({ payload }) => String(payload.question)));
  assert.deepEqual([noted.length, fresh.length, questions.size], [4, 3, 2]);
  assert.deepEqual(world.recorded.qa_documents, [...questions].toSorted());
});

test('the state tables are the fold of the events', async () => {
  const expected = expectedState(await sampleLines());
  for (const [table, lines] of Object.entries(expected)) assert.deepEqual(world.state[table], lines, table);
});

test('every recorded side is what an agent handed in, and every prompt what it was asked, word for word', async () => {
  const { answers } = expectedWorld(await sampleLines());
  const rows = await query(`
    select metadata ->> '$.answer_ids[0]' as id, prompt[1] as prompt, chosen[1] as said
    from datasets.preference where pair_source in ('scores', 'comparison', 'lock')
    union all
    select metadata ->> '$.answer_ids[1]', prompt[1], rejected[1]
    from datasets.preference where pair_source in ('scores', 'comparison', 'lock')
    union all
    select metadata ->> '$.artifact_id', prompt[1], completion[1] from datasets.reward`);
  assert.ok(rows.length > 90);
  for (const { id, prompt, said } of rows) {
    const answer = answers.get(String(id));
    assert.ok(answer, String(id));
    const [asked, told] = [prompt, said].map((message) => JSON.parse(String(message)));
    assert.deepEqual([asked.role, told.role], ['user', 'assistant']);
    assert.deepEqual(readText(told.content), readText(answer.text ?? ''));
    // Each part of the question stands in the prompt in its order, and what is left between them is the headings.
    const [need, constraints, testInput] = JSON.parse(answer.asked);
    const documents = JSON.parse(answer.context).flatMap(
      (document: string | { id: string; content: string }) =>
        typeof document === 'string' ? [document] : [document.id, document.content],
    );
    let rest: string = asked.content;
    for (const part of [need, ...constraints, testInput, ...documents]) {
      const place = rest.indexOf(part);
      assert.ok(place >= 0 && place < 30, `${id}: ${part}`);
      rest = rest.slice(place + part.length);
    }
    assert.equal(rest.trim(), '');
  }
});

test('signal-summary counts the events, their links and what each dataset lacks', async () => {
  const lines = distinctEvents(await sampleLines());
  const all = await summarizeSignals(config, 10_000);
  const counted = Object.fromEntries(all.types.map(({ name, count }) => [name, count]));
  for (const type of [
    'artifact.scored',
    'flow.router.decision.v1',
    'agent.evolved',
    'studio.layout.changed',
  ]) {
    assert.equal(counted[type], lines.filter(({ event_type }) => event_type === type).length, type);
  }
  assert.equal(
    all.events,
    all.types.reduce((sum, { count }) => sum + count, 0),
  );
  const links = Object.fromEntries(all.links.map(({ name, count, of }) => [name, [count, of]]));
  const turns = await query(`select count(*)::integer as n, count(output_event)::integer as ended
    from events.attempts where origin = 'log'`);
  assert.deepEqual(links, {
    'attempts that ended': [Number(turns[0]?.ended) + 51, Number(turns[0]?.n) + 52],
    'artifacts with attempt, agent, lineage and session': [46, 47],
    'artifacts with a score': [45, 47],
    'evolutions with an outcome': [7, 10],
    'router decisions with an outcome': [171, 204],
    'router decisions overridden': [23, 204],
  });
  const preference = all.datasets.find(({ dataset }) => dataset === 'preference');
  assert.equal(preference?.recorded, world.recorded.preference?.length);
  assert.equal(preference?.isEnough, false);
});

test('signal-summary looks at the newest events alone when told so', async () => {
  const few = await summarizeSignals(config, 25);
  assert.equal(few.events, 25);
  const newest = await query(
    'select min(occurred_at) as at from (from events.training_events order by occurred_at desc, id desc limit 25)',
  );
  assert.equal(few.firstAt, (newest[0]?.at as Date | undefined)?.toISOString());
  const { summary: lines } = await signalSummary.run(
    { last: 25 },
    { config, log: () => {}, progress: silentProgress, now: () => new Date() },
  );
  const summary = layOut(lines);
  assert.match(summary[0] ?? '', /^The newest 25 training events, 2026-\d\d-\d\d to 2026-10-09: /);
  assert.ok(summary.includes('What adds rows:'));
  assert.ok(summary.every((line) => line === line.trimEnd()));
});

/** JSON as a value, whatever the order of its keys; other text as it is. */
function readText(text: string): unknown {
  return text.startsWith('{') ? JSON.parse(text) : text;
}

function split<T>(items: readonly T[], holds: (item: T) => boolean): [T[], T[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))];
}
