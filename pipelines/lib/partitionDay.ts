import type { DuckDBConnection } from '@duckdb/node-api';
import { groupBy } from './groups.js';
import { linesOf, openBytes, readSlices } from './lines.js';
import type { FoundFile } from './scan.js';
import {
  dayOfMilliseconds,
  dayOfName,
  millisecondsOfTimestamp,
  parseObject,
  type SessionRules,
  type Source,
  unknownDay,
} from './source.js';

/** What the first lines of a session file say. */
export type Facts = {
  readonly sessionId: string | null;
  /** First top-level timestamp, Unix milliseconds. */
  readonly startedMs: number | null;
};

/** A file whose day is to be decided. */
export type Undated = { readonly file: FoundFile; readonly facts: Facts };

const factBytes = 4 << 20;
const factLines = 1000;

/** Session and first timestamp from the path and the first lines, of which at most 1,000 or 4 MB are looked at. */
export async function readFacts(file: FoundFile, rules: SessionRules): Promise<Facts> {
  let sessionId = rules.ofPath(file.path);
  if (!file.source.isJsonLines) return { sessionId, startedMs: null };
  let startedMs: number | null = null;
  const reader = await openBytes(file);
  try {
    let index = 0;
    const slices = readSlices(reader, {
      offset: 0,
      line: 1,
      limit: file.isCompressed ? factBytes : Math.min(factBytes, file.size),
      withTail: true,
      usual: 1 << 14,
    });
    search: for (const { bytes } of slices) {
      for (const line of linesOf(bytes)) {
        const record = parseObject(line);
        if (record !== null) {
          sessionId ??= rules.ofRecord(record, index);
          startedMs ??= millisecondsOfTimestamp(record.timestamp);
        }
        index += 1;
        if (index >= factLines || (sessionId !== null && startedMs !== null)) break search;
      }
    }
  } catch {
    // Whoever reads the lines themselves comes upon the same fault and reports it.
  } finally {
    reader.close();
  }
  return { sessionId: sessionId ?? rules.ofName(file.path), startedMs };
}

/**
 * The day of each session the log knows, by `source/session`; after readCommits. What lies in a session's folder is part of
 * it here as below, whatever session its lines name.
 */
export async function readSessionDays(
  connection: DuckDBConnection,
  sources: readonly Source[],
): Promise<Map<string, string>> {
  const reader = await connection.runAndReadAll(`
    select source, source_path, session_id, partition_day
    from commits
    where op = 'add' and end_offset > start_offset and session_id is not null and partition_day is not null
    order by batch_id, file_key`);
  const days = new Map<string, string>();
  for (const [name, path, sessionId, day] of reader.getRows().map((row) => row.map(String))) {
    const source = sources.find((one) => one.name === name);
    if (source === undefined || path === undefined || sessionId === undefined || day === undefined) continue;
    const key = sessionKey(source, path, sessionId);
    if (!days.has(key)) days.set(key, day);
  }
  return days;
}

/**
 * The day of each file read for the first time (design, decision 6). A session has one day: the one it has in the log, else that
 * of its main files' first timestamp, else of any of its files', else the date in a name.
 */
export function assignDays(
  files: readonly Undated[],
  sessionDays: ReadonlyMap<string, string>,
): Map<FoundFile, string> {
  const days = new Map<FoundFile, string>();
  const groups = groupBy(files, ({ file, facts }) => sessionKey(file.source, file.path, facts.sessionId));
  for (const [key, group] of groups) {
    const day = sessionDays.get(key) ?? dayOfGroup(group);
    for (const { file } of group) days.set(file, day);
  }
  return days;
}

function sessionKey(source: Source, path: string, sessionId: string | null): string {
  const session = source.sessions?.parentOfPath(path) ?? sessionId;
  if (session === null) return `${source.name}//${path}`;
  // What lies beside Claude's transcripts belongs to their sessions.
  return `${source.name === 'claude_files' ? 'claude' : source.name}/${session}`;
}

function dayOfGroup(group: readonly Undated[]): string {
  const mains = group.filter(({ file }) => !file.source.sessions?.isSubordinate(file.path));
  const startOf = (files: readonly Undated[]) => {
    const starts = files.flatMap(({ facts }) => facts.startedMs ?? []);
    return starts.length === 0 ? null : dayOfMilliseconds(Math.min(...starts));
  };
  const named = group.map(({ file }) => dayOfName(file.path)).filter((day) => day !== null);
  return startOf(mains) ?? startOf(group) ?? named.sort()[0] ?? unknownDay;
}
