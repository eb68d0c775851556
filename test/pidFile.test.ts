import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimPidFile, isRunning, readHolder } from '../pipelines/lib/pidFile.js';

async function inFolder(work: (file: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tracemill-pid-'));
  await work(join(folder, 'state', 'watch.pid'), folder);
  await rm(folder, { recursive: true, force: true });
}

/** A process of its own that writes its pid into the file and waits. */
async function otherHolder(file: string) {
  const module = new URL('../pipelines/lib/pidFile.js', import.meta.url).href;
  const script = `import { claimPidFile } from ${JSON.stringify(module)};
    await claimPidFile(process.argv[1]).then(() => console.log('held'), (error) => console.log(error.message));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file]);
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (text) => resolve(`${text}`)),
  );
  return { child, said: said.trim() };
}

test('a pid file names its process with its start, for its owner only, until it is released', async () => {
  await inFolder(async (file) => {
    const release = await claimPidFile(file);
    assert.match(await readFile(file, 'utf8'), new RegExp(`^${process.pid}\\n.+\\n$`));
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const holder = await readHolder(file);
    assert.deepEqual([holder?.pid, holder?.isCertain], [process.pid, true]);
    await release();
    assert.deepEqual(await readdir(join(file, '..')), []);
  });
});

test('a second process is told who is first, and exits 75; once that was killed it gets the file', async () => {
  await inFolder(async (file) => {
    const first = await otherHolder(file);
    assert.equal(first.said, 'held');
    const refusal = {
      name: 'UserError',
      message: `${file}: watch with pid ${first.child.pid} runs already; \`tracemill capture off\` ends it`,
      exitCode: 75,
    };
    await assert.rejects(claimPidFile(file), refusal);
    const holder = await readHolder(file);
    first.child.kill('SIGKILL');
    await new Promise((resolve) => first.child.once('close', resolve));
    assert.equal(holder !== undefined && (await isRunning(holder)), false);
    assert.equal(await readHolder(file), undefined);
    const release = await claimPidFile(file);
    await release();
  });
});

test('of many that come at once to a file a crash left, one gets it', async () => {
  await inFolder(async (file, folder) => {
    await claimPidFile(file);
    // The number of a process that runs, with another's start: a recycled pid.
    await writeFile(file, `${process.ppid}\nan earlier start\n`);
    const all = await Promise.all(Array.from({ length: 6 }, () => otherHolder(file)));
    const winners = all.filter(({ said }) => said === 'held');
    assert.equal(winners.length, 1, all.map(({ said }) => said).join('\n'));
    assert.equal((await readHolder(file))?.pid, winners[0]?.child.pid);
    for (const { child } of all) child.kill('SIGKILL');
    assert.deepEqual(await readdir(join(folder, 'state')), ['watch.pid']);
  });
});

test('a bare number, as other programs write it, is respected but not certain; no number is refused', async () => {
  await inFolder(async (file, folder) => {
    const other = join(folder, 'other.pid');
    await writeFile(other, `${process.ppid}\n`);
    assert.equal((await readHolder(other))?.isCertain, false);
    await assert.rejects(claimPidFile(other), /runs already/);
    await writeFile(other, 'dear diary\n');
    await assert.rejects(claimPidFile(other), {
      message: `${other}: is no pid file; move it away, or name another in SEQ_AGENT_QA_PIDFILE`,
    });
    assert.equal(await readFile(other, 'utf8'), 'dear diary\n');
    await writeFile(other, '0\n');
    assert.equal(await readHolder(other), undefined);
    assert.equal(await readHolder(file), undefined);
  });
});
