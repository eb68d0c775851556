import { exitCodes, UserError } from './errors.js';
import type { Command } from './lib/command.js';
import { readStatus } from './lib/lakeStatus.js';
import { publishMetrics } from './lib/prometheus.js';
import { statusMetrics } from './lib/statusMetrics.js';
import { describeStatus } from './lib/statusText.js';

/** `tracemill status`. */
export const command: Command = {
  describe: 'What the lake holds and what is out of date',
  example: 'tracemill status --prometheus /var/lib/node_exporter/tracemill.prom',
  options: {
    tables: { type: 'boolean', default: false, describe: 'Every table in place of the layers' },
    prometheus: {
      type: 'string',
      // Else the parser takes `-` for an option.
      nargs: 1,
      describe: "Write it as metrics for node_exporter's textfile collector; - prints them",
    },
  },
  run: async (args, { config, now }) => {
    const file = args.prometheus === undefined ? null : String(args.prometheus);
    if (file === '') throw usage('--prometheus: names no file; write one that ends in .prom, or -');
    if (file === '-' && args.json === true) throw usage('--prometheus -: --json prints too; name a file');
    const status = await readStatus(config, now());
    if (file === null) {
      return { summary: describeStatus(status, { tables: args.tables === true }), json: status };
    }
    const metrics = statusMetrics(status);
    if (file !== '-') await publishMetrics(file, metrics);
    // Cron mails what is printed: nothing, where the metrics went to their file.
    const printed = file === '-' ? metrics.trimEnd().split('\n') : [];
    return { summary: printed.map((text) => ({ text, verbatim: true })), json: status };
  },
};

function usage(message: string): UserError {
  return new UserError(message, { exitCode: exitCodes.usage });
}
