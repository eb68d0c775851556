import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from '../config.js';
import { exitCodes, UserError } from '../errors.js';
import { readCommits, readRanges } from './commits.js';
import { findTexts } from './forgetTexts.js';
import { type HoldingExport, holdingExports, noteForgottenRows } from './forgottenRows.js';
import { lakeFolder } from './lake.js';
import { loadMacros } from './macros.js';
import { readManifest } from './manifest.js';
import { readSqlFolder } from './model.js';
import { rawFilesTable } from './rawState.js';
import { readPolicy, withKey } from './redaction/policy.js';
import { pairEvent } from './seqMem.js';
import { type DuckDB, openWarehouse, quote } from './warehouse.js';

/** What a person asks to be forgotten. */
export type ForgetRequest = {
  readonly sessions: readonly string[];
  readonly projects: readonly string[];
  readonly textHashes: readonly string[];
};

type ForgottenPlace = { file_key: string; byte_offset?: number };

/** What that is in this lake now; `lines` and `bytes` are those of the logs and of recorded events that go. */
export type ForgetPlan = {
  /** Those named, those of the projects, and all that came from them: subagents, forks, resumes. */
  readonly sessions: readonly string[];
  readonly projects: readonly string[];
  readonly textHashes: readonly string[];
  /** Lines, or whole files, that no session's id leads to. */
  readonly places: readonly ForgottenPlace[];
  /** Rows of seq that tell of the pairs among them, which ingest may read later. */
  readonly events: readonly string[];
  /** Of these, what no tombstone names yet. */
  readonly isNew: boolean;
  readonly lines: number;
  readonly bytes: number;
  readonly pairs: number;
};

const tables = [
  'core.sessions',
  'core.session_files',
  'core.steps',
  'core.turns',
  'core.pair_hashes',
  'staging.claude_records',
  'staging.event_rows',
  'events.attempts',
  'events.answers',
  'events.noted_pairs',
];

/**
 * Finds what a request names in the published tables and in raw; exit 2 where a part of it names nothing. `record` writes the
 * tombstone and gives its ids, none where there is nothing new to say.
 */
export async function planForget(
  config: Config,
  request: ForgetRequest,
  record: (plan: ForgetPlan) => readonly string[],
): Promise<ForgetPlan & { tombstones: readonly string[]; exports: readonly HoldingExport[] }> {
  const lake = lakeFolder(config);
  const built = Object.keys((await readManifest(lake)).tables);
  const datasets = built.filter(
    (table) => table.startsWith('datasets.') && table !== 'datasets.training_examples',
  );
  const missing = tables.find((table) => !built.includes(table));
  if (missing !== undefined) throw new UserError(`${missing}: not built yet; run \`tracemill build\` first`);
  const warehouse = await openWarehouse({ config, tables: [...tables, ...datasets] });
  const { connection } = warehouse;
  try {
    await loadMacros(
      connection,
      (await readSqlFolder(config.sql)).macros,
      await withKey(await readPolicy(config), lake),
    );
    await readCommits(connection, lake);
    await readRanges(connection);
    await rawFilesTable(connection);
    const projects = await projectFolders(connection, request.projects);
    const sessions = await findSessions(warehouse, request.sessions, projects);
    await connection.run('create temp table found_places (file_key varchar, byte_offset bigint)');
    await findLoosePlaces(connection);
    await findTexts({ connection, lake, hashes: request.textHashes });
    const places = await rowsOf(
      connection,
      'select distinct file_key, byte_offset::double from found_places order by all',
    );
    const events = await rowsOf(connection, pairEvents);
    const plan: ForgetPlan = {
      sessions,
      projects,
      textHashes: request.textHashes,
      events: events.map(([id]) => String(id)),
      places: places.map(([file, offset]) => ({
        file_key: String(file),
        ...(offset === null ? {} : { byte_offset: Number(offset) }),
      })),
      ...(await measure(connection)),
    };
    const tombstones = record(plan);
    const [tombstone] = tombstones;
    if (tombstone !== undefined && request.textHashes.length > 0)
      await noteForgottenRows({ connection, lake, tables: datasets, tombstone });
    return { ...plan, tombstones, exports: await holdingExports(connection, config, sessions) };
  } finally {
    warehouse.close();
  }
}

const pairEvents = `
  select distinct derived_event_id(${quote(pairEvent)}, pairs.qa_id) as event_id
  from core.pair_hashes as pairs
  join core.steps as steps using (turn_id)
  join found_places as places using (file_key, byte_offset)
  where steps.kind in ('prompt', 'steer', 'text')
  order by event_id`;

/** Project folders as the tables have them. */
async function projectFolders(connection: DuckDBConnection, paths: readonly string[]): Promise<string[]> {
  const folders: string[] = [];
  for (const path of paths) {
    const folder = path.replace(/(?<=.)[/\\]+$/, '');
    const [row] = await rowsOf(connection, `select redacted(home_as_tilde(${quote(folder)}))`);
    folders.push(String(row?.[0]));
  }
  return folders;
}

/** Fills forgotten_sessions and split_sessions, the latter with parts of one that cannot go by the id in its lines. */
async function findSessions({ connection }: DuckDB, named: readonly string[], projects: readonly string[]) {
  // Those that only recorded events know, and those that are forgotten and perhaps not purged, count as well.
  await connection.run(`
    create temp table known_sessions as
    select session_id from core.sessions
    union
    select session_id from raw_files_state where session_id is not null
    union
    select session_id from staging.event_rows where session_id is not null
    union
    select session_id from commits where op = 'forget' and source = 'session'`);
  await connection.run('create temp table asked_sessions (session_id varchar)');
  for (const session of named) {
    await refuseNone(
      connection,
      `insert into asked_sessions select session_id from known_sessions where session_id = ${quote(session)}`,
      `--session ${session}: no session of the lake has this id`,
    );
  }
  for (const folder of projects) {
    await refuseNone(
      connection,
      `insert into asked_sessions select session_id from core.sessions
       where project_path = ${quote(folder)} or starts_with(project_path, ${quote(`${folder}/`)})`,
      `--project ${folder}: no session of the lake was in this folder or below`,
    );
  }
  await connection.run(`
    create temp table all_sessions as
    with recursive family as (
      select session_id from asked_sessions
      union
      select sessions.session_id from family
      join core.sessions as sessions on sessions.parent_session_id = family.session_id
    )
    select session_id from family`);
  // A subagent of Claude goes with its session, whose id its lines carry; one alone goes by its lines.
  await connection.run(`
    create temp table forgotten_sessions as
    select session_id from all_sessions where not contains(session_id, '/');
    create temp table split_sessions as
    select session_id from all_sessions
    where contains(session_id, '/') and split_part(session_id, '/', 1) not in (from forgotten_sessions)`);
  const sessions = await rowsOf(connection, 'select session_id from forgotten_sessions order by session_id');
  return sessions.map(([session]) => String(session));
}

/** Lines of forgotten sessions in files of others, and events that only name an attempt read from a forgotten log. */
async function findLoosePlaces(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    insert into found_places
    -- Checkpoints and side questions hold copies of another session's lines (session-formats 1.8).
    select records.file_key, records.byte_offset
    from staging.claude_records as records
    join raw_files_state as files using (file_key)
    where records.session_id in (from forgotten_sessions)
      and coalesce(files.session_id not in (from forgotten_sessions), true)
    union
    -- A file of one subagent alone goes whole, with the lines that are no steps.
    select files.file_key, null
    from core.session_files as files
    join split_sessions using (session_id)
    where not exists (
      from core.session_files as others
      where others.file_key = files.file_key and others.session_id <> files.session_id
    )
    union
    select file_key, byte_offset from core.steps
    join split_sessions using (session_id)
    union
    -- An id that was redacted stands otherwise in raw.
    select file_key, byte_offset
    from staging.event_rows
    where session_id in (from all_sessions) and regexp_matches(session_id, '<[A-Z]+[:>]|~')
    union
    select events.file_key, events.byte_offset
    from staging.event_rows as events
    join events.attempts as attempts using (attempt_id)
    where attempts.session_id in (from all_sessions)`);
}

/** How much goes; what is forgotten already and purged counts no more. */
async function measure(connection: DuckDBConnection) {
  const [row] = await rowsOf(
    connection,
    `with files as (
      select file_key from raw_files_state where session_id in (from forgotten_sessions)
      union
      select file_key from found_places where byte_offset is null
    ),
    whole as (
      select coalesce(sum(lines), 0) as lines, coalesce(sum(end_offset - start_offset), 0) as bytes
      from ranges
      semi join files using (file_key)
      where len(raw_files) > 0
    ),
    single as (
      select distinct file_key, byte_offset from found_places
      anti join files using (file_key)
      where byte_offset is not null
    ),
    tombstones as (
      select * from commits where op = 'forget'
    )
    select
      (select lines from whole) + (select count(*) from single),
      (select bytes from whole),
      (
        select count(*) from core.pair_hashes
        join core.turns as turns using (turn_id)
        where turns.session_id in (from all_sessions)
          or (turns.file_key, turns.byte_offset) in (select (file_key, byte_offset) from single)
      ),
      exists (
        from forgotten_sessions
        where session_id not in (select session_id from tombstones where source = 'session')
      ) or exists (
        from found_places
        where (file_key, coalesce(byte_offset, -1)) not in (
          select (file_key, coalesce(start_offset, -1)) from tombstones where file_key is not null)
      )`,
  );
  return {
    lines: Number(row?.[0]),
    bytes: Number(row?.[1]),
    pairs: Number(row?.[2]),
    isNew: row?.[3] === true,
  };
}

async function refuseNone(connection: DuckDBConnection, insert: string, words: string): Promise<void> {
  const { rowsChanged } = await connection.run(insert);
  if (Number(rowsChanged) > 0) return;
  throw new UserError(`${words}; nothing was forgotten`, { exitCode: exitCodes.usage });
}

async function rowsOf(connection: DuckDBConnection, sql: string) {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}
