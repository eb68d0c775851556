import type { Config } from '../config.js';
import { exitCodes } from '../errors.js';
import type { Failure } from './checks.js';
import type { Outcome } from './command.js';
import { describeRedaction, readRedaction } from './redaction/found.js';
import { describeBuild, describeFailure, type Tally } from './report.js';

/** What `tracemill build` says in the end; each failure is logged. */
export async function buildOutcome(
  result: Tally & { readonly failures: readonly Failure[]; readonly ms: number },
  config: Config,
  log: (line: string) => void,
): Promise<Outcome> {
  // What was found is counted over all days: not after a build that had nothing to do.
  const hasBuilt = Object.values(result.layers).some(({ built }) => built > 0);
  const redaction = await readRedaction(config, hasBuilt);
  for (const failure of result.failures) log(describeFailure(failure));
  return {
    summary: [...describeBuild(result), describeRedaction(redaction)],
    json: { ...result, redaction },
    exitCode: result.failures.length > 0 ? exitCodes.dataFailed : exitCodes.ok,
  };
}
