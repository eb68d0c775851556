import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../pipelines/config.js';
import { withLock } from '../pipelines/lib/lock.js';
import { type CaptureHome, makeCaptureHome, until } from './support/captureHome.js';

async function atHome(work: (home: CaptureHome) => Promise<void>): Promise<void> {
  const home = await makeCaptureHome();
  try {
    await work(home);
  } finally {
    await home.capture('off');
    await home.remove();
  }
}

const handsOff = (home: CaptureHome, question: string) =>
  until(async () => (await home.questions()).includes(question));
test('capture hands off what is answered from its beginning on, once, and ends cleanly', async () => {
  await atHome(async (home) => {
    const on = home.run(['capture', 'on']);
    assert.equal(on.status, 0, on.stderr);
    assert.match(on.stdout, /^capture is on: pid \d+, hands off pairs answered from 20\S+Z on\nlog: /);
    const second = await home.capture('on');
    assert.equal(second.status, 75);
    assert.match(
      second.stderr,
      /watch\.pid: capture is on already, with pid \d+; `tracemill capture off` ends it/,
    );
    const foreground = home.run(['watch']);
    assert.equal(foreground.status, 75);
    assert.match(foreground.stderr, /watch with pid \d+ runs already/);
    await home.turn('What came first?', 'This did.');
    assert.ok(await handsOff(home, 'What came first?'));
    await home.turn('And then?', 'Then this.');
    assert.ok(await handsOff(home, 'And then?'));
    assert.deepEqual(await home.questions(), ['What came first?', 'And then?']);
    const history = home.json(['status']) as { tables: { table: string; rows: number }[] };
    const pairs = history.tables.find(({ table }) => table === 'core.qa_pairs');
    assert.ok(pairs !== undefined && pairs.rows > 2, 'history goes into the lake');

    // The pair stands in the file before its pass is done.
    const told = async () =>
      (await home.capture('status')).json as { running: boolean; watch: { handedOff: number } };
    assert.ok(await until(async () => (await told()).watch.handedOff === 2));
    assert.equal((await told()).running, true);
    const off = await home.capture('off');
    assert.match(off.stdout, /^capture is off: pid \d+ has ended\n$/);
    assert.match(
      (await home.capture('status')).stdout,
      /^capture is off; `tracemill capture on` turns it on\n/,
    );
    const left = (await readdir(home.state)).filter((name) => /^(watch|capture)/.test(name));
    assert.deepEqual(left, ['watch.json', 'watch.log']);
    for (const file of ['watch.json', 'watch.log'])
      assert.equal((await stat(join(home.state, file))).mode & 0o777, 0o600);
    const logs = await home.capture('logs', { lines: 1 });
    assert.match(logs.stdout, /^watch ended: \d+ passes, 2 pairs handed off\n$/);
    assert.equal((await home.capture('off')).stdout, 'capture was not on\n');
  });
});

test('after a crash capture goes on where it was; after a clean end it begins anew', async () => {
  await atHome(async (home) => {
    const { pid } = home.json(['capture', 'on']) as { pid: number };
    assert.ok(await home.passed(pid));
    process.kill(pid, 'SIGKILL');
    await home.turn('Asked while it was down?', 'Yes.');
    // The system takes its time to end a process.
    const isTold = async () =>
      (await home.capture('status')).stdout.startsWith(
        'capture is not running, though it was not turned off;',
      );
    assert.ok(await until(isTold));
    const again = home.run(['capture', 'on']);
    assert.match(again.stdout, /; goes on where it was, on since 20/, again.stderr);
    assert.ok(await handsOff(home, 'Asked while it was down?'));
    await home.capture('off');
    await home.turn('Asked while it was off?', 'Yes.');
    home.run(['capture', 'on']);
    await home.turn('Asked when it was on?', 'Yes.');
    assert.ok(await handsOff(home, 'Asked when it was on?'));
    assert.deepEqual(await home.questions(), ['Asked while it was down?', 'Asked when it was on?']);
  });
});

test('a capture waits for another run that holds the lake, says who, and then goes on', async () => {
  await atHome(async (home) => {
    const words = new RegExp(`! lake/lock\\.duckdb: export with pid ${process.pid} is writing the lake`, 'g');
    const said = async () =>
      (await readFile(join(home.state, 'watch.log'), 'utf8')).match(words)?.length ?? 0;
    await withLock(readConfig(home.env), 'export', async () => {
      home.run(['capture', 'on']);
      await home.turn('Is it held?', 'It is.');
      assert.ok(await until(async () => (await said()) > 0));
      assert.match(
        (await home.capture('status')).stdout,
        /^! \S+ \S+ UTC: lake\/lock\.duckdb: export with pid/m,
      );
      assert.deepEqual(await home.questions(), []);
    });
    assert.ok(await handsOff(home, 'Is it held?'));
    assert.equal(await said(), 1);
  });
});

test('once remembers where capture began; backfill hands off all history, on-backfill from scratch and then goes on', async () => {
  await atHome(async (home) => {
    assert.equal(home.run(['capture', 'once']).status, 0);
    assert.deepEqual(await home.questions(), []);
    await home.turn('What is new?', 'This.');
    const once = home.run(['capture', 'once']);
    assert.match(once.stdout, /hands off pairs answered from 20/, once.stderr);
    assert.deepEqual(await home.questions(), ['What is new?']);
    assert.match(home.run(['capture', 'backfill']).stdout, /all history is handed off\n$/);
    const all = await home.questions();
    assert.ok(all.length > 1);
    const file = join(home.data, 'handoff', 'agent_qa.jsonl');
    await writeFile(file, '');
    const on = home.run(['capture', 'on-backfill']);
    assert.match(on.stdout, /capture is on: pid \d+, hands off every pair$/m, on.stderr);
    assert.deepEqual((await home.questions()).toSorted(), all.toSorted());
    await home.turn('And now?', 'This too.');
    assert.ok(await handsOff(home, 'And now?'));
    assert.equal((await home.questions()).length, all.length + 1);
  });
});

test('a log that grew large is set aside, and what is said next is in the log itself', async () => {
  await atHome(async (home) => {
    await mkdir(home.state);
    await writeFile(join(home.state, 'watch.log'), 'old words\n'.repeat(1_000_001));
    const { pid } = home.json(['capture', 'on']);
    assert.ok(await home.passed(pid));
    const log = join(home.state, 'watch.log');
    assert.ok(await until(async () => (await stat(log)).size < 10_000));
    assert.ok((await stat(`${log}.1`)).size > 10e6);
    await home.capture('off');
    assert.match(await readFile(log, 'utf8'), /^watch ended: /m);
  });
});

test('a pid file, a log or a state folder that cannot be written has a word', async () => {
  await atHome(async (home) => {
    const file = join(home.folder, 'file');
    await writeFile(file, '');
    const refused = ({ status, stderr }: { status: number | null; stderr: string }, setting: string) => {
      assert.equal(status, 1);
      assert.match(
        stderr,
        new RegExp(`^\\S+ cannot be written \\(E\\w+\\); .* or name another in ${setting}\n$`),
      );
    };
    for (const setting of ['SEQ_AGENT_QA_LOG', 'SEQ_AGENT_QA_STATE'])
      refused(await home.capture('on', { environment: { [setting]: join(file, 'x') } }), setting);
    const setting = 'SEQ_AGENT_QA_PIDFILE';
    refused(home.run(['watch'], { [setting]: join(file, 'x') }), setting);
  });
});

test('rl-capture-on says whether events can be recorded', async () => {
  await atHome(async (home) => {
    const spool = join(home.folder, 'spool');
    const events = () => home.capture('events', { environment: { TRACEMILL_SPOOL: spool } });
    assert.match(
      (await events()).stdout,
      /^recording is on: events go to \S+spool \(0 files, 0 B so far\); ingest reads them/,
    );
    assert.deepEqual(await readdir(spool), []);
    await rm(spool, { recursive: true });
    await writeFile(spool, '');
    const refused = await events();
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /spool: no event can be recorded there \(E\w+\); make it writable, or name another/,
    );
  });
});

test('the older names of the recipes work', async () => {
  const name = `rust-just-${process.platform}-${process.arch}/bin/just`;
  const just = createRequire(import.meta.url).resolve(name);
  const recipes: Record<string, RegExp> = {
    'agent-qa-capture-on': /capture on /,
    'agent-qa-capture-off': /capture off /,
    'agent-qa-capture-status': /capture status /,
    'agent-qa-capture-logs': /capture logs /,
    'agent-qa-capture-once': /capture once /,
    'agent-qa-capture-on-backfill': /capture on-backfill /,
    'rl-capture-on': /capture events /,
    'rl-signal-summary': /signal-summary --last 5/,
  };
  const cwd = fileURLToPath(new URL('../../', import.meta.url));
  for (const [recipe, command] of Object.entries(recipes)) {
    const run = spawnSync(just, ['--dry-run', recipe, '--last', '5'], { cwd, encoding: 'utf8' });
    assert.match(run.stderr, command, recipe);
  }
});
