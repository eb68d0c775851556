import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EventStore, makeEventStore } from './events.js';
import { modelsWithoutRows } from './recordedWorld.js';

// What reads session logs stays out; log_events and what answers and datasets read of the logs have no row.
const logModels = ['events/log_agents', 'events/log_events', 'events/noted_pairs'];
const datasets = ['preference', 'reward', 'router', 'training_examples'].map((name) => `datasets/${name}`);
const otherChecks = [
  'checks/nothing_is_trained_and_tested',
  'checks/texts_are_redacted_by_the_policy_in_force',
];

const noLogEvents = `-- One row per event of the logs, of which there are none.
-- @partition day
-- @key event_id
select
    event_id, origin, occurred_at, event_type, schema_version, true as is_known, session_id, lineage_id, agent_id, artifact_id,
    attempt_id, given_tags as tags, payload, payload_hash, strlen(payload) as payload_size, source_path, file_key,
    byte_offset, byte_length,
from staging.event_rows
where false
order by event_id
`;

/**
 * An event store that reads no session logs: from the spool to the datasets of recorded events its models are the real
 * ones, and a build takes a third of the time. `edit` may change its sql folder.
 */
export async function makeRecordedStore(
  edit: (sql: string) => Promise<void> = async () => {},
): Promise<EventStore> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-sql-'));
  const sql = (name: string) => join(folder, name);
  const from = (name: string) => fileURLToPath(new URL(`../../../sql/${name}`, import.meta.url));
  for (const layer of ['macros', 'staging', 'events', 'checks']) {
    await cp(from(layer), sql(layer), { recursive: true });
  }
  for (const layer of ['core', 'datasets']) await mkdir(sql(layer));
  for (const name of datasets) await cp(from(`${name}.sql`), sql(`${name}.sql`));
  for (const name of [...logModels, ...otherChecks]) await rm(sql(`${name}.sql`));
  const given = { 'events/log_events': noLogEvents, ...modelsWithoutRows() };
  for (const [name, text] of Object.entries(given)) await writeFile(sql(`${name}.sql`), text);
  await edit(folder);
  const store = await makeEventStore({ TRACEMILL_SQL: folder });
  return {
    ...store,
    remove: async () => {
      await store.remove();
      await rm(folder, { recursive: true });
    },
  };
}
