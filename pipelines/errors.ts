/** Exit codes of the command line; 65 and 75 are EX_DATAERR and EX_TEMPFAIL of sysexits.h. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, dataFailed: 65, locked: 75 } as const;

/** Something a person can put right: `<path>: <what is wrong>; <what to do>`. Anything else thrown is a bug. */
export class UserError extends Error {
  readonly exitCode: number;

  constructor(message: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, { cause: options.cause });
    this.name = 'UserError';
    this.exitCode = options.exitCode ?? exitCodes.failed;
  }
}
