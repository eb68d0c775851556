import type { Line, LogFile } from './claudeSpecs.js';
import type { CodexSession } from './codexSpecs.js';
import { codexWriter, type Writing } from './codexWriter.js';
import { uuidOf } from './logWords.js';

/** The files of a session as Codex of its version writes them; `number` names it. */
export function codexFiles(session: CodexSession, number: number): LogFile[] {
  const { era, day } = session;
  let clock = Date.parse(`${day}T00:00:00Z`) + session.seconds * 1000;
  const next = () => uuidOf(number, ++writing.count);
  const time = () => {
    clock += 1000 * (session.pauses[writing.count++ % session.pauses.length] ?? 1);
    return new Date(clock).toISOString();
  };
  const writing: Writing = {
    session,
    number,
    next,
    time,
    metaOf: () => meta(own),
    count: 0,
    spent: 0,
    lastPrompt: 'Sort the list.',
  };
  const writer = () => codexWriter(writing);

  const own = uuidOf(number, 0);
  const meta = (id: string, more: Line = {}): Line =>
    era.isBare
      ? { id, timestamp: `${day}T00:00:00.000Z`, instructions: null }
      : {
          ...{ id, timestamp: `${day}T00:00:00.000Z`, cwd: '/home/noor/moss', originator: 'codex_cli_rs' },
          ...{
            cli_version: era.version,
            source: session.source,
            git: { branch: 'main', commit_hash: 'abc' },
          },
          ...(era.isPaginated ? { history_mode: 'paginated' } : {}),
          ...more,
        };
  const path = (id: string, hour: string, end = '') =>
    `codex/sessions/${day.replaceAll('-', '/')}/rollout-${day}T${hour}-00-00-${id}${end}.jsonl`;

  const main = writer();
  main.put('session_meta', meta(own));
  main.tell(session.turns);
  const files = [{ path: path(own, '09'), lines: main.lines }];
  const { fork } = session;
  if (fork === null) return files;
  const id = uuidOf(number, 0xfff0);
  const kept = main.lines.slice(0, 1 + (fork.keep % main.lines.length));
  const child = writer();
  if (fork.how === 'copy')
    return [...files, { path: `codex/archived_sessions/${path(own, '09').split('/').at(-1)}`, lines: kept }];
  if (fork.how === 'continuation') {
    child.tell(fork.turns);
    return [...files, { path: path(own, '10', `_${id}`), lines: [{ ...main.lines[0] }, ...child.lines] }];
  }
  if (fork.how === 'thread') {
    const spawned = { subagent: { thread_spawn: { parent_thread_id: own, depth: 1 } } };
    child.put('session_meta', meta(id, { source: spawned, parent_thread_id: own }));
  } else {
    child.put('session_meta', meta(id, fork.how === 'replay' ? {} : { forked_from_id: own }));
  }
  // A replay is stamped anew, all within a moment.
  if (fork.how.startsWith('replay')) {
    const timestamp = time();
    child.lines.push(...kept.map((line) => (era.isBare ? line : { ...line, timestamp })));
  }
  clock += 2000;
  child.tell(fork.turns);
  return [...files, { path: path(id, '10'), lines: child.lines }];
}
