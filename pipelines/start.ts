import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import glob from 'fast-glob';
import type { Config } from './config.js';
import { exitCodes } from './errors.js';
import { runVerbs } from './lib/childVerb.js';
import type { Command, Outcome } from './lib/command.js';
import { writeAtomically } from './lib/lake.js';
import type { Table } from './lib/terminal.js';

const samples = fileURLToPath(new URL('../../data/samples', import.meta.url));
const jobs = ['ingest', 'build', 'export', 'load --optional', 'handoff', 'index --optional', 'verify'];

export const command: Command = {
  describe: 'Run the whole job once: over your own sessions, or over the samples when there are none',
  example: 'tracemill start',
  options: {
    samples: { type: 'boolean', default: false, describe: 'Use the samples even where there are sessions' },
  },
  run: async (args, { config, log }) => start(config, args.samples === true, args.json === true, log),
};

/** Runs every verb of the job as the command line does, one process each, and stops at the first that fails. */
async function start(
  config: Config,
  forceSamples: boolean,
  json: boolean,
  log: (line: string) => void,
): Promise<Outcome> {
  const onSamples = forceSamples || !(await hasSessions(config));
  const environment: Record<string, string> & { TRACEMILL_DATA: string } = onSamples
    ? sampleEnvironment()
    : { TRACEMILL_DATA: config.data };
  const data = environment.TRACEMILL_DATA;
  log(
    onSamples
      ? `No sessions of Claude Code or Codex here (${roots(config).join(', ')}): running over data/samples.`
      : `Running over the sessions in ${roots(config).join(' and ')}.`,
  );
  if (onSamples) await copySeqMem(environment);
  const verbs = jobs.map((job) => job.split(' '));
  const { code, failed, results } = await runVerbs(verbs, { environment, json, log });
  if (code !== exitCodes.ok) return { summary: [], json: { failed, results }, exitCode: code };
  return {
    summary: [
      '',
      'Done. What it made:',
      `  ${join(data, 'lake')}      every log line, and the tables derived from it`,
      `  ${join(data, 'exports')}   training sets, one folder a version, each with a README.md`,
      `  ${join(data, 'lake', 'clickhouse')}   the same as ClickHouse tables with views over them, unless CLICKHOUSE_URL is set`,
      `  ${join(data, 'handoff')}   question/answer lines for the vector database, and an index: \`npx --no tracemill search\``,
      '',
      ...nextSteps(onSamples),
    ],
    json: { data, samples: onSamples, results },
  };
}

/** The samples lie in a lake of their own, which every command has to be told. */
function nextSteps(onSamples: boolean): Table[] {
  const just = `${onSamples ? 'TRACEMILL_DATA=data/demo ' : ''}npx --no just`;
  const rows = [
    [`${just} report`, 'its figures and pictures as one page'],
    [`${just} notebooks`, 'the same to ask further, in Jupyter'],
    [`${just} status`, 'its tables, and what is out of date'],
    ...(onSamples ? [] : [[`${just} capture-on`, 'keep it up to date']]),
  ];
  return [
    { header: ['next', ''], rows: rows.map(([command = '', what = '']) => [command, what]), wraps: true },
  ];
}

async function hasSessions(config: Config): Promise<boolean> {
  for (const root of [...config.claudeRoots, ...config.codexRoots]) {
    const stream = glob.stream('**/*.{jsonl,jsonl.zst}', { cwd: root.path, suppressErrors: true });
    for await (const _ of stream) return true;
  }
  return false;
}

function roots(config: Config): string[] {
  return [...config.claudeRoots, ...config.codexRoots]
    .filter((root) => root.prefix === '')
    .map((root) => root.path);
}

/** Handoff appends to seq's memory log, so the demo has a copy of the samples' one; the first run makes it. */
async function copySeqMem({ TRACEMILL_SEQ_MEM: copy = '' }: Record<string, string>): Promise<void> {
  if (existsSync(copy)) return;
  await writeAtomically(copy, await readFile(join(samples, 'seq_mem.jsonl')));
}

/** The samples are finished sessions and go to a lake of their own, so that they never mix with real ones. */
function sampleEnvironment(): { TRACEMILL_DATA: string } & Record<string, string> {
  const data = join(samples, '..', 'demo');
  return {
    TRACEMILL_DATA: data,
    TRACEMILL_SETTLE: '0',
    SEQ_AGENT_QA_CLAUDE_DIR: join(samples, 'claude', 'projects'),
    SEQ_AGENT_QA_CODEX_DIR: join(samples, 'codex', 'sessions'),
    SEQ_AGENT_QA_ZVEC_JSONL: join(data, 'handoff', 'agent_qa.jsonl'),
    TRACEMILL_SPOOL: join(samples, 'events'),
    TRACEMILL_SEQ_MEM: join(data, 'seq_mem.jsonl'),
    // Empty is unset: samples never go to a server.
    CLICKHOUSE_URL: '',
    CLICKHOUSE_CLUSTER: '',
  };
}
