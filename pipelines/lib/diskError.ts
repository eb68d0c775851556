import { UserError } from '../errors.js';

const refusals: readonly (readonly [RegExp, string])[] = [
  [/ENOSPC|No space left/, 'its disk is full; free some space and run again'],
  [/EDQUOT|[Dd]isk quota/, 'its disk quota is used up; free some space and run again'],
  [/EROFS|Read-only file system/, 'its disk can only be read; mount it for writing and run again'],
  [
    /EACCES|EPERM|Permission denied/,
    'this user may not write there; give it the right to, or name another folder in TRACEMILL_DATA',
  ],
  [/ENOTDIR|EEXIST/, 'a file stands where a folder must be; move it away and run again'],
];

/** What a disk refuses, in words; undefined for any other error. The code or DuckDB's words tell. */
export function diskRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  const said = `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`;
  return refusals.find(([pattern]) => pattern.test(said))?.[1];
}

/** The same of the disk under a folder that a person knows by this name, as what is told. */
export function diskError(error: unknown, folder: string, name: string): UserError | undefined {
  const { path = folder } = error as NodeJS.ErrnoException;
  const refusal = path.startsWith(folder) ? diskRefusal(error) : undefined;
  return refusal === undefined
    ? undefined
    : new UserError(`${name}: ${refusal}, nothing is lost`, { cause: error });
}
