import { Worker } from 'node:worker_threads';

/** Threads that all run one file; `run` gives a task to a free one and waits for its answer. */
export type Pool<Task, Answer> = {
  readonly run: (task: Task) => Promise<Answer>;
  /** Resolves when fewer tasks wait than there are threads: ask before making the next task, so that memory stays flat. */
  readonly ready: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Job<Task, Answer> = { task: Task; resolve: (answer: Answer) => void; reject: (error: Error) => void };

/** Starts `count` threads of a file that answers each message with one. A thread that fails fails every task. */
export function startPool<Task, Answer>(file: URL, count: number): Pool<Task, Answer> {
  const waiting: Job<Task, Answer>[] = [];
  const running = new Map<Worker, Job<Task, Answer>>();
  const idle: Worker[] = [];
  let wake: (() => void)[] = [];
  let failure: Error | undefined;

  const next = () => {
    while (waiting.length > 0 && idle.length > 0) {
      const job = waiting.shift();
      const worker = idle.pop();
      if (job === undefined || worker === undefined) return;
      running.set(worker, job);
      worker.postMessage(job.task);
    }
    if (waiting.length < count || failure !== undefined) {
      for (const resume of wake) resume();
      wake = [];
    }
  };
  const fail = (error: Error) => {
    failure = error;
    for (const job of [...running.values(), ...waiting.splice(0)]) job.reject(error);
    running.clear();
    next();
  };
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(file);
    worker.on('message', (answer: Answer) => {
      running.get(worker)?.resolve(answer);
      running.delete(worker);
      idle.push(worker);
      next();
    });
    worker.on('error', fail);
    return worker;
  });
  idle.push(...workers);

  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        waiting.push({ task, resolve, reject });
        next();
      }),
    ready: async () => {
      if (waiting.length >= count) await new Promise<void>((resolve) => wake.push(resolve));
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
