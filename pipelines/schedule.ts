import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, carriedEnvironment } from './config.js';
import { exitCodes, UserError } from './errors.js';
import type { Command, Outcome } from './lib/command.js';
import { cronFault } from './lib/cronExpression.js';
import { crontabWord, lineMarker, readCrontab, takeOut, writeCrontab } from './lib/crontab.js';
import { makeFolder } from './lib/lake.js';

const cli = fileURLToPath(new URL('./cli.js', import.meta.url));

/** cron of Debian takes no longer command. */
const longestCommand = 998;

/** `tracemill schedule`. */
export const command: Command = {
  describe: 'Put ingest into your crontab, or take that line out again',
  example: 'tracemill schedule on "*/10 * * * *"',
  positionals: {
    action: { type: 'string', choices: ['on', 'off'], describe: 'on with its times, or off' },
    times: { type: 'string', describe: 'When, as crontab(5) has it: "*/10 * * * *", @hourly' },
  },
  options: {},
  run: async ({ action, times }, { config }) => {
    if (action === 'off') return scheduleOff(config);
    if (action === 'on' && times !== undefined) return scheduleOn(config, String(times).trim());
    throw new UserError('schedule: say when, as `schedule on "*/10 * * * *"`; or `schedule off`', {
      exitCode: exitCodes.usage,
    });
  },
};

async function scheduleOn(config: Config, times: string): Promise<Outcome> {
  const fault = cronFault(times);
  if (fault !== null) {
    const words = `schedule: "${times}" ${fault}; write five fields, as "*/10 * * * *"`;
    throw new UserError(words, { exitCode: exitCodes.usage });
  }
  const line = `${times} ${ingestCommand(config)}`;
  const before = await readCrontab();
  const { kept, taken } = takeOut(before, config.data);
  await makeFolder(config.state);
  const end = kept === '' || kept.endsWith('\n') ? '' : '\n';
  const after = `${kept}${end}${line}\n`;
  if (after !== before) await writeCrontab(after);
  const shown = Buffer.from(line, 'latin1').toString();
  const summary = [
    taken.length === 0 ? 'put into your crontab:' : 'put into your crontab, in the place of its line before:',
    { text: `  ${shown}`, verbatim: true },
    `its words go to ${logOf(config)}`,
  ];
  return { summary, json: { line: shown, replaced: taken.length, log: logOf(config) } };
}

async function scheduleOff(config: Config): Promise<Outcome> {
  const before = await readCrontab();
  const { kept, taken } = takeOut(before, config.data);
  if (taken.length > 0) await writeCrontab(kept);
  const shown = taken.map((line) => Buffer.from(line, 'latin1').toString().trimEnd());
  const summary =
    taken.length > 0
      ? ['taken out of your crontab:', ...shown.map((line) => ({ text: `  ${line}`, verbatim: true }))]
      : [`no line of this data folder (${config.data}) is in your crontab; nothing was changed`];
  return { summary, json: { removed: shown } };
}

/** Node, command line and folders by absolute paths, and a PATH of its own: cron knows nothing of the user's shell. */
function ingestCommand(config: Config): string {
  const path = [...new Set([dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'])].join(':');
  const environment = { PATH: path, ...carriedEnvironment(config) };
  const broken = Object.entries(environment).find(([, value]) => /[\r\n]/.test(value));
  if (broken !== undefined) throw new UserError(`${broken[0]}: holds a newline; cron cannot be given that`);
  const words = [
    // The shell makes the log.
    'umask 077;',
    ...Object.entries(environment).map(([key, value]) => `${key}=${crontabWord(value)}`),
    ...[process.execPath, cli, 'ingest'].map(crontabWord),
    `>>${crontabWord(logOf(config))}`,
    '2>&1',
    lineMarker(config.data),
  ];
  const text = words.join(' ');
  if (text.length > longestCommand) {
    const words = `the line would have ${text.length} characters, cron takes ${longestCommand}`;
    throw new UserError(`crontab: ${words}; set fewer or shorter TRACEMILL_ and SEQ_AGENT_QA_ variables`);
  }
  return text;
}

function logOf(config: Config): string {
  return join(config.state, 'schedule.log');
}
