import { exitCodes, UserError } from './errors.js';
import type { Command } from './lib/command.js';
import { describeExplanation } from './lib/explainText.js';
import { explainRow } from './lib/explanation.js';

/** `tracemill explain`. */
export const command: Command = {
  describe: 'Show what a row was made from: each table on the way, and the lines of the logs',
  example: 'tracemill explain 9d2c4e10 --full',
  positionals: {
    id: { type: 'string', describe: 'The id of a row, or its first 8 characters or more' },
  },
  options: {
    table: { type: 'string', describe: 'The table of the row, where several have one of this id' },
    full: { type: 'boolean', default: false, describe: 'Print every line, and all of it' },
    raw: { type: 'boolean', default: false, describe: 'Print the lines as the logs have them, not redacted' },
    width: { type: 'number', describe: "Characters in a line of output (the terminal's, else 100)" },
  },
  run: async (args, { config, columns }) => {
    const id = String(args.id ?? '').trim();
    if (id === '') throw usage('explain: no id; write one after it, of a row of any dataset or table');
    const width = Number(args.width ?? (columns === undefined ? 100 : Math.max(columns, 40)));
    if (!Number.isInteger(width) || width < 40)
      throw usage(`--width ${String(args.width)}: too narrow or no number; write one from 40 on`);
    const table = args.table === undefined ? undefined : String(args.table);
    const explanation = await explainRow(config, { id, table, raw: args.raw === true });
    return {
      summary: describeExplanation(explanation, { width, isFull: args.full === true }),
      json: explanation,
    };
  },
};

function usage(message: string): UserError {
  return new UserError(message, { exitCode: exitCodes.usage });
}
