import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from './config.js';
import type { Command } from './lib/command.js';
import { rawFilesTable, readCommits } from './lib/commits.js';
import { utc } from './lib/filters.js';
import {
  type HandedOff,
  type HandoffWriter,
  mendHandoff,
  openHandoff,
  readHandoff,
} from './lib/handoffFile.js';
import { lakeFolder } from './lib/lake.js';
import { withLock } from './lib/lock.js';
import { amount } from './lib/progress.js';
import { openWarehouse, quote } from './lib/warehouse.js';

/** `tracemill handoff`. */
export const command: Command = {
  describe: 'Append new and changed question/answer pairs for zvec',
  example: 'tracemill handoff --rebuild',
  options: {
    rebuild: {
      type: 'boolean',
      default: false,
      describe: 'Write the file from scratch, every pair as revision 1',
    },
    from: {
      type: 'string',
      describe:
        'Leave out pairs answered before this time (2026-05-01, 2026-05-01T12:00Z) and not handed off yet',
    },
  },
  run: async (args, { config, log, now }) => {
    const from = args.from === undefined ? null : utc('from', String(args.from));
    const result = await handoff({ config, now: now(), rebuild: args.rebuild === true, from });
    if (result.foreign > 0) {
      log(
        `${result.file}: ${amount(result.foreign, 'items')} lines are no records of ours; left as they are`,
      );
    }
    const counts = [
      `${amount(result.added, 'items')} new`,
      `${amount(result.changed, 'items')} changed`,
      `${amount(result.deleted, 'items')} taken back`,
      `${amount(result.waiting, 'items')} not final yet`,
      ...(from === null ? [] : [`${amount(result.earlier, 'items')} from before ${args.from}`]),
    ];
    return { summary: [`${result.file}: ${counts.join(', ')}`], json: result };
  },
};

export type HandoffOptions = {
  config: Config;
  now: Date;
  rebuild: boolean;
  /** Pairs answered before this time (UTC, as DuckDB reads it) stay where they are, unless they were handed off before. */
  from?: string | null;
};

/** Pairs by what became of them in this run. */
export type HandoffResult = {
  file: string;
  added: number;
  changed: number;
  deleted: number;
  waiting: number;
  /** Left out by `from`. */
  earlier: number;
  foreign: number;
};

/** Brings the handoff file up to the lake: each final pair stands in it once for each content it had, whatever is killed when. */
export async function handoff(options: HandoffOptions): Promise<HandoffResult> {
  const { config, now, rebuild, from = null } = options;
  return withLock(config, 'handoff', async () => {
    const { connection, close } = await openWarehouse({ config, tables: ['core.qa_pairs'] });
    try {
      if (!rebuild) await mendHandoff(config.handoff);
      const { byId, foreign } = rebuild ? { byId: new Map(), foreign: 0 } : await readHandoff(config.handoff);
      const plan = await planHandoff({ connection, config, now, from, byId });
      const result = { file: config.handoff, ...plan, foreign };
      if (plan.added + plan.changed + plan.deleted === 0 && !rebuild) return result;
      const writer = await openHandoff(config.handoff, rebuild);
      await writePairs(connection, config, writer);
      await writeDeletions(connection, writer);
      await writer.end();
      return result;
    } finally {
      close();
    }
  });
}

type Plan = {
  connection: DuckDBConnection;
  config: Config;
  now: Date;
  from: string | null;
  byId: ReadonlyMap<string, HandedOff>;
};

/** Makes the tables `due` (qa_id, revision) and `void_pairs` (qa_id), and counts them. */
async function planHandoff({ connection, config, now, from, byId }: Plan) {
  await connection.run(
    'create temp table handed_off (qa_id varchar, revision integer, content varchar, deleted boolean)',
  );
  const appender = await connection.createAppender('handed_off');
  for (const [id, { revision, content, deleted }] of byId) {
    appender.appendVarchar(id);
    appender.appendInteger(revision);
    appender.appendVarchar(content);
    appender.appendBoolean(deleted);
    appender.endRow();
  }
  appender.closeSync();
  await readCommits(connection, lakeFolder(config));
  await rawFilesTable(connection);
  // Final: the turn ended, or nothing was written to its file for the settle time (decision 18).
  const quietSince = now.getTime() - config.settleMs;
  // A pair of which no time is known stands in a log of the first days of Codex: it is no news.
  const isEarlier =
    from === null
      ? 'false'
      : `handed_off.revision is null
        and coalesce(coalesce(pairs.answered_at, pairs.asked_at) < ${quote(from)}::timestamp, true)`;
  await connection.run(`
    create temp table pairs as
    select
      pairs.qa_id, pairs.content_hash, pairs.asked_at, handed_off.revision, handed_off.content, handed_off.deleted,
      pairs.is_ended or coalesce(files.quiet_since_ms <= ${quietSince}, false) as is_final,
      ${isEarlier} as is_earlier
    from core.qa_pairs as pairs
    left join raw_files_state as files
      on files.source = pairs.agent and files.source_path = pairs.source_path and files.is_current
    left join handed_off on handed_off.qa_id = pairs.qa_id
    where pairs.duplicate_of is null`);
  await connection.run(`
    create temp table due as
    select qa_id, coalesce(revision, 0) + 1 as revision from pairs
    where is_final and not is_earlier and (revision is null or deleted or content <> content_hash)`);
  await connection.run(`
    create temp table void_pairs as
    select qa_id from handed_off anti join pairs using (qa_id) where not deleted`);
  const counts = await connection.runAndReadAll(`
    select
      (select count(*) from due where revision = 1) as added,
      (select count(*) from due where revision > 1) as changed,
      (select count(*) from void_pairs) as deleted,
      (select count(*) from pairs where not is_final and not is_earlier) as waiting,
      (select count(*) from pairs where is_earlier) as earlier`);
  const [row] = counts.getRowObjectsJS();
  const count = (name: string) => Number(row?.[name] ?? 0);
  return {
    added: count('added'),
    changed: count('changed'),
    deleted: count('deleted'),
    waiting: count('waiting'),
    earlier: count('earlier'),
  };
}

async function writePairs(
  connection: DuckDBConnection,
  config: Config,
  writer: HandoffWriter,
): Promise<void> {
  const result = await connection.stream(`
    select pairs.*, due.revision from core.qa_pairs as pairs
    join due using (qa_id) order by pairs.asked_at nulls first, pairs.qa_id`);
  for await (const rows of result.yieldRowObjectJs()) {
    for (const row of rows) await writer.add(pairLine(row, config));
  }
}

async function writeDeletions(connection: DuckDBConnection, writer: HandoffWriter): Promise<void> {
  const result = await connection.runAndReadAll('select qa_id from void_pairs order by qa_id');
  for (const [id] of result.getRowsJS()) await writer.add({ id, deleted: true });
}

function pairLine(row: Record<string, unknown>, config: Config): object {
  const whole = `Question: ${row.question}\n\nAnswer: ${row.answer}`;
  const text = config.handoffText ? cutAtWord(whole, config.handoffMaxChars) : '';
  const metadata = {
    agent: row.agent,
    session_id: row.session_id,
    project_path: row.project_path,
    source_path: row.source_path,
    offset: Number(row.source_offset),
    model: row.model,
    ts_ms: row.ts_ms === null ? null : Number(row.ts_ms),
    question_hash: row.question_hash,
    answer_hash: row.answer_hash,
    content_hash: row.content_hash,
    revision: row.revision,
    truncated: config.handoffText && text.length < whole.length ? true : null,
  };
  // zvec refuses null, so a key without a value is left out.
  const known = Object.entries(metadata).filter(([, value]) => value !== null && value !== undefined);
  return { id: row.qa_id, text, metadata: Object.fromEntries(known) };
}

/** A text of at most `longest` characters, cut before a word where there is one in its last fifth. */
function cutAtWord(text: string, longest: number | null): string {
  if (longest === null || text.length <= longest) return text;
  const cut = text.slice(0, longest + 1);
  const space = cut.search(/\s\S*$/);
  if (space > longest * 0.8) return text.slice(0, space).trimEnd();
  // Not between the halves of a character beyond U+FFFF.
  return /[\uD800-\uDBFF]$/.test(text.slice(0, longest))
    ? text.slice(0, longest - 1)
    : text.slice(0, longest);
}
