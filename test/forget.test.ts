import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build } from '../pipelines/build.js';
import { type Config, readConfig } from '../pipelines/config.js';
import { exportDatasets } from '../pipelines/export.js';
import { command } from '../pipelines/forget.js';
import { handoff } from '../pipelines/handoff.js';
import { ingest } from '../pipelines/ingest.js';
import { openClickhouse } from '../pipelines/lib/clickhouse.js';
import type { Command } from '../pipelines/lib/command.js';
import { readManifest } from '../pipelines/lib/manifest.js';
import { followHandoff } from '../pipelines/lib/pairIndex.js';
import { searchPairs } from '../pipelines/lib/pairSearch.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { type Receipt, readReceipts } from '../pipelines/lib/receipts.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { openDuckDB, openWarehouse, quote } from '../pipelines/lib/warehouse.js';
import { command as statusCommand } from '../pipelines/status.js';
import { verify, command as verifyCommand } from '../pipelines/verify.js';
import { sampleLake, samples } from './support/sampleLake.js';
import { openFor, runCli, runLoad } from './support/warehouse.js';

/** A Claude session that another was resumed from, with a subagent in its file. */
const session = '0907211a-c29d-4cf6-805d-f065dc968f00';
const resumed = 'e6eec6ce-57cc-46b5-85fe-70ae6d47824f';
/** A recorded session, with attempts and artifacts. */
const recorded = 'bug-triage';
/** A Codex session of which one answer goes. */
const codex = '019f5c00-8076-7d64-8437-38ddc36aa4c0';

let folder: string;
let config: Config;
/** Texts that stand in the lake before and nowhere after. */
const gone: string[] = [];
let answerHash: string;
let eventsBefore: number;
/** An export made before. */
let version: string;
let filesBefore: Record<string, string[]>;
const now = () => new Date('2026-11-01T00:00:00Z');

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tracemill-forget'-"));
  const data = join(folder, 'data');
  await cp(await sampleLake(), data, { recursive: true, preserveTimestamps: true });
  await cp(samples.events, join(folder, 'spool'), { recursive: true, preserveTimestamps: true });
  await cp(samples.seq, join(folder, 'seq_mem.jsonl'));
  config = readConfig(environment());
  await follow();
  version = String(
    (await exportInto(join(data, 'exports'), ['sft', 'chain_of_thought', 'qa_documents'], 'trl')).version,
  );
  runLoad(environment());
  const pairs = await query(
    `select question, answer, session_id, answer_hash from core.qa_pairs
     where session_id in ('${session}', '${resumed}', '${codex}')
       -- Another session has the same answer, and stays.
       and not starts_with(question, 'What is the difference')
     order by session_id, qa_id`,
  );
  const codexPair = pairs.find((pair) => pair[2] === codex && String(pair[1]).length > 60);
  answerHash = String(codexPair?.[3]);
  gone.push(
    // Shorter ones other sessions say, too.
    ...pairs
      .filter((pair) => pair[2] !== codex)
      .flatMap(([question, answer]) => [String(question), String(answer)])
      .filter((text) => text.length > 40),
    String(codexPair?.[1]),
  );
  const need = await query(`select need, output from events.answers where session_id = '${recorded}'`);
  gone.push(...need.flatMap((row) => row.map(String)).filter((text) => text.length > 30));
  [[eventsBefore]] = (await query(
    "select count(*) from events.training_events where origin = 'recorded'",
  )) as [[number]];
  filesBefore = await filesOf();
});

after(() => rm(folder, { recursive: true, force: true }));

function environment(): Record<string, string> {
  return {
    TRACEMILL_DATA: join(folder, 'data'),
    SEQ_AGENT_QA_CLAUDE_DIR: samples.claude,
    SEQ_AGENT_QA_CODEX_DIR: samples.codex,
    TRACEMILL_SPOOL: join(folder, 'spool'),
    TRACEMILL_SEQ_MEM: join(folder, 'seq_mem.jsonl'),
    TRACEMILL_SETTLE: '0',
  };
}

async function query(sql: string): Promise<unknown[][]> {
  const { connection, close } = await openFor(config, sql);
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    close();
  }
}

function exportInto(out: string, datasets: string[], profile: string) {
  const options = { config, progress: silentProgress, now: now(), filters: {}, jsonl: false };
  return exportDatasets({ ...options, datasets, profile, out });
}

async function follow() {
  const handed = await handoff({ config, now: now(), rebuild: false });
  const indexed = await followHandoff({ config, rebuild: false, onBytes: () => {} });
  return { handed, indexed };
}

async function forget(args: Record<string, unknown>) {
  const outcome = await command.run(args, { config, log: () => {}, progress: silentProgress, now });
  return { text: outcome.summary.join('\n'), json: outcome.json as Record<string, unknown> };
}

async function said({ run }: Command): Promise<string> {
  const { summary } = await run({}, { config, log: () => {}, progress: silentProgress, now });
  return layOut(summary).join('\n');
}

/** Table -> the days whose file is not that of before. */
async function filesOf(): Promise<Record<string, string[]>> {
  const { tables } = await readManifest(join(config.data, 'lake'));
  return Object.fromEntries(
    Object.entries(tables).map(([name, { files }]) => [
      name,
      Object.entries(files).map(([day, { sha256 }]) => `${day} ${sha256}`),
    ]),
  );
}

/** Where a text stands in the published tables: table names. */
async function tablesWith(texts: readonly string[]): Promise<string[]> {
  const { connection, close, views } = await openWarehouse({ config });
  const found: string[] = [];
  try {
    await connection.run('create temp table wanted (text varchar)');
    const appender = await connection.createAppender('wanted');
    for (const text of texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)])) {
      appender.appendVarchar(text);
      appender.endRow();
    }
    appender.closeSync();
    for (const name of views.keys()) {
      const columns = await connection.runAndReadAll(`select unnest(columns_of) from (
        select list(column_name) as columns_of from (describe ${name}) where column_type not in ('BLOB', 'BIGINT'))`);
      const text = columns
        .getRowsJson()
        .map(([column]) => `"${column}"::varchar`)
        .join(', ');
      const reader = await connection.runAndReadAll(
        `select count(*) from (select concat_ws(chr(10), ${text}) as row_text from ${name}) join wanted
         on contains(row_text, wanted.text)`,
      );
      if (Number(reader.getRowsJson()[0]?.[0]) > 0) found.push(name);
    }
    return found;
  } finally {
    close();
  }
}

test('what names nothing is refused with a word, and --dry-run only says what would go', async () => {
  const refusals: [Record<string, unknown>, RegExp][] = [
    [{}, /nothing is named/],
    [{ session: ['nobody'], reason: 'r' }, /--session nobody: no session of the lake has this id/],
    [
      { project: ['/none'], reason: 'r' },
      /--project \/none: no session of the lake was in this folder or below/,
    ],
    [{ 'text-hash': ['ab'], reason: 'r' }, /--text-hash ab: no text of the lake has this hash/],
    [{ session: [session] }, /--reason is missing/],
  ];
  for (const [args, words] of refusals)
    await assert.rejects(forget(args), (error: Error & { exitCode: number }) => {
      assert.match(error.message, words);
      return error.exitCode === 2;
    });
  const dry = await forget({ session: [session], 'dry-run': true });
  assert.deepEqual(dry.json.sessions, [session, resumed]);
  assert.equal(dry.json.pairs, 6);
  const project = await forget({ project: ['/home/anybody/projects/weather-widget/'], 'dry-run': true });
  assert.equal((project.json.sessions as string[]).length, 2);
  assert.match(project.text, /2 sessions, 9 question\/answer pairs/);
  const subagent = await forget({ session: [`${session}/sidechain-9511f63f`], 'dry-run': true });
  assert.equal((subagent.json.sessions as string[]).length, 0);
  assert.ok((subagent.json.places as unknown[]).length > 0);
  await ingest({ config, progress: silentProgress, now, settleMs: 0, sources: ['events'] });
  assert.deepEqual(await filesOf(), filesBefore);
});

test('the next build leaves it out of every table, and wakes only the days it stood on', async () => {
  assert.ok(gone.length > 10);
  const { text, json } = await forget({
    session: [session, recorded],
    'text-hash': [answerHash],
    reason: 'asked for',
  });
  // Of the sessions 5 pairs and their conversations, of the text the pair and the conversation that has it.
  const held = await query(
    `select count(*) from (
      select id, session_id, messages::varchar as words from datasets.sft
      union all select id, session_id, messages::varchar from datasets.chain_of_thought
      union all select id, session_id, text from datasets.qa_documents
    ) where split_part(session_id, '/', 1) in ('${session}', '${resumed}', '${recorded}')
      or contains(words, '${gone
        .find((words) => words.includes('slug()') || words.includes('repeat inside'))
        ?.slice(0, 30)
        .replaceAll("'", "''")}')`,
  );
  assert.deepEqual(json.exports, [{ version, rows: Number(held[0]?.[0]) }]);
  assert.match(text, new RegExp(`! export ${version}: still holds \\d+ forgotten rows; remove its folder`));
  await ingest({ config, progress: silentProgress, now, settleMs: 0 });
  const { failures } = await build({ config, now: now(), progress: silentProgress });
  assert.deepEqual(failures, []);
  assert.deepEqual(await tablesWith(gone), []);
  assert.deepEqual(
    await query(
      `select distinct session_id from core.sessions where session_id like '${session}%' or session_id = '${resumed}'`,
    ),
    [],
  );
  const changed = async (table: string) => {
    const files = (await filesOf())[table] ?? [];
    // The tombstone has its own day.
    return files
      .filter((file) => !filesBefore[table]?.includes(file) && !file.startsWith('2026-11-01'))
      .map((file) => file.split(' ')[0]);
  };
  assert.deepEqual(await changed('staging.claude_records'), ['2025-07-16']);
  assert.deepEqual(await changed('staging.codex_records'), ['2026-07-13']);
  // The day between has the same pair as the forgotten session, which now is no copy any more.
  assert.deepEqual(await changed('core.qa_pairs'), ['2025-07-16', '2026-02-22', '2026-07-13']);
});

test('events of the session are gone with their payloads, the tombstone stays', async () => {
  const [[left], [tombstones]] = (await query(
    `select count(*) from events.training_events where origin = 'recorded' and event_type <> 'data.forgotten'
     union all select count(*) from events.training_events where event_type = 'data.forgotten'`,
  )) as [[string], [string]];
  assert.equal(Number(tombstones), 1);
  // 63 that name the session, and a score that only names one of its artifacts.
  assert.equal(Number(left), Number(eventsBefore) - 64);
  assert.deepEqual(
    await query(
      'select hash from events.payload_blobs anti join events.training_events on payload_hash = hash',
    ),
    [],
  );
  for (const table of ['attempts', 'artifacts', 'rollouts', 'sessions'])
    assert.deepEqual(
      await query(`select 1 from events.${table} where session_id = '${recorded}'`),
      [],
      table,
    );
});

test('handoff takes the pairs back, seq is told, the index and search find them no more', async () => {
  const filters = { agent: undefined, project: undefined, since: undefined, until: undefined };
  const words = 'importer row lost silently';
  const hits = async () =>
    (await searchPairs({ config, words, filters, limit: 5, onBytes: () => {} } as never)) as unknown;
  const ofThem = new RegExp(`${session}|${resumed}`);
  assert.match(JSON.stringify(await hits()), ofThem);
  const before = (await readFile(config.handoff, 'utf8')).trimEnd().split('\n');
  // Those of the sessions that were no copies of others, and the one whose answer is forgotten.
  const due = before.filter((line) => ofThem.test(line)).length + 1;
  const { handed, indexed } = await follow();
  assert.ok(due > 3);
  assert.deepEqual([handed.deleted, handed.takenBack, indexed.deleted], [due, due, due]);
  assert.doesNotMatch(JSON.stringify(await hits()), ofThem);
  const rows = (await readFile(config.seqMem, 'utf8')).trimEnd().split('\n').slice(-due);
  for (const row of rows) {
    assert.match(row, /"session_id":"","event_id":"[0-9a-f]{32}","name":"agent.qa.pair"/);
    assert.match(row, /"subject":"\{\\"qa_id\\":\\"[0-9a-f]{32}\\",\\"deleted\\":true\}"\}$/);
  }
  const again = await follow();
  assert.equal(again.handed.deleted + again.handed.takenBack, 0);
  // Written from scratch the file has no line of them at all.
  await handoff({ config, now: now(), rebuild: true });
  assert.doesNotMatch(await readFile(config.handoff, 'utf8'), ofThem);
});

test('an export made anew has no row of it', async () => {
  const result = await exportInto(join(folder, 'exports'), ['sft', 'chain_of_thought'], 'sharegpt');
  const files = Object.values(result.datasets).flatMap(({ splits }) =>
    Object.values(splits).flatMap(({ files }) => files),
  );
  assert.ok(files.length > 2);
  for (const file of files) {
    const text = await readFile(join(result.folder ?? '', file), 'utf8');
    for (const words of gone) assert.ok(!text.includes(JSON.stringify(words).slice(1, -1)), file);
  }
});

test('a session that is forgotten stays so when it is logged again, and a forgotten text until it is said anew', async () => {
  const again = await forget({ session: [session], 'text-hash': [answerHash], reason: 'r' }).catch(
    (error: Error) => error.message,
  );
  assert.match(String(again), /no text of the lake has this hash/);
  assert.match(
    (await forget({ session: [session], reason: 'again' })).text,
    /All of it is forgotten already/,
  );
});

test('--purge takes the bytes out of every file of ours, says so in a receipt, and nothing is read again', async () => {
  const { status, stdout, stderr } = runCli(['forget', '--purge', '--json'], environment());
  assert.equal(status, 0, stderr);
  const { receipts } = JSON.parse(stdout) as { receipts: Receipt[] };
  assert.equal(receipts.length, 1);
  const [receipt] = receipts;
  assert.ok(receipt !== undefined);
  // Of tables, nothing lies there that is not published; days without rows share a file.
  const { tables } = await readManifest(join(config.data, 'lake'));
  const published = new Set(
    Object.values(tables).flatMap(({ files }) => Object.values(files).map(({ file }) => file)),
  );
  const lying = await readdir(join(config.data, 'lake'), { recursive: true });
  assert.deepEqual(
    lying.filter((file) => /^(staging|core|events|duplicates|datasets)\/.*parquet$/.test(file)).sort(),
    [...published].sort(),
  );
  assert.deepEqual(await readReceipts(config), receipts);
  assert.deepEqual(
    receipt.removed.filter((file) => existsSync(join(config.data, 'lake', file))),
    [],
  );
  const words = gone.map((text) => JSON.stringify(text).slice(1, -1));
  // seq's rows hold the pairs as JSON in a text.
  const inRaw = async () => {
    const raw = (await rawLines()).flatMap((line) => [line, line.replaceAll(/\\(["\\])/g, '$1')]);
    assert.ok(raw.length > 1000);
    return raw.filter((line) => words.some((text) => line.includes(text)));
  };
  assert.deepEqual(await inRaw(), []);
  assert.deepEqual(await tablesWith(gone), []);
  assert.doesNotMatch(await readFile(config.handoff, 'utf8'), new RegExp(`${session}|${resumed}`));
  const before = await verify({ config, progress: silentProgress });
  assert.deepEqual(before.problems, []);
  assert.equal(before.purged.lines, receipt.lines);
  await ingest({ config, progress: silentProgress, now, settleMs: 0 });
  assert.deepEqual(await inRaw(), []);
  assert.match(await said(verifyCommand), /ranges purged \(\d+ lines/);
  assert.deepEqual(
    receipt.exports.map((held) => held.version),
    [version],
  );
  assert.match(await said(statusCommand), new RegExp(`! ${version} still holds`));
  await rm(join(config.data, 'exports', version), { recursive: true });
  assert.doesNotMatch(await said(statusCommand), /still holds/);
  assert.deepEqual(await inWarehouse(), ['0', '0']);
  const again = runCli(['forget', '--purge'], environment());
  assert.deepEqual([again.status, again.stdout], [0, 'Nothing was left to purge.\n']);
});

/** Rows of the forgotten sessions in ClickHouse, and of the forgotten answer. */
async function inWarehouse(): Promise<string[]> {
  const clickhouse = await openClickhouse(config);
  const rows = await clickhouse.rows<{ sessions: string; answers: string }>(
    `select
      (select count() from steps where session_id in ('${session}', '${resumed}')) as sessions,
      (select count() from qa_pairs where answer_hash = '${answerHash}') as answers`,
  );
  await clickhouse.close();
  return rows.flatMap(({ sessions, answers }) => [sessions, answers].map(String));
}

/** Lines of every Parquet file below raw, whether the log names it or not. */
async function rawLines(): Promise<string[]> {
  const duckdb = await openDuckDB();
  const files = quote(join(config.data, 'lake/raw/**/*.parquet'));
  const reader = await duckdb.connection.runAndReadAll(
    `select line from read_parquet(${files}, hive_partitioning = false)`,
  );
  duckdb.close();
  return reader.getRowsJson().map(([line]) => String(line));
}
