import { exitCodes } from '../errors.js';
import type { Failure } from './checks.js';
import type { Outcome } from './command.js';
import { describeRedaction, type Redaction } from './redaction/found.js';
import { describeBuild, describeFailure, type Tally } from './report.js';

/** What `tracemill build` says in the end; each failure is logged. */
export function buildOutcome(
  result: Tally & { readonly failures: readonly Failure[]; readonly ms: number },
  redaction: Redaction,
  log: (line: string) => void,
): Outcome {
  for (const failure of result.failures) log(describeFailure(failure));
  return {
    summary: [...describeBuild(result), describeRedaction(redaction)],
    json: { ...result, redaction },
    exitCode: result.failures.length > 0 ? exitCodes.dataFailed : exitCodes.ok,
  };
}
