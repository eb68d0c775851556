import { describeColumns, silentColumns } from './lib/columnWords.js';
import type { Command } from './lib/command.js';
import { readTables } from './lib/tables.js';

/** `tracemill docs`. */
export const command: Command = {
  describe: 'Write a page for every table',
  example: 'tracemill docs --check',
  options: {
    check: { type: 'boolean', default: false, describe: 'Only list the columns that nothing describes' },
  },
  run: async (_args, { config }) => {
    const { project, tables } = await readTables(config);
    const silent = silentColumns(tables, describeColumns(project, tables));
    return { summary: silent, json: silent, exitCode: silent.length > 0 ? 1 : 0 };
  },
};
