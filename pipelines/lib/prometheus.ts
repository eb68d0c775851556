import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';
import { openOwn, syncPath } from './lake.js';

/** One gauge: what it says in a sentence, and a value for each set of labels. Seconds and bytes are its units, and in its name. */
export type Gauge = {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
};

/** Gauges in Prometheus' text format 0.0.4; one without samples is left out. */
export function metricsText(gauges: readonly Gauge[]): string {
  return gauges
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, samples }) => [
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`,
      `# TYPE ${name} gauge\n`,
      ...samples.map(({ labels = {}, value }) => `${name}${labelsText(labels)} ${value}\n`),
    ])
    .join('');
}

/**
 * Puts metrics in the place of a file in one rename, so that the collector never reads half of them. Others may read it, for
 * the collector is another user; no text of a session is in it.
 */
export async function publishMetrics(file: string, text: string): Promise<void> {
  // The collector reads *.prom only.
  const draft = `${file}.${process.pid}.draft`;
  try {
    const handle = await openOwn(draft, 'wx');
    try {
      await handle.writeFile(text);
      await handle.chmod(0o644);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    await syncPath(dirname(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    await rm(draft, { force: true }).catch(() => {});
    throw new UserError(
      `${file}: cannot be written (${code}); name a file in a folder that you may write to`,
      {
        cause: error,
      },
    );
  }
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
