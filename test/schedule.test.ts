import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { UserError } from '../pipelines/errors.js';
import { cronFault } from '../pipelines/lib/cronExpression.js';
import { nextRun } from '../pipelines/lib/nextRun.js';
import { silentProgress } from '../pipelines/lib/progress.js';
import { layOut } from '../pipelines/lib/terminal.js';
import { readUnattended } from '../pipelines/lib/unattended.js';
import { command as schedule } from '../pipelines/schedule.js';
import { line, uuid } from './support/logs.js';

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));

/** What cron does with its spool, as far as it matters here; `refuse` in the file's folder makes it say no. */
const fakeCrontab = `#!/bin/sh
spool="$(dirname "$0")/spool"
if [ -e "$(dirname "$0")/refuse" ]; then echo "You (sam) are not allowed to use this program (crontab)" >&2; exit 1; fi
if [ "$1" = -l ]; then
  [ -e "$spool" ] || { echo "no crontab for sam" >&2; exit 1; }
  exec cat "$spool"
fi
[ "$1" = - ] && exec cat > "$spool"
exit 2
`;

type Machine = Awaited<ReturnType<typeof makeMachine>>;

/** A home with a log, a data folder whose name needs every kind of quoting, and a crontab program of its own. */
async function makeMachine() {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-cron-'));
  const bin = join(folder, 'bin');
  const data = join(folder, `100% of sam's ë data`);
  await mkdir(bin);
  await writeFile(join(bin, 'crontab'), fakeCrontab);
  await chmod(join(bin, 'crontab'), 0o755);
  const log = join(folder, 'claude', 'projects', 'p', `${uuid('1')}.jsonl`);
  await mkdir(dirname(log), { recursive: true });
  await writeFile(log, line('a'));
  const environment = {
    PATH: `${bin}:/usr/bin:/bin`,
    HOME: folder,
    TRACEMILL_DATA: data,
    // Relative to where the user stands; cron stands elsewhere.
    CLAUDE_CONFIG_DIR: 'claude',
    TRACEMILL_SETTLE: '90s',
    CLICKHOUSE_PASSWORD: 'hush',
  };
  /** Work in this process, which for its time stands in the home and has its environment and nothing else. */
  const inHome = async <T>(work: () => Promise<T>, more: Record<string, string> = {}) => {
    const [before, cwd] = [process.env, process.cwd()];
    process.env = { ...environment, ...more };
    process.chdir(folder);
    try {
      return await work();
    } finally {
      process.env = before;
      process.chdir(cwd);
    }
  };
  /** The verb. */
  const run = ([action, times]: string[], more: Record<string, string> = {}) =>
    inHome(async () => {
      const context = {
        config: readConfig(),
        log: () => {},
        progress: silentProgress,
        now: () => new Date(),
      };
      try {
        const { summary, exitCode: status = 0 } = await schedule.run({ action, times }, context);
        return { status, stdout: `${layOut(summary).join('\n')}\n`, stderr: '' };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { status: error.exitCode, stdout: '', stderr: error.message };
      }
    }, more);
  /** What status says of it. */
  const unattended = (now: Date) => inHome(() => readUnattended(readConfig(), now));
  /** The command line. */
  const type = (...words: string[]) =>
    spawnSync(process.execPath, [cli, 'schedule', ...words], {
      env: environment,
      encoding: 'utf8',
      cwd: folder,
    });
  const spool = join(bin, 'spool');
  return { folder, bin, data, run, unattended, type, spool, crontab: () => readFile(spool, 'latin1') };
}

async function onMachine(work: (machine: Machine) => Promise<void>): Promise<void> {
  const machine = await makeMachine();
  await work(machine);
  await rm(machine.folder, { recursive: true, force: true });
}

test('the line that goes into the crontab runs ingest with nothing but what cron gives, and has a log', async () => {
  await onMachine(async ({ folder, data, type, crontab }) => {
    const { status, stdout, stderr } = type('on', '*/10 * * * *');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^put into your crontab:\n {2}\*\/10 \* \* \* \* umask 077; PATH=/);
    const text = Buffer.from(await crontab(), 'latin1').toString();
    assert.match(text, /^\*\/10 \* \* \* \* .* # tracemill [0-9a-f]{12}\n$/);
    assert.doesNotMatch(text, /[^\\]%|hush|CLICKHOUSE/);
    // cron ends a line at a bare % and takes the backslash from the others.
    const command = text.trimEnd().split(' ').slice(5).join(' ').replaceAll('\\%', '%');
    const cron = spawnSync('/bin/sh', ['-c', command], {
      env: { HOME: folder, SHELL: '/bin/sh', LOGNAME: 'sam', PATH: '/nowhere' },
      cwd: '/',
      encoding: 'utf8',
    });
    assert.deepEqual([cron.status, cron.stdout, cron.stderr], [0, '', '']);
    assert.deepEqual(await readdir(join(data, 'lake', 'commits')), ['00000001.parquet']);
    const log = join(data, 'state', 'schedule.log');
    assert.match(await readFile(log, 'utf8'), /read 1 lines/);
    assert.equal((await stat(log)).mode & 0o777, 0o600);
  });
});

test('every other line of the crontab stays byte for byte; off takes out this one alone', async () => {
  await onMachine(async ({ run, spool, crontab }) => {
    const others = Buffer.from(
      '# m h  dom\r\nMAILTO=""\n\n\t5 4 * * * echo caf\xe9 \\% \xff\n# 1 1 1 1 1 x # tracemill 000000000000\n\n',
      'latin1',
    );
    await writeFile(spool, others);
    await run(['on', '*/10 * * * *']);
    const second = await run(['on', '@hourly']);
    assert.match(second.stdout, /in the place of its line before/);
    const text = await crontab();
    assert.equal(text.slice(0, others.length), others.toString('latin1'));
    assert.match(text.slice(others.length), /^@hourly .*\n$/);
    const off = await run(['off']);
    assert.match(off.stdout, /^taken out of your crontab:\n {2}@hourly /);
    assert.deepEqual(await readFile(spool), others);
    assert.match(
      (await run(['off'])).stdout,
      /^no line of this data folder \(.*\) is in your crontab; nothing was changed/,
    );
    assert.deepEqual(await readFile(spool), others);
  });
});

test('two data folders have a line each', async () => {
  await onMachine(async ({ folder, run, crontab }) => {
    const other = { TRACEMILL_DATA: join(folder, 'other') };
    await run(['on', '1 * * * *']);
    await run(['on', '2 * * * *'], other);
    await run(['off']);
    assert.match(await crontab(), /^2 \* \* \* \* [^\n]*\n$/);
    await run(['off'], other);
    assert.equal(await crontab(), '');
  });
});

test('without cron, with a refusal, and with times that are none there is a word, and nothing changes', async () => {
  await onMachine(async ({ bin, run, type, spool }) => {
    await writeFile(spool, 'mine\n');
    const bad = await run(['on', '*/10 * * *']);
    assert.deepEqual(
      [bad.status, bad.stderr],
      [2, 'schedule: "*/10 * * *" has 4 fields where there are five; write five fields, as "*/10 * * * *"'],
    );
    assert.equal((await run(['on'])).status, 2);
    assert.equal(type('sometimes').status, 2);
    await writeFile(join(bin, 'refuse'), '');
    const refused = await run(['on', '@daily']);
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /^crontab: cannot be read \(You \(sam\) are not allowed to use this program/,
    );
    await rm(join(bin, 'crontab'));
    const missing = await run(['on', '@daily'], { PATH: bin });
    assert.equal(missing.status, 1);
    assert.match(
      missing.stderr,
      /^crontab: there is no such program here; install cron, or use `tracemill capture on`/,
    );
    assert.equal(await readFile(spool, 'utf8'), 'mine\n');
  });
});

test('a line that cron would cut off is refused', async () => {
  await onMachine(async ({ folder, run }) => {
    const long = await run(['on', '@daily'], { TRACEMILL_SPOOL: join(folder, 'x'.repeat(900)) });
    assert.equal(long.status, 1);
    assert.match(long.stderr, /^crontab: the line would have \d+ characters, cron takes 998;/);
  });
});

test('the times of crontab(5) are known, and what they are not is named', () => {
  const good = ['* * * * *', '*/5 0-6/2 1,15 jan-MAR Mon-fri', '59 23 31 12 7', '@reboot', ' 0\t0 * * sun '];
  for (const times of good) assert.equal(cronFault(times), null, times);
  const bad: Record<string, string> = {
    '60 * * * *': 'has no minute in "60"',
    '* 24 * * *': 'has no hour in "24"',
    '* * 0 * *': 'has no day of the month in "0"',
    '* * * 13 *': 'has no month in "13"',
    '* * * * 8': 'has no day of the week in "8"',
    '*/0 * * * *': 'has no minute in "*/0"',
    '5-1 * * * *': 'has no minute in "5-1"',
    '5/2 * * * *': 'has no minute in "5/2"',
    ', * * * *': 'has no minute in ","',
    '* * * * * *': 'has 6 fields where there are five',
    '* * *\n* *': 'holds a newline',
    '@often': 'is none of @reboot @yearly @annually @monthly @weekly @daily @midnight @hourly',
  };
  for (const [times, fault] of Object.entries(bad)) assert.equal(cronFault(times), fault);
});

test('when cron is next due is told by its own rules, in local time', () => {
  const zone = process.env.TZ;
  process.env.TZ = 'Europe/Berlin';
  try {
    // A Saturday, 22:33 in Berlin.
    const now = new Date('2026-11-21T21:33:20Z');
    const due: Record<string, string | null> = {
      '* * * * *': '2026-11-21T21:34:00.000Z',
      '*/10 * * * *': '2026-11-21T21:40:00.000Z',
      '33 22 * * *': '2026-11-22T21:33:00.000Z',
      '5,50 1-3/2 * * *': '2026-11-22T00:05:00.000Z',
      '@hourly': '2026-11-21T22:00:00.000Z',
      '@midnight': '2026-11-21T23:00:00.000Z',
      '0 0 * * 7': '2026-11-21T23:00:00.000Z',
      '0 8 * * MON-fri': '2026-11-23T07:00:00.000Z',
      // The thirteenth or a Friday, whichever is first; with * only both together.
      '0 0 13 * fri': '2026-11-26T23:00:00.000Z',
      '0 0 */20 * fri': '2026-12-31T23:00:00.000Z',
      '0 0 1 jul *': '2027-06-30T22:00:00.000Z',
      '0 0 29 2 *': '2028-02-28T23:00:00.000Z',
      '0 0 30 2 *': null,
      '@reboot': null,
    };
    for (const [times, at] of Object.entries(due))
      assert.equal(nextRun(times, now)?.toISOString() ?? null, at, times);
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

test('status finds the line of its own data folder, and when it is due', async () => {
  await onMachine(async ({ run, unattended, spool }) => {
    const now = new Date('2026-11-21T21:33:20Z');
    const off = { schedule: null, capture: 'off', lastPassAt: null };
    assert.deepEqual(await unattended(now), off);
    await writeFile(spool, '@daily someone-elses\n');
    assert.deepEqual(await unattended(now), off);
    await run(['on', '*/10 * * * *']);
    assert.deepEqual(await unattended(now), {
      ...off,
      schedule: { times: '*/10 * * * *', nextAt: '2026-11-21T21:40:00.000Z' },
    });
  });
});
