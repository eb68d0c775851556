import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from '../pipelines/build.js';
import { readConfig } from '../pipelines/config.js';
import { ingest } from '../pipelines/ingest.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { openWarehouse } from '../pipelines/lib/warehouse.js';
import { canonical } from './support/canonicalJson.js';

const corpus = process.env.TRACEMILL_CORPUS;

// What the models of events should make of core, counted another way: from the tables that they read.
const expected = `
  with turns as (
    select turns.* from core.turns join core.sessions using (session_id) where not is_replay
  )
  select 'attempt.started' as event_type, count(*) as events from turns
  union all
  select 'attempt.completed', count(*) from turns where end_reason = 'answered'
  union all
  select 'attempt.failed', count(*) from turns where end_reason <> 'answered' and is_ended
  union all
  select 'attempt.span_recorded', count(*) from core.steps
  where turn_id in (select turn_id from turns) and kind in ('text', 'reasoning', 'tool_call', 'tool_result')
  union all
  select 'agent.qa.pair', count(*) from core.qa_pairs
  union all
  select 'agent.created', count(distinct row(turns.agent, turns.version, turns.model, sessions.setup_hash))
  from turns join core.sessions using (session_id)`;

test('every turn, step and pair of real logs is an event, its payload canonical', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS is not set' : false,
}, async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'tracemill-corpus-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const config = readConfig({
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: join(corpus ?? '', 'claude'),
    SEQ_AGENT_QA_CODEX_DIR: join(corpus ?? '', 'codex'),
  });
  const now = new Date();
  await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
  const select = '+events.payload_blobs,+events.payload_refs,+core.qa_pairs';
  const { failures } = await build({ config, now, progress: silentProgress, select });
  assert.deepEqual(failures, []);
  const { connection, close } = await openWarehouse({ config });
  t.after(close);
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS();
  const counted = await read(`from (${expected}) order by event_type`);
  const told = await read(
    'select event_type, count(*) from events.training_events group by event_type order by event_type',
  );
  assert.deepEqual(told, counted);
  assert.ok(counted.every(([, events]) => Number(events) > 100));
  const [totals] = await read(`select (select count(*) from events.training_events),
    (select count(distinct payload_hash) from events.training_events), (select sum(ref_count)::bigint from events.payload_refs)`);
  const blobs = await read('select hash, content, size from events.payload_blobs');
  assert.deepEqual(totals?.slice(1), [BigInt(blobs.length), totals?.[0]]);
  for (const [hash, content, size] of blobs) {
    const text = String(content);
    assert.equal(hash, createHash('sha256').update(text).digest('hex'));
    assert.equal(Number(size), Buffer.byteLength(text));
    // Log payloads hold no large numbers, so that JSON.parse loses nothing.
    assert.equal(text, canonical(JSON.parse(text)));
  }
});
