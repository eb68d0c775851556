import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { ingest } from '../pipelines/ingest.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { expectedState } from './support/expectedState.js';
import { expectedWorld } from './support/expectedWorld.js';
import { type GoldenWorld, readWorld } from './support/goldenWorld.js';
import { makeLake, type TestLake } from './support/lake.js';
import type { EventLine } from './support/world/spool.js';

const samples = new URL('../../data/samples/', import.meta.url);
const goldenFile = new URL('../../test/golden/world.json', import.meta.url);
let lake: TestLake;
let world: GoldenWorld;

before(async () => {
  lake = await makeLake({
    TRACEMILL_SQL: new URL('../../sql', import.meta.url).pathname,
    SEQ_AGENT_QA_CLAUDE_DIR: new URL('claude/projects', samples).pathname,
    SEQ_AGENT_QA_CODEX_DIR: new URL('codex/sessions', samples).pathname,
    TRACEMILL_SPOOL: new URL('events', samples).pathname,
    TRACEMILL_SEQ_MEM: new URL('seq_mem.jsonl', samples).pathname,
  });
  await ingest({ config: lake.config, progress: silentProgress, now: () => new Date(), settleMs: 0 });
  const { failures } = await lake.build({ now: new Date('2027-01-01') });
  assert.deepEqual(failures, []);
  world = await readWorld(lake.query);
});

after(() => lake.remove());

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
  assert.deepEqual(world, JSON.parse(await readFile(goldenFile, 'utf8')));
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

test('the state tables are the fold of the events', async () => {
  const expected = expectedState(await sampleLines());
  for (const [table, lines] of Object.entries(expected)) assert.deepEqual(world.state[table], lines, table);
});

function split<T>(items: readonly T[], holds: (item: T) => boolean): [T[], T[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))];
}
