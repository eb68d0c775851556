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
  },
  run: async (args, { config, width }) => {
    const id = String(args.id ?? '').trim();
    if (id === '') {
      throw new UserError('explain: no id; write one after it, of a row of any dataset or table', {
        exitCode: exitCodes.usage,
      });
    }
    const table = args.table === undefined ? undefined : String(args.table);
    const explanation = await explainRow(config, { id, table, raw: args.raw === true });
    return {
      summary: describeExplanation(explanation, { width: width ?? 100, isFull: args.full === true }),
      json: explanation,
    };
  },
};
