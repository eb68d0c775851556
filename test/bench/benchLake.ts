import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { amount } from '../../pipelines/lib/progress.js';
import type { Run } from './bars.js';
import { type Ended, measure } from './process.js';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const cli = here('../../pipelines/cli.js');
const references = here('./references.js');

export type BenchLake = {
  readonly data: string;
  readonly corpus: string;
  /** One verb of the command line on it, as a process of its own. */
  readonly run: (...words: string[]) => Promise<Ended>;
};

/** The lake in `data` over the logs in `corpus`; its home is empty, so that nothing else is read. */
export function benchLake(data: string, corpus: string): BenchLake {
  const keys = {
    HOME: data,
    TRACEMILL_DATA: data,
    SEQ_AGENT_QA_CLAUDE_DIR: join(corpus, 'claude'),
    SEQ_AGENT_QA_CODEX_DIR: join(corpus, 'codex'),
  };
  return { data, corpus, run: (...words) => measure(process.execPath, [cli, ...words], keys) };
}

/** The command line without a lake. */
export function tracemill(...words: string[]): Promise<Ended> {
  return measure(process.execPath, [cli, ...words]);
}

/** One of references.ts as a process of its own. */
export function reference(name: string, ...words: string[]): Promise<Ended> {
  return measure(process.execPath, [references, name, ...words]);
}

/** Reading the files and no more. */
export function catFiles(corpus: string): Promise<Ended> {
  return measure('sh', ['-c', 'find "$1" -type f -exec cat {} + > /dev/null', 'sh', corpus]);
}

/** `2.27 s, 3.1 s of user CPU, 276.0 MB` */
export function costs({ seconds, cpuSeconds, peakBytes }: Run): string {
  return [
    `${seconds.toFixed(2)} s`,
    ...(cpuSeconds === null ? [] : [`${cpuSeconds.toFixed(1)} s of user CPU`]),
    ...(peakBytes === null ? [] : [amount(peakBytes, 'bytes')]),
  ].join(', ');
}
