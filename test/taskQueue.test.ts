import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../pipelines/lib/graph.js';
import { type Task, taskQueue } from '../pipelines/lib/taskQueue.js';

/** `core.c core.a core.b`: the model core.c, which reads the others. */
function nodesOf(...lines: string[]): Node[] {
  return lines.map((line) => {
    const [name = '', ...inputs] = line.split(' ');
    return { name, inputs } as unknown as Node;
  });
}

function shown(task: Task | null): string {
  return task === null ? '-' : `${task.node.name} ${task.day}`.trim();
}

const diamond = nodesOf('core.a raw.claude', 'core.b raw.codex', 'core.c core.a core.b', 'core.d core.c');

test('a worker stays with its day, and another begins the next day', async () => {
  const queue = taskQueue(diamond, ['1', '2']);
  const first = await queue.next(undefined);
  const second = await queue.next(undefined);
  assert.deepEqual([first, second].map(shown), ['core.a 1', 'core.a 2']);
  assert.ok(first);
  queue.end(first);
  assert.equal(shown(await queue.next('1')), 'core.b 1');
});

test('a worker without a day of its own helps with the last one, as far as the inputs are there', async () => {
  const queue = taskQueue(diamond, ['1']);
  const mine = await queue.next(undefined);
  const theirs = await queue.next(undefined);
  assert.deepEqual([mine, theirs].map(shown), ['core.a 1', 'core.b 1']);
  const waiting = queue.next('1');
  assert.ok(mine && theirs);
  queue.end(mine);
  assert.equal(await Promise.race([waiting.then(shown), 'still waits']), 'still waits');
  queue.end(theirs);
  assert.equal(shown(await waiting), 'core.c 1');
});

test('every model runs once on every day, after what it reads, whatever the workers take how long', async () => {
  const days = ['1', '2', '3', '4', '5'];
  for (let seed = 1; seed <= 20; seed += 1) {
    const queue = taskQueue(diamond, days);
    const ended: string[] = [];
    let state = seed;
    const work = async () => {
      let task = await queue.next(undefined);
      while (task !== null) {
        for (const input of task.node.inputs.filter((name) => name.startsWith('core.'))) {
          assert.ok(ended.includes(`${input} ${task.day}`), `${shown(task)} before ${input}`);
        }
        state = (state * 16807) % 2147483647;
        for (let turn = state % 7; turn > 0; turn -= 1) await Promise.resolve();
        ended.push(shown(task));
        queue.end(task);
        task = await queue.next(task.day);
      }
    };
    await Promise.all([work(), work(), work()]);
    const all = days.flatMap((day) => diamond.map(({ name }) => `${name} ${day}`));
    assert.deepEqual(ended.sort(), all.sort());
  }
});

test('a stopped queue gives nothing more, and keeps nobody waiting', async () => {
  const queue = taskQueue(diamond, ['1']);
  const [first, second] = [await queue.next(undefined), await queue.next(undefined)];
  assert.ok(first && second);
  const waiting = queue.next(undefined);
  queue.stop();
  assert.equal(await waiting, null);
  assert.equal(await queue.next('1'), null);
});
