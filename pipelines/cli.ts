#!/usr/bin/env node
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { readConfig } from './config.js';
import { exitCodes, UserError } from './errors.js';
import type { Command, Outcome } from './lib/command.js';
import { silentProgress, terminalProgress } from './lib/progress.js';

/** Verb -> one line of help and the file that carries it out, loaded only when it is run. */
const verbs: Record<string, { describe: string; load: () => Promise<{ command: Command }> }> = {
  ingest: { describe: 'Read new log lines into the lake', load: () => import('./ingest.js') },
  build: { describe: 'Run the SQL models that are out of date', load: () => import('./build.js') },
  export: { describe: 'Write the training sets as a versioned export', load: () => import('./export.js') },
  diff: { describe: 'Say what differs between two exports', load: () => import('./diff.js') },
  load: { describe: 'Load the lake into ClickHouse', load: () => import('./load.js') },
  handoff: { describe: 'Append new question/answer pairs for zvec', load: () => import('./handoff.js') },
  index: {
    describe: 'Keep a zvec collection in step with the handoff file',
    load: () => import('./index.js'),
  },
  search: { describe: 'Search the indexed question/answer pairs', load: () => import('./search.js') },
  watch: { describe: 'Read, build and hand off as the logs grow', load: () => import('./watch.js') },
  capture: {
    describe: 'Watch in the background: on, off, status, logs',
    load: () => import('./capture.js'),
  },
  schedule: { describe: 'Put ingest into the crontab, or take it out', load: () => import('./schedule.js') },
  verify: { describe: 'Rebuild every source range and compare SHA-256', load: () => import('./verify.js') },
  status: { describe: 'What the lake holds and what is out of date', load: () => import('./status.js') },
  doctor: { describe: 'Check this machine and print every setting', load: () => import('./doctor.js') },
  forget: {
    describe: 'Leave sessions, projects or texts out of everything',
    load: () => import('./forget.js'),
  },
  record: { describe: 'Record a training event into the spool', load: () => import('./record.js') },
  'router-audit': {
    describe: 'Check whether router decisions are worth training on',
    load: () => import('./router-audit.js'),
  },
  'signal-summary': {
    describe: 'What the last training events hold and what is missing',
    load: () => import('./signal-summary.js'),
  },
  start: { describe: 'Run the whole job once, on samples if need be', load: () => import('./start.js') },
};

const argv = hideBin(process.argv);
// Words that cannot be written, as to a log on a full disk, must not end the work.
process.stderr.on('error', () => {});
process.exitCode = await main(argv);

async function main(words: string[]): Promise<number> {
  const verb = words.find((word) => !word.startsWith('-'));
  const entry = verb === undefined ? undefined : verbs[verb];
  let parser = yargs(words)
    .scriptName('tracemill')
    .usage('$0 <verb> [options]')
    .strict()
    .version()
    .help()
    .exitProcess(false)
    .option('json', { type: 'boolean', default: false, describe: 'Print the result as one JSON value' })
    .option('debug', { type: 'boolean', default: false, describe: 'Show the stack of an error' })
    .demandCommand(1, 'name a verb; `tracemill --help` lists them')
    .fail((message, error) => {
      throw error ?? new UserError(`tracemill: ${message}; see --help`, { exitCode: exitCodes.usage });
    });
  let code: number = exitCodes.ok;
  for (const [name, { describe }] of Object.entries(verbs)) {
    if (name !== verb) parser = parser.command(name, describe) as Argv<{ json: boolean; debug: boolean }>;
  }
  try {
    if (verb !== undefined && entry !== undefined) {
      const { command } = await entry.load();
      const positionals = Object.entries(command.positionals ?? {});
      parser = parser.command(
        [verb, ...positionals.map(([name, { array }]) => `[${name}${array === true ? '..' : ''}]`)].join(' '),
        command.describe,
        (builder) =>
          positionals.reduce(
            (known, [name, positional]) => known.positional(name, positional),
            builder.options({ ...command.options }).example(command.example, ''),
          ),
        async (args) => {
          code = finish(await runCommand(command, args), args.json === true);
        },
      ) as Argv<{ json: boolean; debug: boolean }>;
    }
    await parser.parseAsync();
    return code;
  } catch (error) {
    return report(error, words.includes('--debug'));
  }
}

async function runCommand(command: Command, args: Record<string, unknown>): Promise<Outcome> {
  return command.run(args, {
    config: readConfig(),
    log: (line) => process.stderr.write(`${line}\n`),
    progress: args.json === true ? silentProgress : terminalProgress(process.stderr),
    now: () => new Date(),
  });
}

function finish(outcome: Outcome, json: boolean): number {
  const lines = json ? [JSON.stringify(outcome.json)] : outcome.summary;
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  return outcome.exitCode ?? exitCodes.ok;
}

function report(error: unknown, debug: boolean): number {
  const known = error instanceof UserError;
  const text =
    error instanceof Error
      ? known && !debug
        ? error.message
        : (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${text}\n`);
  return known ? error.exitCode : exitCodes.failed;
}
