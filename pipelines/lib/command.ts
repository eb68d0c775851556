import type { Options, PositionalOptions } from 'yargs';
import type { Config } from '../config.js';
import type { StartProgress } from './progress.js';
import type { Line } from './terminal.js';

/** What a verb is given: settings, arguments, and its only ways to speak before it ends. */
export type Context = {
  readonly config: Config;
  /** One line on stderr. */
  readonly log: (line: string) => void;
  readonly progress: StartProgress;
  readonly now: () => Date;
  /** Columns of the terminal that shows the summary; null or left out where it goes elsewhere. */
  readonly width?: number | null;
};

/** What a verb hands back: lines for people, a value for `--json`, and an exit code (0 when left out). */
export type Outcome = {
  readonly summary: readonly Line[];
  readonly json: unknown;
  readonly exitCode?: number;
};

/** One command of the command line; each verb file exports one as `command`. */
export type Command = {
  readonly describe: string;
  /** A line to type, shown by --help. */
  readonly example: string;
  readonly options: Readonly<Record<string, Options>>;
  /** Words that may follow the verb, in this order. */
  readonly positionals?: Readonly<Record<string, PositionalOptions>>;
  readonly run: (args: Readonly<Record<string, unknown>>, context: Context) => Promise<Outcome>;
};
