// Measures the bars of the README's table: each job and its reference alternately, whole processes, medians and ratios.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCorpus } from './corpus.js';
import { argument, median } from './measuring.js';

type Run = { readonly seconds: number; readonly peakBytes: number };
type Row = {
  readonly job: string;
  readonly reference: string;
  readonly bar: string;
  readonly seconds: number;
  readonly referenceSeconds: number;
  readonly value: number;
  readonly peakMegabytes: number;
  readonly met: boolean;
};

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const cli = here('../../pipelines/cli.js');
const references = here('./references.js');

const files = argument('files', 2000);
const megabytes = argument('megabytes', 400);
const repeats = argument('repeats', 5);
const folder = await mkdtemp(join(tmpdir(), 'tracemill-bench-'));
try {
  process.stderr.write(`writing ${files} files, ${megabytes} MB below ${folder}\n`);
  const corpus = join(folder, 'corpus');
  writeCorpus(corpus, { files, bytes: megabytes * 1e6 });
  await node([references, 'readline', corpus, folder]); // warms the page cache for everyone
  const rows = [
    await compare('cold ingest', 'DuckDB read_ndjson_objects to zstd Parquet', 'duckdb', 1.6),
    await compare('cold ingest', 'Node readline and JSON.parse', 'readline', 1),
    await compareNothingNew(),
  ];
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`;
  const result = { machine, files, megabytes, repeats, rows };
  await writeFile(here('../../../test/bench/results.json'), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${table(rows, machine)}\n`);
  process.exitCode = rows.every((row) => row.met) ? 0 : 1;

  async function compare(job: string, reference: string, name: string, bar: number): Promise<Row> {
    const ours: Run[] = [];
    const theirs: Run[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const data = join(folder, 'data');
      await rm(data, { recursive: true, force: true });
      ours.push(await node([cli, 'ingest', '--json'], environment(data)));
      theirs.push(await node([references, name, corpus, folder]));
    }
    const value = median(seconds(ours)) / median(seconds(theirs));
    return row(job, reference, `at most ${bar}x`, ours, theirs, value, value <= bar);
  }

  async function compareNothingNew(): Promise<Row> {
    const ours: Run[] = [];
    const theirs: Run[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      ours.push(await node([cli, 'ingest', '--json'], environment(join(folder, 'data'))));
      theirs.push(await node([references, 'startup']));
    }
    const value = median(seconds(ours)) - median(seconds(theirs));
    return row(
      'second ingest, nothing new',
      'starting Node, loading the packages',
      'at most 0.4 s more',
      ours,
      theirs,
      value,
      value <= 0.4,
    );
  }

  function environment(data: string): Record<string, string> {
    return {
      TRACEMILL_DATA: data,
      SEQ_AGENT_QA_CLAUDE_DIR: join(corpus, 'claude'),
      SEQ_AGENT_QA_CODEX_DIR: join(corpus, 'codex'),
    };
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function row(
  job: string,
  reference: string,
  bar: string,
  ours: Run[],
  theirs: Run[],
  value: number,
  met: boolean,
): Row {
  return {
    job,
    reference,
    bar,
    seconds: median(seconds(ours)),
    referenceSeconds: median(seconds(theirs)),
    value,
    peakMegabytes: Math.max(...ours.map((run) => run.peakBytes)) / 1e6,
    met,
  };
}

function seconds(runs: readonly Run[]): number[] {
  return runs.map((run) => run.seconds);
}

/** Runs one process to its end; its peak memory is the kernel's VmHWM (0 where there is no /proc). */
async function node(args: string[], keys: Record<string, string> = {}): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...keys },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakBytes = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peakBytes = Math.max(peakBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 20);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`bench: ${args.join(' ')} ended with ${code}; run it by hand`);
  return { seconds: (performance.now() - started) / 1000, peakBytes };
}

function table(rows: readonly Row[], machine: string): string {
  const line = (entry: Row) => {
    const value = entry.bar.endsWith('x') ? `${entry.value.toFixed(2)}x` : `${entry.value.toFixed(2)} s more`;
    const times = `${entry.seconds.toFixed(2)} s | ${entry.referenceSeconds.toFixed(2)} s`;
    return `| ${entry.job} | ${entry.reference} | ${times} | ${value} | ${entry.bar} | ${entry.met ? 'met' : 'MISSED'} | ${entry.peakMegabytes.toFixed(0)} MB |`;
  };
  return [
    `${files} files, ${megabytes} MB, ${repeats} runs each, medians; ${machine}`,
    '',
    '| job | reference | ours | theirs | ratio | bar | | peak memory |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(line),
  ].join('\n');
}
