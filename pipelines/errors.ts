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

/**
 * An error in one line that may be printed and kept in a log. Only a UserError's own words may: those of any other, DuckDB's and
 * JSON.parse's among them, can quote the text of a session. Of these it gives the kind, the code, and for a refusal of
 * the system the path.
 */
export function errorWords(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (!(error instanceof Error)) return 'something that is no Error was thrown';
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const name = error.name === 'Error' ? error.constructor.name : error.name;
  const kind = /^\w{1,60}$/.test(name) ? name : 'Error';
  const isCode = /^\w{1,40}$/.test(String(code ?? ''));
  if (!isCode) return kind;
  const isSystem = syscall !== undefined && /^\w{1,20}$/.test(syscall);
  return `${kind} ${code}${isSystem ? ` (${[syscall, path ?? []].flat().join(' ')})` : ''}`;
}

/** Where an error was thrown, a line a call, without its words; nothing where these cannot be told from the calls. */
export function errorPlaces(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  const words = error.stack.indexOf(error.message);
  const calls = words < 0 ? '' : error.stack.slice(words + error.message.length);
  const places = calls.matchAll(
    /^ {4}at (?:(?:async |new )*([\w.$<># [\]]+) \()?(?:file:\/\/)?([^\s()]+:\d+:\d+)\)?$/gm,
  );
  return [...places].map(
    ([, name = '', place = '']) =>
      `    at ${[name, place.replace(/^.*\/(?=(?:dist|node_modules)\/)/, '')].filter(Boolean).join(' ')}`,
  );
}
