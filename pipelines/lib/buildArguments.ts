import type { Options } from 'yargs';
import { exitCodes, UserError } from '../errors.js';
import { clusterInputs } from './clusterModels.js';

/** The options of `tracemill build`. */
export const buildArguments: Readonly<Record<string, Options>> = {
  select: { type: 'string', describe: 'Only core.turns, core. (a layer), +core.turns or core.turns+' },
  engine: {
    type: 'string',
    choices: ['duckdb', 'clickhouse'],
    default: 'duckdb',
    describe: 'clickhouse: only what `export --engine clickhouse` derives the datasets from',
  },
  full: { type: 'boolean', default: false, describe: 'Build what is up to date as well' },
  'dry-run': { type: 'boolean', default: false, describe: 'Say what is out of date and why, no more' },
  'as-of': { type: 'string', describe: 'Fold the events up to this time, into --out instead of the lake' },
  out: { type: 'string', describe: 'Folder for the tables of --as-of' },
};

/** Which models to build, and whether those that are up to date as well. */
export function readSelection(args: Readonly<Record<string, unknown>>): { select?: string; full: boolean } {
  const { select, engine, full = false } = args as { select?: string; engine?: string; full?: boolean };
  if (engine !== 'clickhouse') return { ...(select === undefined ? {} : { select }), full };
  if (select === undefined) return { select: clusterInputs.map((table) => `+${table}`).join(','), full };
  throw new UserError('--select: --engine clickhouse selects models itself; leave out one of the two', {
    exitCode: exitCodes.usage,
  });
}
