import assert from 'node:assert/strict';
import { makeLake, type TestLake } from './lake.js';

/** Day -> ids of its signals. */
export type Days = Readonly<Record<string, readonly string[]>>;

/** A lake that holds nothing but signals, all columns as the warehouse has them. */
export async function signalLake(days: Days, environment: Record<string, string> = {}): Promise<TestLake> {
  const lake = await makeLake({ TRACEMILL_WORKERS: '1', ...environment });
  await setSignals(lake, days);
  return lake;
}

/** Other signals; days whose rows stay the same keep their file. `more` is said in the select beside the columns. */
export async function setSignals(lake: TestLake, days: Days, more = ''): Promise<void> {
  const rows = Object.entries(days).flatMap(([day, ids]) => ids.map((id) => `('${day}', '${id}')`));
  await lake.sql({
    'core/signals': `-- One row per signal of a test.
-- @split day
-- @key signal_id
select
    signal_id,
    'claude' as agent,
    'session ' || signal_id as session_id,
    null::varchar as turn_id,
    signal_id || '-step' as step_id,
    'rejection' as kind,
    -1::integer as polarity,
    'strong' as strength,
    'it''s \\ no' as words,
    timestamp '2026-01-01 10:00:00.123456' as occurred_at,
    'default' as permission_mode,
    'a.jsonl' as source_path,
    5::bigint as byte_offset,
    7::bigint as byte_length,
    ${more}
    day
from (values ${rows.join(', ')}) as rows(day, signal_id)
order by signal_id
`,
  });
  const { failures } = await lake.build();
  assert.deepEqual(failures, []);
}
