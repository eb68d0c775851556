import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { readCommits } from './commits.js';
import { type HandedOff, placeColumns } from './handoffFile.js';
import { lakeFolder } from './lake.js';
import { rawFilesTable, redactedPath } from './rawState.js';
import { registerRedaction } from './redaction/functions.js';
import { readPolicy, withKey } from './redaction/policy.js';
import { pairEvent } from './seqMem.js';
import { quote } from './warehouse.js';

export type PlanOptions = {
  connection: DuckDBConnection;
  config: Config;
  now: Date;
  /** Pairs answered before this time (UTC, as DuckDB reads it) are not due unless they were handed off before. */
  from: string | null;
  byId: ReadonlyMap<string, HandedOff>;
  /** Ids that stood in the handoff file, also where it is written from scratch. */
  everHandedOff: Iterable<string>;
  /** Ids of the rows in seq's memory log. */
  noted: ReadonlySet<string>;
};

/**
 * How many pairs are new, changed, void, not final yet, left out by `from`, not in seq's memory log yet, and in there though
 * they are void.
 */
export type Plan = Readonly<
  Record<'added' | 'changed' | 'deleted' | 'waiting' | 'earlier' | 'unnoted' | 'takenBack', number>
>;

/**
 * Makes the tables `due` (qa_id, revision), `void_pairs` (qa_id), `unnoted_pairs` (qa_id, event_id, told_at_ms, dur_us) and
 * `taken_back` (qa_id, event_id), and counts them; from core.qa_pairs and core.sessions.
 */
export async function planHandoff(options: PlanOptions): Promise<Plan> {
  const { connection, config } = options;
  await readHandedOff(options);
  await readCommits(connection, lakeFolder(config));
  await rawFilesTable(connection);
  await makeQuietFiles(connection, config);
  await makePairs(options);
  await connection.run(`
    create temp table due as
    select qa_id, coalesce(revision, 0) + 1 as revision from pairs
    where is_final and not is_earlier
      and (revision is null or deleted or content <> content_hash or handed_place <> place)`);
  await connection.run(`
    create temp table void_pairs as
    select qa_id from handed_off anti join pairs using (qa_id) where not deleted`);
  // Not only what is due: a run that was killed may have handed off a pair and not come to its row.
  await connection.run(`
    create temp table unnoted_pairs as
    select qa_id, event_id, told_at_ms, dur_us from pairs
    anti join noted using (event_id)
    where is_final and not is_earlier`);
  // Pairs of other lakes stand in that log, too: only what this one handed off is taken back.
  await connection.run(`
    create temp table taken_back as
    select qa_id, event_id from (select distinct qa_id, ${eventId('qa_id')} as event_id from ever_handed_off)
    semi join noted using (event_id)
    anti join (from core.qa_pairs where duplicate_of is null) as pairs using (qa_id)`);
  const counts = await connection.runAndReadAll(`
    select
      (select count(*) from due where revision = 1) as added,
      (select count(*) from due where revision > 1) as changed,
      (select count(*) from void_pairs) as deleted,
      (select count(*) from pairs where not is_final and not is_earlier) as waiting,
      (select count(*) from pairs where is_earlier) as earlier,
      (select count(*) from unnoted_pairs) as unnoted,
      (select count(*) from taken_back) as taken_back`);
  const [row] = counts.getRowObjectsJS();
  const count = (name: string) => Number(row?.[name] ?? 0);
  return {
    added: count('added'),
    changed: count('changed'),
    deleted: count('deleted'),
    waiting: count('waiting'),
    earlier: count('earlier'),
    unnoted: count('unnoted'),
    takenBack: count('taken_back'),
  };
}

async function readHandedOff({ connection, byId, noted, everHandedOff }: PlanOptions): Promise<void> {
  await connection.run(
    'create temp table handed_off (qa_id varchar, revision integer, content varchar, handed_place varchar, deleted boolean)',
  );
  const appender = await connection.createAppender('handed_off');
  for (const [id, { revision, content, place, deleted }] of byId) {
    appender.appendVarchar(id);
    appender.appendInteger(revision);
    appender.appendVarchar(content);
    appender.appendVarchar(place);
    appender.appendBoolean(deleted);
    appender.endRow();
  }
  appender.closeSync();
  await makeList(connection, 'noted', 'event_id', noted);
  await makeList(connection, 'ever_handed_off', 'qa_id', everHandedOff);
}

async function makeList(
  connection: DuckDBConnection,
  table: string,
  column: string,
  values: Iterable<string>,
): Promise<void> {
  await connection.run(`create temp table ${table} (${column} varchar)`);
  const appender = await connection.createAppender(table);
  for (const value of values) {
    appender.appendVarchar(value);
    appender.endRow();
  }
  appender.closeSync();
}

// As derived_event_id names it in sql/macros: by this ingest knows the row as our own.
function eventId(qaId: string): string {
  return `left(sha256(${quote(`event|${pairEvent}|`)} || ${qaId}), 32)`;
}

/** Since when each log is as it is, under its path as tables have it: homes, which name Claude's folders, are redacted there. */
async function makeQuietFiles(connection: DuckDBConnection, config: Config): Promise<void> {
  await registerRedaction(connection, await withKey(await readPolicy(config), lakeFolder(config)));
  await connection.run(`
    create temp table quiet_files as
    select source, ${redactedPath} as source_path,
      max(quiet_since_ms) as quiet_since_ms
    from raw_files_state where is_current group by all`);
}

/** Every pair that is no copy of another, with what was handed off of it. */
async function makePairs({ connection, config, now, from }: PlanOptions): Promise<void> {
  // Final: the turn ended, or nothing was written to its file for the settle time (decision 18).
  // At once where there is none, as ingest reads a last line then: the time of a file may lie ahead of the clock.
  const quietSince = config.settleMs === 0 ? Number.MAX_SAFE_INTEGER : now.getTime() - config.settleMs;
  // A log that was archived or renamed: who follows the line must find the question.
  const place = Object.values(placeColumns).map((name) => `coalesce(pairs.${name}::varchar, '')`);
  // A pair of which no time is known stands in a log of the first days of Codex: it is no news.
  const isEarlier =
    from === null
      ? 'false'
      : `handed_off.revision is null
        and coalesce(coalesce(pairs.answered_at, pairs.asked_at) < ${quote(from)}::timestamp, true)`;
  await connection.run(`
    create temp table pairs as
    select
      pairs.qa_id, pairs.content_hash, pairs.asked_at,
      handed_off.revision, handed_off.content, handed_off.handed_place, handed_off.deleted,
      concat_ws(chr(10), ${place.join(', ')}) as place,
      pairs.is_ended or coalesce(files.quiet_since_ms <= ${quietSince}, false) as is_final,
      ${isEarlier} as is_earlier,
      ${eventId('pairs.qa_id')} as event_id,
      coalesce(
        epoch_ms(coalesce(greatest(pairs.asked_at, pairs.answered_at), sessions.started_at)),
        files.quiet_since_ms::bigint, 0) as told_at_ms,
      coalesce(greatest(date_diff('microsecond', pairs.asked_at, pairs.answered_at), 0), 0) as dur_us
    from core.qa_pairs as pairs
    left join core.sessions as sessions using (session_id)
    left join quiet_files as files on files.source = pairs.agent and files.source_path = pairs.source_path
    left join handed_off on handed_off.qa_id = pairs.qa_id
    where pairs.duplicate_of is null`);
}
