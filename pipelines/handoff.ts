import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Config } from './config.js';
import type { Command } from './lib/command.js';
import { utc } from './lib/filters.js';
import { mendHandoff, openHandoff, readHandoff } from './lib/handoffFile.js';
import { type Plan, planHandoff } from './lib/handoffPlan.js';
import type { LineWriter } from './lib/lineBatches.js';
import { withLock } from './lib/lock.js';
import { pairText } from './lib/pairText.js';
import { amount } from './lib/progress.js';
import { describeGate, type GateResult, openGate } from './lib/redaction/gate.js';
import { openSeqMem, pairEvent, readSeqMem, takeBackRow } from './lib/seqMem.js';
import { openWarehouse } from './lib/warehouse.js';

/** `tracemill handoff`. */
export const command: Command = {
  describe: 'Append new and changed question/answer pairs for zvec, and rows for new ones to seq_mem.jsonl',
  example: 'tracemill handoff --rebuild',
  options: {
    rebuild: {
      type: 'boolean',
      default: false,
      describe: 'Write the file from scratch, every pair as revision 1; seq_mem.jsonl keeps its rows',
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
      ...(result.cut === 0 ? [] : [`${amount(result.cut, 'items')} cut at a word for their length`]),
    ];
    return {
      summary: [
        `${result.file}: ${counts.join(', ')}`,
        `${result.seqMem}: ${amount(result.noted, 'items')} new${result.takenBack === 0 ? '' : `, ${amount(result.takenBack, 'items')} taken back`}`,
        describeGate(result.gate),
      ],
      json: result,
    };
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
export type HandoffResult = Omit<Plan, 'unnoted'> & {
  file: string;
  /** Lines whose text was cut. */
  cut: number;
  foreign: number;
  seqMem: string;
  /** Rows appended to seq's memory log. */
  noted: number;
  gate: GateResult;
};

/**
 * Brings the handoff file and seq's memory log up to the lake: each final pair stands in the one once for each content it
 * had, in the other once, whatever is killed when.
 */
export async function handoff(options: HandoffOptions): Promise<HandoffResult> {
  const { config, now, rebuild, from = null } = options;
  return withLock(config, 'handoff', async () => {
    const tables = ['core.qa_pairs', 'core.sessions'];
    const { connection, close } = await openWarehouse({ config, tables, memoryMb: 500 });
    try {
      if (!rebuild) await mendHandoff(config.handoff);
      const before = await readHandoff(config.handoff);
      const { byId, foreign } = rebuild ? { byId: new Map(), foreign: 0 } : before;
      const seqMem = await readSeqMem(config);
      const { unnoted, ...plan } = await planHandoff({
        connection,
        config,
        now,
        from,
        byId,
        everHandedOff: before.byId.keys(),
        noted: seqMem.ids,
      });
      const gate = await gatePairs(connection, config);
      let cut = 0;
      if (rebuild || plan.added + plan.changed + plan.deleted > 0) {
        const writer = await openHandoff(config.handoff, rebuild, config.flushEvery);
        cut = await writePairs(connection, config, writer);
        await writeDeletions(connection, writer);
        await writer.end();
      }
      if (unnoted + plan.takenBack > 0) {
        const writer = await openSeqMem(config, seqMem);
        for await (const row of pairsOf(connection, 'unnoted_pairs')) await writer.add(seqRow(row, config));
        const takenBack = await connection.runAndReadAll(
          'select qa_id, event_id from taken_back order by qa_id',
        );
        for (const [qaId, eventId] of takenBack.getRowsJson())
          await writer.add(takeBackRow({ qaId: String(qaId), eventId: String(eventId), at: now }));
        await writer.end();
      }
      return { file: config.handoff, ...plan, cut, foreign, seqMem: config.seqMem, noted: unnoted, gate };
    } finally {
      close();
    }
  });
}

type Row = Record<string, unknown>;

/**
 * The pairs that a table of the plan names, in the order of asking, with its columns. Their texts come as bytes: a text would
 * end at a NUL, and two thousand of them at once would be long-lived.
 */
async function* pairsOf(connection: DuckDBConnection, table: string): AsyncGenerator<Row> {
  const result = await connection.stream(`
    select
      pairs.* replace (encode(pairs.question) as question, encode(pairs.answer) as answer), chosen.* exclude (qa_id)
    from core.qa_pairs as pairs
    join ${table} as chosen using (qa_id) order by pairs.asked_at nulls first, pairs.qa_id`);
  for await (const rows of result.yieldRowObjectJs()) yield* rows;
}

/** Brings the lines that are due before the gate, all of them before the first one is written. */
async function gatePairs(connection: DuckDBConnection, config: Config): Promise<GateResult> {
  const gate = await openGate(config);
  if (!gate.isOpen) {
    for await (const row of pairsOf(connection, 'due')) {
      const place = { table: basename(config.handoff), row: String(row.qa_id) };
      await gate.json(place, JSON.stringify(pairLine(row, config)));
    }
    for await (const row of pairsOf(connection, 'unnoted_pairs')) {
      const place = { table: basename(config.seqMem), row: String(row.qa_id) };
      await gate.json(place, JSON.stringify(seqRow(row, config)));
    }
  }
  return gate.close('nothing was handed off');
}

/** Gives how many texts were cut. */
async function writePairs(connection: DuckDBConnection, config: Config, writer: LineWriter): Promise<number> {
  let cut = 0;
  for await (const row of pairsOf(connection, 'due')) {
    const line = pairLine(row, config);
    if (line.metadata.truncated === true) cut += 1;
    await writer.add(line);
  }
  return cut;
}

async function writeDeletions(connection: DuckDBConnection, writer: LineWriter): Promise<void> {
  const result = await connection.runAndReadAll('select qa_id from void_pairs order by qa_id');
  for (const [id] of result.getRowsJS()) await writer.add({ id, deleted: true });
}

function pairLine(row: Row, config: Config) {
  const { text, question, isCut } = pairText(decoded(row.question), decoded(row.answer), config);
  const metadata = {
    ...placeOf(row),
    ts_ms: row.ts_ms === null ? null : Number(row.ts_ms),
    question_hash: row.question_hash,
    answer_hash: row.answer_hash,
    content_hash: row.content_hash,
    revision: row.revision,
    // Where the question ends in the text: it may hold what looks like the heading of an answer.
    question_chars: text === '' ? null : question.length,
    truncated: isCut ? true : null,
  };
  // zvec refuses null, so a key without a value is left out.
  const known = Object.entries(metadata).filter(([, value]) => value !== null && value !== undefined);
  return { id: row.qa_id, text, metadata: Object.fromEntries(known) };
}

/** A row of the established form; its ids come from the pair alone, and its paths are below their roots. */
function seqRow(row: Row, config: Config) {
  const { question, answer, isCut } = pairText(decoded(row.question), decoded(row.answer), config);
  const subject = {
    qa_id: row.qa_id,
    ...placeOf(row),
    question,
    answer,
    question_chars: decoded(row.question).length,
    answer_chars: decoded(row.answer).length,
    ...(isCut ? { truncated: true } : {}),
  };
  return {
    ts_ms: Number(row.told_at_ms),
    dur_us: Number(row.dur_us),
    ok: true,
    session_id: row.session_id,
    event_id: row.event_id,
    content_hash: row.content_hash,
    name: pairEvent,
    subject: JSON.stringify(subject),
  };
}

function decoded(bytes: unknown): string {
  return bytes instanceof Uint8Array
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
    : '';
}

function placeOf(row: Row) {
  return {
    agent: row.agent,
    session_id: row.session_id,
    project_path: row.project_path,
    source_path: row.source_path,
    offset: Number(row.source_offset),
    model: row.model,
  };
}
