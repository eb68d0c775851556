import { setTimeout as sleep } from 'node:timers/promises';
import type { Disk } from './disk.js';
import type { Jobs } from './jobs.js';

/** What a fault may reach. */
export type Conduct = {
  readonly disk: Disk;
  readonly jobs: Jobs;
  readonly random: () => number;
  /** Environment of the processes that start from now on. */
  readonly conditions: Record<string, string>;
  /** The verbs that write, beside ingest. */
  readonly verbs: readonly string[];
  readonly stopping: () => boolean;
  /** Where it puts what did not hold. */
  readonly problems: string[];
};

/** Something that goes wrong for everybody, for a while; what befalls one file or one process comes by itself. */
export type Disturbance = {
  readonly name: string;
  readonly run: (conduct: Conduct) => Promise<void>;
};

const hourMs = 3600e3;

export const disturbances: readonly Disturbance[] = [
  {
    name: 'disk full',
    run: async ({ disk, jobs, random }) => {
      const end = jobs.mark('disk full');
      // From nothing at all to what a table or two need.
      disk.fill(random() < 0.5 ? 0 : Math.floor(random() ** 2 * 500_000));
      await sleep(2000 + random() * 4000);
      disk.drain();
      end();
    },
  },
  {
    name: 'read-only lake',
    run: async ({ disk, jobs, verbs, problems }) => {
      const release = await jobs.hold();
      const end = jobs.mark('read-only lake');
      try {
        if (!disk.setReadOnly(true)) return;
        for (const verb of ['ingest', ...verbs]) {
          const { code } = await jobs.once(verb);
          // Simulated, what has nothing to write or an engine that writes for itself is not refused.
          if (code === 0 && disk.refusesWriting)
            problems.push(`${verb} ended well on a lake that can only be read`);
        }
      } finally {
        disk.setReadOnly(false);
        end();
        release();
      }
    },
  },
  {
    name: 'clock set back',
    // Some hours, or more than a day.
    run: (conduct) =>
      wrongClock(conduct, -hourMs * (conduct.random() < 0.3 ? 26 : 3 * conduct.random() ** 2)),
  },
  {
    name: 'clock set ahead, then back',
    run: (conduct) => wrongClock(conduct, 2 * hourMs),
  },
  {
    name: 'logs slow to open',
    run: async ({ conditions, random }) => {
      conditions.SOAK_SLOW_MS = String(Math.ceil(random() * 40));
      await sleep(2000 + random() * 3000);
      delete conditions.SOAK_SLOW_MS;
    },
  },
  {
    name: 'two ingests at once',
    run: async ({ jobs, problems }) => {
      const runs = await Promise.all(['ingest', 'ingest', 'ingest'].map((verb) => jobs.once(verb)));
      const waited = runs.filter(({ code, faults }) => code !== 0 && code !== 75 && faults.length === 0);
      for (const { code } of waited) problems.push(`one of three ingests at once ended with ${code}`);
    },
  },
];

/** For processes only: files keep the time of the system. */
async function wrongClock({ conditions, random }: Conduct, offset: number): Promise<void> {
  conditions.SOAK_CLOCK_MS = String(offset);
  await sleep(2000 + random() * 3000);
  delete conditions.SOAK_CLOCK_MS;
}
