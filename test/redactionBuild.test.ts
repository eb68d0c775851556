import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, chown, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BuildResult, build, command as buildCommand } from '../pipelines/build.js';
import type { Config } from '../pipelines/config.js';
import { command as doctor } from '../pipelines/doctor.js';
import { command as exportCommand } from '../pipelines/export.js';
import { ingest } from '../pipelines/ingest.js';
import type { Command } from '../pipelines/lib/command.js';
import { readSqlFolder } from '../pipelines/lib/model.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { command as status } from '../pipelines/status.js';
import { command as verify } from '../pipelines/verify.js';
import { makePlantedLogs, person, places, plantedWords } from './support/plantedLogs.js';
import { openFor } from './support/warehouse.js';

const now = new Date('2026-06-01');
const keyOf = (config: Config) => join(config.data, 'lake', 'redaction.key');
const day = '2026-02-20';

let logs: Awaited<ReturnType<typeof makePlantedLogs>>;
/** A lake of all models, to be read only. */
let config: Config;
before(async () => {
  logs = await makePlantedLogs();
  config = logs.configOf('one');
  await ingest({ config, progress: silentProgress, now: () => now, settleMs: 0 });
  await built(config);
});
after(() => logs.lake.remove());

async function built(of: Config, select?: string): Promise<BuildResult> {
  const result = await build({ config: of, now, progress: silentProgress, select });
  assert.deepEqual(result.failures, []);
  return result;
}

/** Another lake of the same raw bytes; `parts` of the first come along. */
async function copied(
  name: string,
  parts: RegExp,
  environment: Record<string, string> = {},
): Promise<Config> {
  const of = logs.configOf(name, environment);
  const from = join(config.data, 'lake');
  for (const part of await readdir(from)) {
    if (/^(raw|commits)$/.test(part) || parts.test(part))
      await cp(join(from, part), join(of.data, 'lake', part), { recursive: true });
  }
  return of;
}

async function query(of: Config, sql: string): Promise<Record<string, unknown>[]> {
  const warehouse = await openFor(of, sql);
  const reader = await warehouse.connection.runAndReadAll(sql).finally(() => warehouse.close());
  return reader.getRowObjectsJson();
}

/** Path below lake/ -> SHA-256, of the files that a pattern matches. */
async function hashes(of: Config, pattern: RegExp): Promise<Record<string, string>> {
  const lake = join(of.data, 'lake');
  const files = (await readdir(lake, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const found: Record<string, string> = {};
  for (const file of files.sort().filter((path) => pattern.test(path.slice(lake.length + 1))))
    found[file.slice(lake.length + 1)] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  return found;
}

/** Which of the words stand in any value of the Parquet files of a lake that a pattern matches. */
async function wordsIn(of: Config, words: readonly string[], pattern: RegExp): Promise<string[]> {
  const lake = join(of.data, 'lake');
  const files = (await readdir(lake, { recursive: true })).filter(
    (file) => file.endsWith('.parquet') && pattern.test(file),
  );
  assert.ok(files.length > 0);
  const { connection, close } = await openDuckDB();
  const found = new Set<string>();
  for (const file of files) {
    const reader = await connection.runAndReadAll(
      `select rows::varchar from read_parquet(${quote(join(lake, file))}, hive_partitioning = false) as rows`,
    );
    const text = reader.getRows().flat().join('\n');
    for (const word of words) if (text.includes(word)) found.add(word);
  }
  close();
  return words.filter((word) => found.has(word));
}

test('no secret and no person of the logs stands in any table; raw keeps them all', async () => {
  assert.deepEqual(await wordsIn(config, plantedWords, /^raw\//), plantedWords);
  const derived = /^(?!raw\/|commits\/|staging\/(repaired_lines|rejects)\/)/;
  assert.deepEqual(await wordsIn(config, plantedWords, derived), []);
});

test('each finding has its place, its rule and the hash of its placeholder, never the value', async () => {
  const rows = await query(
    config,
    `select source, line_no::integer as line, place, rule, value_hash from core.redactions
     where rule not in ('user', 'email') order by all`,
  );
  // The branch stands in each of Claude's lines with an envelope.
  const found = rows
    .filter(({ place }) => place !== 'git_branch')
    .map(({ source, line, place, rule }) => `${source} ${line}: ${place}, ${rule}`);
  assert.deepEqual(found, [
    'claude 1: block 1 text, github-token',
    'claude 2: block 1 text, github-token',
    'claude 3: block 1 arguments, github-token',
    'claude 4: block 1 text, github-token',
    'claude 4: block 1 text, private-key',
    'claude 5: block 1 text, github-token',
    'claude 6: title, github-token',
    'claude 7: text, github-token',
    'claude 8: block 1 text, github-token',
    'codex 2: part 1 text, github-token',
    'codex 3: part 1 text, github-token',
    'codex 4: text, github-token',
    'codex 5: arguments, github-token',
    'codex 6: output, github-token',
    'events 1: payload, github-token',
    'events 1: tag 1, github-token',
    'seq 1: payload, github-token',
  ]);
  const branches = rows.filter(({ place }) => place === 'git_branch');
  assert.equal(branches.length, 7);
  assert.equal(new Set(branches.map(({ value_hash }) => value_hash)).size, 1);
  const [prompt] = await query(config, `select question from core.qa_pairs where question like 'Use %'`);
  const hash = rows.find(({ place, line }) => place === 'block 1 text' && line === 1)?.value_hash;
  assert.match(
    String(prompt?.question),
    new RegExp(`^Use <SECRET:github[a-z-]*:${hash}> and write to <EMAIL:`),
  );
  const context = { config, log: () => {}, progress: silentProgress, now: () => now };
  const { summary: lines, json } = await status.run({}, context);
  const summary = layOut(lines).join('\n');
  const words =
    /^redaction +credential, email, ip, home; \d+ values redacted in \d+ places\n.*by rule: .*private-key 1 \(1\)/m;
  assert.match(summary, words);
  const written = JSON.stringify([json, summary, await query(config, 'select * from core.redactions')]);
  assert.deepEqual(
    plantedWords.filter((word) => written.includes(word)),
    [],
  );
});

test('a build makes a key for its owner only; the same one gives the same bytes, another other placeholders', async () => {
  const { mode, size } = await stat(keyOf(config));
  assert.deepEqual([mode & 0o777, size], [0o600, 32]);
  const same = await copied('same', /^redaction\.key$/);
  await built(same, '+core.redactions');
  assert.deepEqual(await readFile(keyOf(same)), await readFile(keyOf(config)));
  const tables = /^(staging|core\/redactions)\//;
  const made = await hashes(same, tables);
  assert.ok(Object.keys(made).length > 5);
  const first = await hashes(config, tables);
  assert.deepEqual(made, Object.fromEntries(Object.keys(made).map((file) => [file, first[file]])));

  const other = await copied('other', /^$/);
  await built(other, '+core.redactions');
  assert.notDeepEqual(await readFile(keyOf(other)), await readFile(keyOf(config)));
  const values = async (of: Config) =>
    (await query(of, 'select distinct value_hash from core.redactions')).map(({ value_hash }) => value_hash);
  const [mine, theirs] = [await values(config), new Set(await values(other))];
  assert.ok(mine.length > 10 && mine.length === theirs.size);
  assert.deepEqual(
    mine.filter((hash) => theirs.has(hash)),
    [],
  );
});

test('under another policy a part of the tables is not published; the last good files stay until all are built', async () => {
  const of = await copied('changed', /./, { TRACEMILL_REDACT: 'credential' });
  const tables = /^(staging|core|events|duplicates|datasets)\//;
  const before = await hashes(of, tables);
  const said: string[] = [];
  const context = {
    config: of,
    log: (line: string) => said.push(line),
    progress: silentProgress,
    now: () => now,
  };
  const { exitCode } = await buildCommand.run({ select: 'core.turns' }, context);
  assert.equal(exitCode, 65);
  const rule = 'checks.texts_are_redacted_by_the_policy_in_force';
  assert.match(
    said.join('\n'),
    new RegExp(`${rule} ${day}: .*table_name=core\\.qa_pairs.*; the last good files stay`),
  );
  assert.deepEqual({ ...(await hashes(of, tables)), ...before }, await hashes(of, tables));
  const policies = 'select distinct redaction_policy from core.turns';
  assert.deepEqual(await query(of, policies), await query(config, policies));

  await built(of);
  assert.notDeepEqual(await query(of, policies), await query(config, policies));
  const [row] = await query(of, `select question from core.qa_pairs where question like 'Use %'`);
  assert.match(
    String(row?.question),
    new RegExp(`^Use <SECRET:\\S+> and write to ada\\.byron@\\S+\nMy home is /home/${person}\\.`),
  );
});

test('a lake without a key is read by every verb that only reads, also where nothing may be written', async () => {
  const of = await copied('closed', /^(?!redaction\.key$)/);
  // Root may write everywhere, so the runs are somebody else's then.
  const me = process.getuid?.() ?? 0;
  const reader = me === 0 ? 65534 : me;
  await chmod(logs.lake.folder, 0o755);
  await mkdir(logs.at('out'));
  await chown(logs.at('out'), reader, -1);
  await setModes(of.data, { folder: 0o555, file: 0o444 });
  const before = await hashes(of, /./);
  const runs: readonly (readonly [Command, Record<string, unknown>])[] = [
    [status, {}],
    [doctor, {}],
    [buildCommand, { 'dry-run': true }],
    [buildCommand, { 'as-of': '2026-05-01T00:00Z', out: logs.at('out/folded') }],
    [exportCommand, { out: logs.at('out/exports') }],
    [verify, {}],
  ];
  const context = { config: of, log: () => {}, progress: silentProgress, now: () => now };
  try {
    process.seteuid?.(reader);
    await assert.rejects(writeFile(join(of.data, 'lake', 'x'), ''), { code: 'EACCES' });
    for (const [verb, args] of runs) {
      await verb.run(args, context);
      assert.deepEqual(await hashes(of, /./), before, verb.example);
    }
  } finally {
    process.seteuid?.(me);
    await setModes(of.data, { folder: 0o755, file: 0o644 });
  }
});

async function setModes(folder: string, modes: { folder: number; file: number }): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? modes.folder : modes.file);
  await chmod(folder, modes.folder);
}

test('what is redacted changes no structure: keys, counts, pairs of calls and results, kinds, line breaks', async () => {
  const plain = await copied('plain', /^$/, { TRACEMILL_REDACT: 'none' });
  await built(plain, '+core.');
  await assert.rejects(stat(keyOf(plain)), { code: 'ENOENT' });
  assert.deepEqual(await wordsIn(plain, [person, places[0]?.[1] ?? ''], /^core\//), [person, places[0]?.[1]]);
  const { models } = await readSqlFolder(config.sql);
  const core = models.filter(({ name }) => name.startsWith('core.') && name !== 'core.redactions');
  for (const { name, key } of core) {
    const keys = `select count(*) over () as rows, ${key.join(', ')} from ${name} order by all`;
    assert.deepEqual(await query(config, keys), await query(plain, keys), name);
  }
  const breaks = (text: string) => `length(${text}) - length(replace(${text}, chr(10), ''))`;
  for (const sql of [
    `select step_id, kind, author, label, tool_call_id, ${breaks('text')} as breaks from core.steps order by all`,
    `select step_id, tool_call_id, result_step_id, outcome, tool_name, json_structure(arguments)::varchar as arguments,
      ${breaks('result')} as breaks from core.tool_calls order by all`,
    `select turn_id, prompt_kind, end_reason, step_count, tool_call_count, ${breaks('question')} as breaks from core.turns order by all`,
  ])
    assert.deepEqual(await query(config, sql), await query(plain, sql), sql);
  assert.deepEqual(await query(plain, 'from core.redactions'), []);
  const context = { config: plain, log: () => {}, progress: silentProgress, now: () => now };
  const { summary } = await status.run({}, context);
  assert.match(layOut(summary).join('\n'), /^redaction +none: nothing is redacted$/m);
});

test('own patterns and values that may stay reach the tables', async () => {
  const file = logs.at('policy.json');
  const own = { patterns: [{ name: 'shop-word', pattern: 'Deployed' }], allow: [places[0]?.[1]] };
  await writeFile(file, JSON.stringify(own));
  const of = await copied('own', /^redaction\.key$/, { TRACEMILL_REDACT_FILE: file });
  await built(of, '+core.redactions');
  const rows = await query(
    of,
    `select place, count(*)::integer as count from core.redactions where rule = 'shop-word' group by all order by all`,
  );
  assert.deepEqual(rows, [
    { place: 'last_agent_message', count: 1 },
    { place: 'part 1 text', count: 1 },
  ]);
  const kept = plantedWords.slice(0, 2);
  assert.deepEqual(await wordsIn(of, kept, /^staging\/claude_records\//), kept.slice(0, 1));
});
