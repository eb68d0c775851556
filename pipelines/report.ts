import { resolve } from 'node:path';
import type { Config } from './config.js';
import { exitCodes, UserError } from './errors.js';
import { askReports } from './lib/ask.js';
import type { Command } from './lib/command.js';
import { writeAtomically } from './lib/lake.js';
import { type Figures, reportPage } from './lib/reportPage.js';
import { drawSections, reports } from './lib/reportSections.js';

/** `tracemill report`. */
export const command: Command = {
  describe: 'Write the main figures and pictures of the lake as one HTML file that needs no network',
  example: 'tracemill report --out ~/tracemill.html',
  options: {
    out: { type: 'string', describe: 'File to write (report.html in the data folder by default)' },
    'time-zone': {
      type: 'string',
      describe: 'Clock of days and hours, as Europe/Vienna (default: this machine)',
    },
  },
  run: async (args, { config, now }) => {
    const file = resolve(typeof args.out === 'string' ? args.out : `${config.data}/report.html`);
    const figures = await writeReport({
      config,
      file,
      timeZone: readTimeZone(args['time-zone']),
      now: now(),
    });
    return { summary: [`${file}: open it in a browser`], json: { file, figures } };
  },
};

/** Writes the page of what is published; gives its figures. Takes no lock. */
export async function writeReport(options: {
  config: Config;
  file: string;
  timeZone: string;
  now: Date;
}): Promise<Figures> {
  const { config, file, timeZone, now } = options;
  return askReports(config, ['report_figures', ...reports], async (ask) => {
    const [row = {}] = await ask('report_figures', {});
    const figures = row as Figures;
    const sections = await drawSections({ ask, step: figures.step, timeZone });
    await writeAtomically(file, reportPage({ figures, sections, timeZone, now }));
    return figures;
  });
}

function readTimeZone(given: unknown): string {
  const timeZone = typeof given === 'string' ? given : Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    return Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    throw new UserError(`--time-zone ${timeZone}: no such time zone; write one as Europe/Vienna`, {
      exitCode: exitCodes.usage,
    });
  }
}
