import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgedModels, lakeOf } from './support/core.js';
import { oddSessions } from './support/oddSessions.js';
import { differences } from './support/parity.js';

/** These sessions record no answers; what the model of conversations reads of them. */
const empty = {
  answers: `answer_id String, artifact_id Nullable(String), attempt_id Nullable(String), session_id String,
    group_id String, agent_id Nullable(String), model Nullable(String), score Nullable(Float64),
    created_at DateTime64(6, 'UTC'), prompt_hash Nullable(String), input_event String, output_event String,
    score_event Nullable(String), source_events Array(String), sources Array(String), day String`,
  answer_conversations: `answer_id String, messages Array(String), tools Nullable(String), words String,
    num_assistant_turns Int32, num_tool_calls Int32, has_reasoning Bool, span_events Array(String),
    span_sources Array(String)`,
};

test('both engines make the same messages, twins and conversations of sessions in no good order', async (t) => {
  const lake = await lakeOf(oddSessions(200, 4), {}, { models: judgedModels });
  t.after(() => lake.remove());
  const counts: Record<string, number> = {};
  const found = await differences(
    lake.config.data,
    [
      { model: 'messages', table: 'core.messages' },
      { model: 'judged_messages', table: 'core.judged_messages' },
      { model: 'answer_twins', table: 'core.answer_twins' },
      { model: 'sft', table: 'datasets.sft' },
    ],
    (table, rows) => {
      counts[table] = rows;
    },
    { given: ['core.turns'], empty },
  );
  assert.deepEqual(found, []);
  for (const [table, rows] of Object.entries(counts)) assert.ok(rows > 10, `${table}: ${rows} rows`);
});
