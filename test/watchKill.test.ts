import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seeded } from './bench/corpus.js';
import { makeCaptureHome, until } from './support/captureHome.js';

// A short form by default; TRACEMILL_KILLS=200 TRACEMILL_KILL_SEED=… for the long one.
const kills = Number(process.env.TRACEMILL_KILLS ?? 4);
const seed = Number(process.env.TRACEMILL_KILL_SEED ?? 1);

const cli = fileURLToPath(new URL('../pipelines/cli.js', import.meta.url));
test('SIGKILL of watch at random moments: no pair is lost and none is handed off twice', async (t) => {
  const home = await makeCaptureHome({ SEQ_AGENT_QA_POLL_SECONDS: '0.1' });
  const random = seeded(seed);
  const from = new Date().toISOString();
  const asked: string[] = [];
  const start = () => {
    const watch = spawn(process.execPath, [cli, 'watch', '--from', from], {
      env: home.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    watch.stderr.setEncoding('utf8').on('data', (text: string) => {
      words += text;
    });
    // How it ended: an exit code, or null where a signal ended it.
    const ended = new Promise<number | null>((resolve) => watch.once('close', resolve));
    return { watch, ended, words: () => words };
  };
  const end = async ({ watch, ended, words }: ReturnType<typeof start>) => {
    assert.ok(await home.passed(watch.pid), words());
    watch.kill('SIGTERM');
    assert.equal(await ended, 0, words());
  };
  // Longer than a pass takes here, so that a kill falls into any part of one or between two.
  const started = Date.now();
  await home.turn('What takes so long?', 'The first pass.');
  asked.push('What takes so long?');
  await end(start());
  const longestMs = Math.min((Date.now() - started) * 1.5, 20_000);
  let fell = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const question = `Question of round ${kill} of seed ${seed}?`;
    asked.push(question);
    // The kill may fall between the two halves of what the agent writes.
    const lines = await home.turnLines(question, `Answer of round ${kill}.`);
    const half = Math.floor(random() * lines.length);
    const late = random() * longestMs;
    const early = random() * late;
    const wholeTree = random() < 0.5;
    const { watch, ended, words } = start();
    await appendFile(home.log, lines.slice(0, half));
    await sleep(early);
    await appendFile(home.log, lines.slice(half));
    await sleep(late - early);
    // Alone, its child goes on and ends by itself; with it, all ends at once, as when the power is cut.
    const children = wholeTree ? await childrenOf(watch.pid) : [];
    watch.kill('SIGKILL');
    for (const pid of children) tryKill(pid);
    fell += children.length;
    assert.equal(await ended, null, words());
    t.diagnostic(
      `kill ${kill}: after ${Math.round(late)} ms, ${wholeTree ? children.length : 'no'} children`,
    );
  }
  // The pairs of the samples are older than the moment; all that is found was asked here.
  const found = () => {
    const { stdout } = home.run(['search', 'question round long', '--limit', '1000', '--json']);
    return (JSON.parse(stdout || '[]') as { question: string }[]).map(({ question }) => question);
  };
  // The first pass of a calm run, whatever the kills left, and one more where the last child of a killed run still wrote.
  const isDone = async (read: () => Promise<string[]>) => {
    const questions = await read();
    return asked.every((question) => questions.includes(question));
  };
  const calm = start();
  assert.ok(await until(async () => (await isDone(home.questions)) && (await isDone(home.noted))));
  await end(calm);
  assert.deepEqual((await home.questions()).toSorted(), asked.toSorted());
  assert.deepEqual((await home.noted()).toSorted(), asked.toSorted());
  assert.deepEqual(found().toSorted(), asked.toSorted());
  assert.equal(home.run(['verify']).status, 0);
  t.diagnostic(`${fell} children were killed with it`);
  await home.remove();
});

/** The processes that a process started and that still run; none where there is no /proc. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  const all = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    all.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return all.filter((_, index) => parents[index] === pid).map(Number);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
