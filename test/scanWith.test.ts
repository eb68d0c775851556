import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UserError } from '../pipelines/errors.js';
import type { ExportOptions } from '../pipelines/export.js';
import { call, lakeOf, result, type SessionSpec, said } from './support/core.js';
import { run } from './support/exported.js';
import type { TestLake } from './support/lake.js';

// What both look for: no secret to any rule of ours, so that our own gate lets it pass. It ends a line and stands behind
// an escape in JSON, where it is found in decoded text alone.
const value = 'canary-7f31-secretive';
const pattern = String.raw`\bcanary-[0-9a-f]{4}-secretive$`;

/** Node code of a program that behaves as gitleaks 8 does; FAKE makes it fail as the real one may. */
const gitleaks = `
const [verb, folder, ...flags] = words;
const flag = (name) => flags.find((word) => word.startsWith('--' + name + '='))?.split('=')[1];
if (verb !== 'dir' || fake === 'error') { console.error('FTL ${value}'); process.exit(1); }
const found = matches(folder, flags.includes('--ignore-gitleaks-allow') ? null : /gitleaks:allow/);
fs.writeFileSync(flag('report-path'), fake === 'garbage' ? '{"${value}' : JSON.stringify(fake === 'silent' ? [] : found.map(
  ({ file, line }) => ({ RuleID: 'canary', StartLine: line, File: file, Secret: 'REDACTED', Match: 'REDACTED' }))));
process.exit(found.length > 0 ? Number(flag('exit-code')) : 0);
`;
/** As trufflehog 3 does: JSON lines on stdout with the value in them, and log lines. */
const trufflehog = `
const [verb, folder, ...flags] = words;
if (verb !== 'filesystem' || fake === 'error') process.exit(1);
if (!flags.includes('--no-verification')) process.exit(99);
const found = matches(folder, /trufflehog:ignore/);
console.error('{"level":"info-0","msg":"finished scanning"}');
for (const { file, line, match } of found) console.log(JSON.stringify({ SourceMetadata: { Data: { Filesystem: { file, line } } },
  DetectorName: 'Canary', Verified: false, Raw: match, Redacted: '' }));
process.exit(found.length > 0 && flags.includes('--fail') ? 183 : 0);
`;
const shared = `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path');
const words = process.argv.slice(2), fake = process.env.FAKE_SCANNER;
const matches = (folder, allow) => fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  .flatMap((entry) => {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    return fs.readFileSync(file, 'utf8').split('\\n').flatMap((text, index) => {
      const match = /${pattern}/.exec(text)?.[0];
      return match === undefined || allow?.test(text) ? [] : [{ file, line: index + 1, match }];
    });
  });
`;

const sessions = (text: string): SessionSpec[] => [
  { id: 'clean', turns: [{ question: 'why?\nwhy not?', steps: [said('because\nof that')] }] },
  {
    id: 'leaky',
    turns: [
      {
        question: 'go',
        steps: [call('c1', 'Bash', { command: `cat x\n${text}` }), result('c1', 'ok'), said('done')],
      },
    ],
  },
];

let lake: TestLake;
let programs: string;
const path = process.env.PATH;

before(async () => {
  lake = await lakeOf(sessions(`trufflehog:ignore gitleaks:allow ${value}`));
  programs = await mkdtemp(join(tmpdir(), 'tracemill-programs-'));
  for (const [name, code] of Object.entries({ gitleaks, trufflehog })) {
    await mkdir(join(programs, name));
    await writeFile(join(programs, name, name), shared + code);
    await chmod(join(programs, name, name), 0o755);
  }
});
after(async () => {
  process.env.PATH = path;
  await lake.remove();
  await rm(programs, { recursive: true });
});

const out = () => join(lake.config.data, 'exports');
/** Exports with a program of that name, behaving as told, alone on PATH. */
async function scan(
  name: string,
  {
    fake = '',
    installed = name,
    ...options
  }: { fake?: string; installed?: string } & Partial<ExportOptions> = {},
) {
  process.env.PATH = join(programs, installed);
  process.env.FAKE_SCANNER = fake;
  return run(lake, { scanWith: name, ...options });
}
async function refuses(work: Promise<unknown>, exitCode: number, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.exitCode, exitCode, error.message);
    assert.match(error.message, message);
    for (let at: unknown = error; at instanceof Error; at = at.cause) assert.ok(!at.message.includes(value));
    return true;
  });
  assert.deepEqual(await readdir(out()), []);
}

test('what a program finds is named by rule, file and row, and nothing is published', async () => {
  const [row] = await lake.query(`select id from datasets.sft where messages::varchar like '%${value}%'`);
  for (const [name, rule] of [
    ['gitleaks', 'canary'],
    ['trufflehog', 'Canary'],
  ] as const) {
    for (const [profile, extension] of [
      ['trl', 'parquet'],
      ['openai', 'jsonl'],
    ] as const) {
      const where = new RegExp(
        `^sft/\\w+-00000-of-00001\\.${extension}, row ${row?.id}: ${rule}: .* by ${name}, nothing`,
      );
      await refuses(scan(name, { profile, datasets: ['sft'] }), 65, where);
    }
  }
});

test('a program that is not there, that fails or that says nothing of use publishes nothing', async () => {
  for (const name of ['gitleaks', 'trufflehog']) {
    await refuses(
      scan(name, { installed: 'none' }),
      1,
      new RegExp(`--scan-with ${name}: is not installed; put ${name} on`),
    );
    await refuses(
      scan(name, { fake: 'error' }),
      1,
      new RegExp(`${name}: failed with exit code 1, nothing was exported`),
    );
  }
  await refuses(scan('gitleaks', { fake: 'garbage' }), 1, /its report cannot be read/);
  await refuses(scan('gitleaks', { fake: 'silent' }), 1, /failed with exit code 42/);
});

test('an export in which it finds nothing is published, and says how many rows it saw', async () => {
  const exported = await scan('gitleaks', { datasets: ['qa_documents'] });
  assert.deepEqual(exported.scan, { program: 'gitleaks', rows: 2 });
  assert.deepEqual((await readdir(out())).sort(), [exported.version, 'log'].sort());
});
