const factor = Number(process.env.TRACEMILL_RUNS ?? 1);

/**
 * How many random cases a property is tried on: few by default, for each run of the tests draws others; TRACEMILL_RUNS=20
 * makes it twenty times as many.
 */
export function propertyRuns(few: number): number {
  return Math.max(1, Math.ceil(few * factor));
}
