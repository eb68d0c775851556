import type { Node } from './graph.js';

/** A model on a day; the day of a whole model is ''. */
export type Task = { readonly node: Node; readonly day: string };

/** A stage's tasks, for workers that each run one at a time. */
export type TaskQueue = {
  /** A task whose inputs are there, one of the day `near` where there is any; waits for one. Null: nothing is left. */
  readonly next: (near: string | undefined) => Promise<Task | null>;
  /** Must follow on every task that next gave. */
  readonly end: (task: Task) => void;
  /** No task is given from now on. */
  readonly stop: () => void;
};

/** Few stages: every day model that can run, then every whole one that can, and so on. */
export function stagesOf(nodes: readonly Node[]): Node[][] {
  const stages: Node[][] = [];
  const waiting = new Set(nodes.map(({ name }) => name));
  for (let perDay = true; waiting.size > 0; perDay = !perDay) {
    const stage: Node[] = [];
    for (const node of nodes) {
      if (!waiting.has(node.name) || node.partitioned !== perDay) continue;
      if (node.inputs.some((input) => waiting.has(input))) continue;
      stage.push(node);
      waiting.delete(node.name);
    }
    if (stage.length > 0) stages.push(stage);
  }
  return stages;
}

type OpenDay = { readonly day: string; readonly todo: Set<Node>; readonly ended: Set<string> };

/**
 * A stage's models on each of the days. A worker stays with its day, whose files are still in memory; it begins the next
 * one when nothing of it is ready, and helps with another's day when none is left to begin.
 */
export function taskQueue(nodes: readonly Node[], days: readonly string[]): TaskQueue {
  const names = new Set(nodes.map(({ name }) => name));
  const unopened = days.values();
  const open: OpenDay[] = [];
  let sleepers: (() => void)[] = [];
  let stopped = false;

  const takeFrom = (of: OpenDay): Task | null => {
    for (const node of of.todo) {
      if (node.inputs.some((input) => names.has(input) && !of.ended.has(input))) continue;
      of.todo.delete(node);
      return { node, day: of.day };
    }
    return null;
  };
  const openNext = (): Task | null => {
    const { value: day, done } = unopened.next();
    if (done) return null;
    const opened = { day, todo: new Set(nodes), ended: new Set<string>() };
    open.push(opened);
    return takeFrom(opened);
  };
  const takeFromAny = (): Task | null => {
    for (const of of open) {
      const task = takeFrom(of);
      if (task !== null) return task;
    }
    return null;
  };
  const take = (near: string | undefined): Task | null => {
    const mine = open.find(({ day }) => day === near);
    const nearest = mine && takeFrom(mine);
    return nearest ?? openNext() ?? takeFromAny();
  };
  const wake = () => {
    const woken = sleepers;
    sleepers = [];
    for (const resume of woken) resume();
  };
  return {
    next: async (near) => {
      while (!stopped) {
        const task = take(near);
        if (task !== null) return task;
        if (open.every(({ todo }) => todo.size === 0)) return null;
        await new Promise<void>((resume) => sleepers.push(resume));
      }
      return null;
    },
    end: ({ node, day }) => {
      const at = open.findIndex((of) => of.day === day);
      const of = open[at];
      if (of?.ended.add(node.name).size === nodes.length) open.splice(at, 1);
      wake();
    },
    stop: () => {
      stopped = true;
      wake();
    },
  };
}
