#!/usr/bin/env node
import { homedir } from 'node:os';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { readConfig, wantsColor } from './config.js';
import { errorPlaces, errorWords, exitCodes, UserError } from './errors.js';
import type { Command, Outcome } from './lib/command.js';
import { silentProgress, terminalProgress } from './lib/progress.js';
import { layOut, layOutError, type Terminal } from './lib/terminal.js';

// Where memory is plenty V8 lets its heap grow to four times what is alive before it clears up; a cron shares its machine.
setFlagsFromString('--heap-growing-percent=50');

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
  report: {
    describe: 'Write the main figures of the lake as one HTML file',
    load: () => import('./report.js'),
  },
  lineage: {
    describe: 'What each table and column comes from, and what reads it',
    load: () => import('./lineage.js'),
  },
  docs: { describe: 'Write a page for every table', load: () => import('./docs.js') },
  doctor: { describe: 'Check this machine and print every setting', load: () => import('./doctor.js') },
  forget: {
    describe: 'Leave sessions, projects or texts out of everything',
    load: () => import('./forget.js'),
  },
  explain: {
    describe: 'Show what a row was made from, back to its bytes',
    load: () => import('./explain.js'),
  },
  notebooks: { describe: 'Run the notebooks on the lake', load: () => import('./notebooks.js') },
  lab: { describe: 'Open Jupyter on copies of the notebooks', load: () => import('./lab.js') },
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

// What is written holds text of sessions: its owner alone reads it, also where a library makes the file or the folder.
process.umask(0o077);

const argv = hideBin(process.argv);
// Words that cannot be written, as to a log on a full disk, must not end the work.
process.stderr.on('error', () => {});
// Node itself would print the words of an error.
process.on('uncaughtException', (error) => process.exit(report(error, argv.includes('--debug'))));
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
    log: say,
    progress: args.json === true ? silentProgress : terminalProgress(process.stderr),
    now: () => new Date(),
    width: terminalOf(process.stdout).width,
  });
}

function finish(outcome: Outcome, json: boolean): number {
  const lines = json ? [JSON.stringify(outcome.json)] : layOut(outcome.summary, terminalOf(process.stdout));
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
  return outcome.exitCode ?? exitCodes.ok;
}

/** Without --debug no words but a UserError's: any other error may quote the text of a session, and cron and watch keep a log. */
function report(error: unknown, debug: boolean): number {
  const known = error instanceof UserError;
  const faulty =
    'tracemill: ended by a fault of its own; run it again with --debug for the words of the error, which may quote your logs';
  const lines = debug
    ? [inspect(error)]
    : known
      ? [error.message]
      : [errorWords(error), ...errorPlaces(error), `${faulty} (${errorWords(error)})`];
  for (const line of lines) say(line, !debug);
  return known ? error.exitCode : exitCodes.failed;
}

function say(line: string, isError = false): void {
  // A log goes to others when something is wrong; the name in the home folder's path need not.
  const home = homedir();
  const words = home.length > 1 ? line.split(`${home}/`).join('~/') : line;
  const terminal = terminalOf(process.stderr);
  const lines = isError ? layOutError(words, terminal) : layOut([words], terminal);
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** Text is cut and broken only where a person sees it; a file or a pipe gets it whole. */
function terminalOf(out: NodeJS.WriteStream): Terminal {
  const { isTTY = false, columns = 0 } = out;
  return { width: isTTY && columns > 0 ? Math.max(columns, 40) : null, color: wantsColor(isTTY) };
}
