import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { emptyRow } from './commitLog.js';
import { type CommitRow, readRanges } from './commits.js';
import { eventTypes } from './eventSchemas.js';
import type { RawDraft } from './rawWriter.js';
import { quote } from './warehouse.js';

/** The type of event that is a tombstone. */
export const tombstoneEvent = 'data.forgotten';

/** What ties an event to a session, or to another event that goes with one; `event` is seq's name of a row. */
const kinds = ['event', 'session', 'attempt', 'artifact', 'decision'] as const;
/** Those that lead on to others. */
const linking = kinds.slice(2);
type Kind = (typeof kinds)[number];
type Names = Record<Kind, Set<string>>;

/**
 * The rows of the log that say what is forgotten: sessions and places that new tombstones name, and the lines of events
 * and of seq that belong to forgotten sessions. Of events that were there before, all are looked through once for each
 * new tombstone; after that only new ones. After readCommits; `drafts` are the raw files that are about to be committed.
 */
export async function forgetRows(options: {
  connection: DuckDBConnection;
  lake: string;
  drafts: readonly RawDraft[];
  batchId: string;
  now: Date;
}): Promise<CommitRow[]> {
  const { connection, lake, batchId, now } = options;
  const fresh = options.drafts.filter(({ file }) => isOfEvents(file)).map(({ draft }) => draft);
  if (fresh.length === 0) return [];
  const tombstones = await readTombstones(connection, fresh);
  const known = await readNames(connection);
  const sessions = tombstones.flatMap((tombstone) => tombstone.sessions);
  const events = tombstones.flatMap((tombstone) => tombstone.events);
  const before = sizes(known);
  for (const session of sessions) known.session.add(session);
  for (const event of events) known.event.add(event);
  const isNew = known.session.size > before.session || known.event.size > before.event;
  const rows: CommitRow[] = [];
  const add = (row: Partial<CommitRow>) => rows.push({ ...emptyRow('forget', batchId, now), ...row });
  for (const { places } of tombstones) {
    for (const { file_key, byte_offset } of places) add({ file_key, start_offset: byte_offset ?? null });
  }
  if (known.session.size + known.event.size > 0) {
    const files = isNew ? [...(await eventFiles(connection, lake)), ...fresh] : fresh;
    for (const { source, fileKey, offset } of await linkedLines(connection, files, known))
      add({ source, file_key: fileKey, start_offset: offset });
  }
  for (const kind of kinds) {
    for (const name of [...known[kind]].slice(before[kind])) add({ source: kind, session_id: name });
  }
  return rows;
}

type Tombstone = {
  sessions: readonly string[];
  events: readonly string[];
  places: readonly { file_key: string; byte_offset?: number }[];
};

async function readTombstones(connection: DuckDBConnection, files: readonly string[]): Promise<Tombstone[]> {
  const reader = await connection.runAndReadAll(
    `select line from ${parquet(files)} where source = 'events' and contains(line, ${quote(tombstoneEvent)})`,
  );
  return reader.getRowsJson().flatMap(([line]) => {
    const event = parsed(String(line));
    if (event?.event_type !== tombstoneEvent) return [];
    // One that is not whole is among the rejected events.
    const { success, data } = eventTypes[tombstoneEvent].payload.safeParse(event.payload);
    return success ? [{ sessions: data.sessions, events: data.events ?? [], places: data.places ?? [] }] : [];
  });
}

function parsed(line: string): { event_type?: unknown; payload?: unknown } | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

async function readNames(connection: DuckDBConnection): Promise<Names> {
  const names = Object.fromEntries(kinds.map((kind) => [kind, new Set<string>()])) as Names;
  const reader = await connection.runAndReadAll(
    "select source, session_id from commits where op = 'forget' and file_key is null",
  );
  for (const [kind, name] of reader.getRowsJson()) names[kind as Kind].add(String(name));
  return names;
}

function sizes(names: Names): Record<Kind, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, names[kind].size])) as Record<Kind, number>;
}

/** The raw files of events and of seq that count now. */
async function eventFiles(connection: DuckDBConnection, lake: string): Promise<string[]> {
  await readRanges(connection);
  const reader = await connection.runAndReadAll(
    "select distinct unnest(raw_files) as file from ranges where source in ('events', 'seq') order by file",
  );
  return reader.getRowsJson().map(([file]) => join(lake, String(file)));
}

function isOfEvents(file: string): boolean {
  return file.startsWith('raw/events/') || file.startsWith('raw/seq/');
}

/**
 * Lines that name a forgotten session anywhere, and those that name an attempt, artifact or router decision of such a
 * line. What they name is added to `known`, for lines that come later.
 */
async function linkedLines(connection: DuckDBConnection, files: readonly string[], known: Names) {
  const ids = (kind: Kind) => `list_transform(
      regexp_extract_all(line, '"${kind}_id"\\s*:\\s*"((?:[^"\\\\]|\\\\.)+)"', 1),
      lambda id: coalesce(try(json_extract_string('"' || id || '"', '$')), id)) as ${kind}`;
  await connection.run(`
    create or replace temp table event_refs as
    select source, file_key, byte_offset, ${kinds.map(ids).join(', ')}
    from ${parquet(files)}
    where line is not null and not contains(line, ${quote(tombstoneEvent)})
      -- A row that takes a pair back says nothing of it.
      and not (source = 'seq' and contains(line, '\\"deleted\\":true'))
      and (${kinds.map((kind) => `contains(line, '"${kind}_id"')`).join(' or ')})`);
  const linked = new Map<string, { source: string; fileKey: string; offset: number }>();
  // What a session's own lines name first, then what the lines of its attempts do, and so on.
  for (const kind of kinds) {
    const reader = await connection.runAndReadAll(`
      select source, file_key, byte_offset::double, ${linking.join(', ')} from event_refs
      where list_has_any(${kind}, [${[...known[kind]].map(quote).join(', ')}]::varchar[])`);
    for (const [source, fileKey, offset, ...named] of reader.getRowsJson()) {
      linked.set(`${fileKey}/${offset}`, {
        source: String(source),
        fileKey: String(fileKey),
        offset: Number(offset),
      });
      for (const [index, names] of named.entries()) {
        const other = linking[index] ?? kind;
        if (kinds.indexOf(other) > kinds.indexOf(kind))
          for (const name of names as string[]) known[other].add(name);
      }
    }
  }
  await connection.run('drop table event_refs');
  return linked.values();
}

function parquet(files: readonly string[]): string {
  return `read_parquet([${files.map(quote).join(', ')}], hive_partitioning = false)`;
}
