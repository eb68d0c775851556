import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCommits, readRanges } from '../pipelines/lib/commits.js';
import { checkLog } from '../pipelines/lib/logCheck.js';
import { openDuckDB, quote } from '../pipelines/lib/warehouse.js';
import { line, makeLogs, removeLogs, type TestLogs, uuid } from './support/logs.js';

let logs: TestLogs;
beforeEach(async () => {
  logs = await makeLogs();
});
afterEach(() => removeLogs(logs));

const one = `claude/projects/p/${uuid('1')}.jsonl`;
const rangeOfOne = `claude/p/${uuid('1')}.jsonl [0, ${line('a').length * 3})`;

async function rawFiles(): Promise<string[]> {
  const raw = join(logs.lake.config.data, 'lake/raw');
  const names = await readdir(raw, { recursive: true });
  return names
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(raw, name));
}

/** Rewrites the only raw file with other rows: RAW stands for its own. */
async function rewrite(select: string): Promise<void> {
  const [file = ''] = await rawFiles();
  const duckdb = await openDuckDB();
  await duckdb.connection.run(
    `copy (${select.replaceAll('RAW', `read_parquet(${quote(file)}, hive_partitioning = false)`)}) to ${quote(`${file}.new`)} (format parquet)`,
  );
  duckdb.close();
  await rename(`${file}.new`, file);
}

test('a lake that agrees is counted: ranges, lines, bytes, files', async () => {
  await logs.write(one, line('a') + line('b'));
  await logs.ingest();
  await logs.append(one, line('c'));
  await logs.ingest({ settleMs: 3600e3 });
  const { seconds, ...report } = await logs.verify();
  assert.ok(seconds > 0);
  const bytes = 3 * line('a').length;
  const files = { compared: 1, gone: 0, changed: 0 };
  const purged = { ranges: 0, lines: 0, bytes: 0 };
  assert.deepEqual(report, { ranges: 2, purged, lines: 3, bytes, rawFiles: 2, files, problems: [] });
});

const damages: [string, string, string][] = [
  [
    'one byte other',
    `select * replace (replace(line, '"b"', '"x"') as line) from RAW`,
    `${rangeOfOne}: the bytes in the lake differ from the log`,
  ],
  [
    'a row lost',
    'select * from RAW where line_no <> 2',
    `${rangeOfOne}: its rows in the lake overlap or leave gaps`,
  ],
  [
    'the last row lost',
    'select * from RAW where line_no < 3',
    `${rangeOfOne}: ${line('a').length} of its ${line('a').length * 3} bytes are missing in the lake`,
  ],
  [
    'other line numbers',
    'select * replace (line_no + 1 as line_no) from RAW',
    `${rangeOfOne}: rows in the lake have other line numbers than their lines in the file`,
  ],
  [
    'bytes beside a line',
    `select * replace (encode('x') as bytes) from RAW`,
    `${rangeOfOne}: the bytes in the lake differ from the log`,
  ],
  [
    'a row twice',
    'select * from RAW union all select * from RAW where line_no = 3',
    `${rangeOfOne}: its rows in the lake overlap or leave gaps`,
  ],
];
for (const [name, select, problem] of damages) {
  test(`${name}: the range is named, exit code 65`, async () => {
    await logs.write(one, line('a') + line('b') + line('c'));
    await logs.ingest();
    await rewrite(select);
    assert.deepEqual((await logs.verify()).problems, [problem]);
    const { status, stdout } = runVerify('--json');
    assert.deepEqual([status, JSON.parse(stdout).problems], [65, [problem]]);
  });
}

test('rows that the log does not know, and a raw file that is missing', async () => {
  await logs.write(one, line('a') + line('b') + line('c'));
  await logs.ingest();
  const [file = ''] = await rawFiles();
  const name = file.slice(file.indexOf('lake/raw/'));
  await rewrite(`select * from RAW union all select * replace ('other' as file_key) from RAW`);
  assert.deepEqual((await logs.verify()).problems, [`${name}: 3 rows belong to no range of the log`]);
  await rm(file);
  assert.deepEqual((await logs.verify()).problems, [
    `${name}: is named by the log and missing; restore it from a backup`,
    `${rangeOfOne}: ${3 * line('a').length} of its ${3 * line('a').length} bytes are missing in the lake`,
  ]);
});

test('rows out of order are put in order before they are judged', async () => {
  await logs.write(one, line('a') + line('b') + line('c'));
  await logs.ingest();
  await rewrite('select * from RAW order by line_no desc');
  assert.deepEqual((await logs.verify()).problems, []);
});

test('a file that was changed after it was read: a difference only where it still claims to be the same', async () => {
  const long = line('a') + line('b'.repeat(10_000)) + line('c'.repeat(10_000));
  await logs.write(one, long);
  await logs.age(one, 2);
  await logs.ingest();
  // Grown, and the middle is other: the next ingest could not see it.
  await writeFile(logs.at(one), long.replace('bbb', 'xxx') + line('d'));
  const range = `claude/p/${uuid('1')}.jsonl [0, ${long.length})`;
  assert.deepEqual((await logs.verify()).problems, [`${range}: the file's bytes differ from the log`]);
  // Of the same size: the next ingest will see it.
  await writeFile(logs.at(one), long.replace('bbb', 'xxx'));
  assert.deepEqual((await logs.verify()).files, { compared: 0, gone: 0, changed: 1 });
  await logs.write(one, 'short\n');
  assert.deepEqual((await logs.verify()).files, { compared: 0, gone: 0, changed: 1 });
  await rm(logs.at(one));
  const report = await logs.verify();
  assert.deepEqual([report.files, report.problems], [{ compared: 0, gone: 1, changed: 0 }, []]);
});

/** A file in lake/commits. */
function commit(number: number): string {
  return join(logs.lake.config.data, `lake/commits/0000000${number}.parquet`);
}

async function threeCommits(): Promise<void> {
  await logs.write(one, line('a'));
  await logs.ingest();
  for (const text of ['b', 'c']) {
    await logs.append(one, line(text));
    await logs.ingest({ settleMs: 3600e3 });
  }
}

test('a commit that is gone: the log and the file tell', async () => {
  await threeCommits();
  await rm(commit(2));
  const [, lost = ''] = (await rawFiles()).map((file) => file.slice(file.indexOf('lake/raw/')));
  const path = `claude/p/${uuid('1')}.jsonl`;
  const after = 2 * line('a').length;
  assert.deepEqual((await logs.verify()).problems, [
    'lake/commits/00000002.parquet: is missing; restore it from a backup, or what it read stays lost',
    `${path} [${after}, …): does not begin where the range before it ends; restore lake/commits from a backup`,
    `${lost}: no commit names it; move it away, it counts for nobody`,
  ]);
});

test('what an ingest beside it commits meanwhile is no stray file', async () => {
  await threeCommits();
  const lake = join(logs.lake.config.data, 'lake');
  const { connection, close } = await openDuckDB();
  try {
    await readCommits(connection, lake);
    await readRanges(connection);
    await logs.append(one, line('d'));
    await logs.ingest({ settleMs: 3600e3 });
    assert.deepEqual(await checkLog(connection, lake), []);
  } finally {
    close();
  }
});

test('a range that is committed twice', async () => {
  await threeCommits();
  await copyFile(commit(3), commit(4));
  const range = `claude/p/${uuid('1')}.jsonl [${2 * line('a').length}, …)`;
  assert.deepEqual(
    (await logs.verify()).problems[0],
    `${range}: is in the log twice; restore lake/commits from a backup`,
  );
});

test('a damaged raw file is named, and the ranges it held; a damaged commit ends the run with its name', async () => {
  await threeCommits();
  const [file = ''] = await rawFiles();
  await truncate(file, 20);
  const [named, range] = (await logs.verify()).problems;
  assert.equal(
    named,
    `${file.slice(file.indexOf('lake/raw/'))}: is damaged and cannot be read; restore it from a backup`,
  );
  assert.match(range ?? '', /bytes are missing in the lake$/);
  await truncate(commit(1), 20);
  const { status, stderr } = runVerify();
  const problem = 'lake/commits/00000001.parquet: is damaged and cannot be read; restore it from a backup\n';
  assert.deepEqual([status, stderr], [1, problem]);
});

test('a file where a folder of the logs was', async () => {
  await logs.write(one, line('a'));
  await logs.ingest();
  await rm(logs.at('claude/projects/p'), { recursive: true });
  await writeFile(logs.at('claude/projects/p'), 'no folder');
  assert.deepEqual((await logs.verify()).files, { compared: 0, gone: 1, changed: 0 });
});

test('a lake that has nothing yet agrees', () => {
  const { status, stdout } = runVerify();
  assert.equal(status, 0);
  assert.match(stdout, /^0 ranges rebuilt from 0 raw files[\s\S]*every byte agrees with the log\n$/);
});

const corpus = process.env.TRACEMILL_CORPUS;
test('the corpus: every file, byte and line, and a second run that changes no file', {
  skip: corpus === undefined ? 'TRACEMILL_CORPUS does not name the corpus' : false,
}, async () => {
  const roots = {
    SEQ_AGENT_QA_CLAUDE_DIR: join(corpus ?? '', 'claude'),
    SEQ_AGENT_QA_CODEX_DIR: join(corpus ?? '', 'codex'),
  };
  await removeLogs(logs);
  logs = await makeLogs(roots);
  const options = { sources: ['claude', 'codex'] };
  const first = await logs.ingest(options);
  const files = first.sources.reduce((sum, source) => sum + source.files, 0);
  // The corpus's own README gives these: its last lines without newline count as lines.
  assert.deepEqual([files, first.bytes, first.lines], [174, 69_954_171, 41_646]);
  const before = await logs.files();
  assert.equal((await logs.ingest(options)).commit, null);
  assert.deepEqual(await logs.files(), before);
  const report = await logs.verify();
  assert.deepEqual([report.problems, report.bytes, report.files.compared], [[], 69_954_171, 174]);
});

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

function runVerify(...options: string[]) {
  const { config } = logs.lake;
  const env = {
    ...process.env,
    TRACEMILL_DATA: config.data,
    CLAUDE_CONFIG_DIR: logs.at('claude'),
    CODEX_HOME: logs.at('codex'),
  };
  return spawnSync(process.execPath, [cli, 'verify', ...options], { encoding: 'utf8', env });
}
