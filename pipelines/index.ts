import { stat } from 'node:fs/promises';
import type { Command, Outcome } from './lib/command.js';
import { withLock } from './lib/lock.js';
import { followHandoff } from './lib/pairIndex.js';
import { amount } from './lib/progress.js';
import { describeGate } from './lib/redaction/gate.js';
import { zvecProblem } from './lib/zvec.js';

/** `tracemill index`. */
export const command: Command = {
  describe: 'Keep a zvec collection in step with the handoff file, for search',
  example: 'tracemill index --rebuild',
  options: {
    rebuild: { type: 'boolean', default: false, describe: 'Make the collection from scratch' },
    optional: {
      type: 'boolean',
      default: false,
      describe: 'Say so and do nothing where zvec is not installed',
    },
  },
  run: async (args, { config, log, progress }): Promise<Outcome> => {
    const why = args.optional === true ? await zvecProblem() : undefined;
    if (why !== undefined) return { summary: [`not indexed: ${why}`], json: { skipped: why } };
    const { size } = await stat(config.handoff).catch(() => ({ size: 0 }));
    const { add, end } = progress('index', size, 'bytes');
    const result = await withLock(config, 'index', () =>
      followHandoff({ config, rebuild: args.rebuild === true, onBytes: add }),
    ).finally(end);
    if (result.how === 'none') {
      return {
        summary: [`${config.handoff}: nothing was handed off yet; run \`tracemill handoff\``],
        json: result,
      };
    }
    if (result.foreign > 0) {
      log(`${config.handoff}: ${amount(result.foreign, 'items')} lines are no records of ours; left out`);
    }
    const counts = [
      `${amount(result.added, 'items')} added`,
      `${amount(result.changed, 'items')} changed`,
      `${amount(result.deleted, 'items')} taken out`,
      ...(result.cut === 0 ? [] : [`${amount(result.cut, 'items')} cut at a word for their length`]),
      `${amount(result.documents, 'items')} in all`,
    ];
    const scanned = result.how === 'unchanged' ? [] : [describeGate(result.gate)];
    return { summary: [`${result.folder}: ${counts.join(', ')}`, ...scanned], json: result };
  },
};
